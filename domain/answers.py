"""What became of each leaf, out of Trakt's answer to a write.

An answer has counts and a list of what was not found; it names nothing that went well. So what went
well is proven by counting, and only where the sums leave no other reading:
- Trakt counts every leaf that it finds once, under `added`, `existing` or `updated`, by its kind; what
  it does not find stands in `not_found`, often with its ids, sometimes as `{}` or `{"watched_at": …}`
  (trakt/trakt-api issues 236, 244), with ids as text and `season: 0, number: 0` beside them, and an
  episode that was sent by numbers as a show/season/episode structure (issue 357).
- So if as many are counted as are not named, those and no others are done. If fewer are counted, some
  of them are not, and nothing tells which. If more are spoken of than were sent, the answer
  contradicts itself and proves nothing, not even of those it names.
- A removal counts what was there. Nothing counted and nothing unfound means that nothing was there:
  seen for the watchlist (issue 188) and history (issue 419). It rests on Trakt listing what it does
  not find; were an entry dropped, an unknown item would be called gone, which harms nothing: no row
  is on Trakt by the ids that were sent. Some deleted of several tells nothing of each.

What is not proven is `AMBIGUOUS`: a needless doubt costs one reading, a false word a lost play.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.ids import Ids, IdValue, Namespace, parse_ids, parse_number, same_ids
from crosswatch_trakt.domain.media import Media, MediaType, fold_title
from crosswatch_trakt.domain.payloads import Leaf, Payload, PlayRemoval, Target, Way, way_to

_MOVIES, _SHOWS, _SEASONS, _EPISODES = (kind.section for kind in MediaType)
_SECTIONS = (_MOVIES, _SHOWS, _SEASONS, _EPISODES)  # `people` and `users` were never sent
_ABOVE = {_MOVIES: (), _SHOWS: (), _SEASONS: (_SHOWS,), _EPISODES: (_SHOWS, _SEASONS)}

_ADDING = ("added", "existing", "updated")
_VERBS = (*_ADDING, "deleted")
_SAID = {  # the counts that an answer to adding has, or it is not one
    Target.WATCHLIST: ("added", "existing"),
    Target.RATINGS: ("added",),  # what was rated before counts as added too
    Target.HISTORY: ("added",),
    Target.COLLECTION: ("added", "existing", "updated"),
}


class Fate(Enum):
    """What an answer proves of one leaf."""

    DONE = "done"  # added, or removed, by this write
    PRESENT = "present"  # there now: whether before or by this write, the answer does not tell
    EXISTING = "existing"  # as wished before: there when adding, gone when removing
    NOT_FOUND = "not_found"  # Trakt does not know the item
    AMBIGUOUS = "ambiguous"  # the answer cannot tell


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a write. A count that is absent was not said, which is not zero."""

    counts: Mapping[str, Mapping[str, int]]  # added, existing, updated, deleted -> section -> n
    not_found: Mapping[str, Sequence[object]]  # section -> what was sent, or what is left of it


def parse_answer(decoded: object) -> Result[Answer, str]:
    """Read a decoded body. Missing parts are empty; fails with why for what cannot be an answer."""
    if not isinstance(decoded, Mapping):
        return Failure(f"the answer is no object ({_type(decoded)})")
    fault = next(_faults(decoded), None)
    if fault is not None:
        return Failure(fault)
    counts = {verb: _counts(part) for verb in _VERBS if (part := decoded.get(verb)) is not None}
    lists = decoded.get("not_found") or {}
    return Success(Answer(counts, {str(section): entries or () for section, entries in lists.items()}))


def read_answer(payload: Payload, answer: Answer) -> Sequence[Fate]:
    """What an answer to adding proves, one fate for each leaf of the payload in order.

    In history only `added` counts plays: what `updated` means there is not known, so it proves nothing.
    """
    heard = _hear(payload, answer.not_found)
    counts = {section: _count_added(payload.target, answer, section) for section in _SECTIONS}
    return _spread(payload.leaves, heard, lambda section: _judge_adding(_tally(heard, counts, section)))


def read_removal(payload: Payload, answer: Answer) -> Sequence[Fate]:
    """What an answer to removing proves, one fate for each leaf of the payload in order.

    From history a film or episode goes with all its plays, and `deleted` counts these: five for one
    film. So of several leaves it cannot be told whose plays they were.
    """
    heard = _hear(payload, answer.not_found)
    counts = {section: _count_deleted(answer, section) for section in _SECTIONS}
    judge = _judge_removing_plays if payload.target is Target.HISTORY else _judge_removing
    return _spread(payload.leaves, heard, lambda section: judge(_tally(heard, counts, section)))


def read_play_removal(removal: PlayRemoval, answer: Answer) -> Sequence[Fate]:
    """What an answer to a removal by history ids proves, one fate for each source in order.

    Unknown ids are listed: those plays were gone before. As many must be deleted as are not listed.
    """
    asked = set(removal.ids)
    listed = {parse_number(entry) for entry in answer.not_found.get("ids", ())}
    rest = len(asked - listed)
    deleted = answer.counts.get("deleted", {})
    said = [deleted[section] for section in (_MOVIES, _EPISODES) if section in deleted]
    if sum(said) > rest:
        return [Fate.AMBIGUOUS for _ in removal.ids]
    proven = bool(said) and sum(said) == rest and listed <= asked
    of_rest = Fate.DONE if proven else Fate.AMBIGUOUS
    return [Fate.EXISTING if play in listed else of_rest for play in removal.ids]


# --- an answer as it comes


def _faults(decoded: Mapping[object, object]) -> Iterator[str]:
    for verb in _VERBS:
        part = decoded.get(verb)
        if part is not None and not isinstance(part, Mapping):
            yield f"{verb} is no object ({_type(part)})"
        elif part is not None:
            for section, count in part.items():
                if count is not None and not _is_count(count):
                    yield f"{verb}.{section} is no count: {count!r}"
    lists = decoded.get("not_found")
    if lists is not None and not isinstance(lists, Mapping):
        yield f"not_found is no object ({_type(lists)})"
    elif lists is not None:
        for section, entries in lists.items():
            if entries is not None and not isinstance(entries, list | tuple):
                yield f"not_found.{section} is no list ({_type(entries)})"


def _counts(part: Mapping[object, int | None]) -> Mapping[str, int]:
    return {str(section): count for section, count in part.items() if count is not None}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _type(value: object) -> str:
    return "null" if value is None else type(value).__name__


# --- what is proven, by kind


@dataclass(frozen=True, slots=True)
class _Count:
    """How many leaves of one kind Trakt says it took care of."""

    all: int
    existing: int
    fresh: int  # added or deleted by this write
    proves: bool  # False: not all of it was said, or it is not in leaves


@dataclass(frozen=True, slots=True)
class _Tally:
    """All that an answer says of the leaves of one kind."""

    sent: int
    named: int  # leaves that not_found names
    unmatched: int  # entries of not_found that name none
    above: int  # such entries for shows or seasons: they may speak of what is nested in these
    stray: int  # those among them that no missing show or season explains
    count: _Count

    @property
    def rest(self) -> int:
        """The leaves that are not named."""
        return self.sent - self.named


_Verdict: TypeAlias = tuple[Fate, Fate]  # of the leaves that not_found names, of the others

_UNPROVEN: _Verdict = (Fate.NOT_FOUND, Fate.AMBIGUOUS)
_CONTRADICTION: _Verdict = (Fate.AMBIGUOUS, Fate.AMBIGUOUS)


def _judge_adding(tally: _Tally) -> _Verdict:
    if _contradicts_itself(tally):
        return _CONTRADICTION
    if not tally.count.proves:
        return _UNPROVEN
    if tally.count.all == 0:  # none was done: an entry for each, whatever is left of it, says why
        return Fate.NOT_FOUND, Fate.NOT_FOUND if tally.unmatched >= tally.rest else Fate.AMBIGUOUS
    if tally.count.all < tally.rest or tally.stray:
        return _UNPROVEN
    return Fate.NOT_FOUND, _added_or_there(tally.count)


def _added_or_there(count: _Count) -> Fate:
    if count.fresh == count.all:
        return Fate.DONE
    return Fate.EXISTING if count.existing == count.all else Fate.PRESENT


def _judge_removing(tally: _Tally) -> _Verdict:
    if _contradicts_itself(tally):
        return _CONTRADICTION
    if not tally.count.proves:
        return _UNPROVEN
    if tally.count.all == 0:
        return _judge_nothing_removed(tally)
    return _UNPROVEN if tally.count.all < tally.rest or tally.stray else (Fate.NOT_FOUND, Fate.DONE)


def _judge_removing_plays(tally: _Tally) -> _Verdict:
    if not tally.count.proves:
        return _UNPROVEN
    if tally.count.all == 0:
        return _judge_nothing_removed(tally)
    if tally.named + tally.unmatched >= tally.sent:  # plays are gone, and of every leaf it is denied
        return _CONTRADICTION
    return (Fate.NOT_FOUND, Fate.DONE) if tally.rest == 1 and not tally.stray else _UNPROVEN


def _judge_nothing_removed(tally: _Tally) -> _Verdict:
    """An unmatched entry leaves open which leaf is unknown, and which was only not there."""
    return _UNPROVEN if tally.unmatched or tally.above else (Fate.NOT_FOUND, Fate.EXISTING)


def _contradicts_itself(tally: _Tally) -> bool:
    """Whether more leaves are spoken of than were sent. Where none is counted, that changes nothing."""
    return tally.count.all > 0 and tally.count.all + tally.named + tally.unmatched > tally.sent


def _count_added(target: Target, answer: Answer, section: str) -> _Count:
    said = {verb: answer.counts.get(verb, {}).get(section) for verb in _ADDING}
    total = sum(count or 0 for count in said.values())
    whole = all(said[verb] is not None for verb in _SAID[target])
    in_leaves = target is not Target.HISTORY or total == said["added"]
    return _Count(total, said["existing"] or 0, said["added"] or 0, proves=whole and in_leaves)


def _count_deleted(answer: Answer, section: str) -> _Count:
    said = answer.counts.get("deleted", {}).get(section)
    return _Count(said or 0, 0, said or 0, proves=said is not None)


# --- what not_found says


@dataclass(frozen=True, slots=True)
class _Heard:
    """What not_found says of the leaves of one payload."""

    named: set[int]  # positions of leaves
    unmatched: Counter[str]  # by section
    sent: Counter[str]
    named_by_section: Counter[str]
    nested: set[str]  # sections with leaves that stand under their show


def _hear(payload: Payload, not_found: Mapping[str, Sequence[object]]) -> _Heard:
    leaves = payload.leaves
    named: set[int] = set()
    unmatched: Counter[str] = Counter()
    entries = [(section, entry) for section in _SECTIONS for entry in not_found.get(section, ())]
    index = _Index(payload) if entries else None
    for section, entry in entries:
        for positions in index.claims(section, entry) if index else ():
            named |= positions
            unmatched[section] += not positions
    return _Heard(
        named,
        unmatched,
        Counter(leaf.media.type.section for leaf in leaves),
        Counter(leaves[position].media.type.section for position in named),
        {leaf.media.type.section for leaf in leaves if way_to(leaf.media) is Way.NUMBERS},
    )


def _tally(heard: _Heard, counts: Mapping[str, _Count], section: str) -> _Tally:
    above = _ABOVE[section] if section in heard.nested else ()
    return _Tally(
        heard.sent[section],
        heard.named_by_section[section],
        heard.unmatched[section],
        sum(heard.unmatched[upper] for upper in above),
        sum(_unexplained(heard, counts, upper) for upper in above),
        counts[section],
    )


def _unexplained(heard: _Heard, counts: Mapping[str, _Count], section: str) -> int:
    """The unmatched entries of a section beyond its own leaves that are neither named nor counted."""
    missing = heard.sent[section] - heard.named_by_section[section] - counts[section].all
    return max(0, heard.unmatched[section] - max(0, missing))


def _spread(leaves: Sequence[Leaf], heard: _Heard, judge: Callable[[str], _Verdict]) -> Sequence[Fate]:
    verdicts = {section: judge(section) for section in heard.sent}
    fates = []
    for position, leaf in enumerate(leaves):
        of_named, of_rest = verdicts[leaf.media.type.section]
        fates.append(of_named if position in heard.named else of_rest)
    return fates


_Place: TypeAlias = tuple[int, ...]  # () a show and all in it, (1,) a season and all in it, (1, 3) an episode
_ITSELF = -1  # (1, _ITSELF): the season without its episodes


_Mark: TypeAlias = tuple[Namespace, IdValue]


class _Shelf:
    """Leaves under the ids that were sent of them, found by any that came back."""

    def __init__(self) -> None:
        self._by_mark: dict[_Mark, list[Ids]] = {}
        self._places: dict[Ids, dict[_Place, list[int]]] = {}
        self._sent: set[tuple[_Mark, ...]] = set()

    def put(self, ids: Ids, places: Iterable[_Place], position: int) -> None:
        """Put a leaf under ids that were sent."""
        if ids not in self._places:
            self._places[ids] = {}
            self._sent.add(tuple(ids.known()))
            for mark in ids.known():
                self._by_mark.setdefault(mark, []).append(ids)
        for place in places:
            self._places[ids].setdefault(place, []).append(position)

    def at(self, ids: Ids, place: _Place) -> set[int]:
        """The leaves of one place; none if these ids are of two titles, and not as they were sent."""
        marked = (sent for mark in ids.known() for sent in self._by_mark.get(mark, ()))
        same = [sent for sent in dict.fromkeys(marked) if same_ids(sent, ids)]
        if tuple(ids.known()) in self._sent or all(same_ids(same[0], other) for other in same):
            return {position for sent in same for position in self._places[sent].get(place, ())}
        return set()


class _Index:
    """The leaves of a payload, found again by what an answer says of them."""

    def __init__(self, payload: Payload) -> None:
        self._own = {section: _Shelf() for section in _SECTIONS}
        self._nested = _Shelf()
        self._titled: dict[tuple[str, str, int | None], set[int]] = {}
        for position, (leaf, ids) in enumerate(zip(payload.leaves, payload.ids, strict=True)):
            self._put(leaf.media, ids, position)

    def claims(self, section: str, entry: object) -> Iterator[set[int]]:
        """The leaves that an entry says were not found: a set for each thing it speaks of."""
        if not isinstance(entry, Mapping):
            yield set()
            return
        ids = parse_ids(entry.get("ids"))
        seasons = _rows(entry.get("seasons"))
        if seasons and section != _MOVIES:
            yield from self._structure(section, ids, entry, seasons)
        elif section == _SHOWS and ids:
            yield self._own[section].at(ids, ()) | self._nested.at(ids, ())
        elif "seasons" not in entry and ids:
            yield self._own[section].at(ids, ())
        else:
            yield self._by_title(section, entry)

    def _put(self, media: Media, ids: Ids, position: int) -> None:
        section = media.type.section
        match way_to(media):
            case Way.IDS:
                self._own[section].put(ids, [()], position)
            case Way.NUMBERS if media.scope is not None:
                season, episode = media.scope
                inner = _ITSELF if episode is None else episode
                self._nested.put(ids, [(), (season,), (season, inner)], position)
            case Way.TITLE if media.title is not None:
                key = (section, fold_title(media.title), media.year)
                self._titled.setdefault(key, set()).add(position)
            case _:
                raise ValueError("a leaf that no payload can hold")

    def _structure(
        self, section: str, ids: Ids, show: Mapping[str, object], seasons: Sequence[Mapping[str, object]]
    ) -> Iterator[set[int]]:
        """An entry of shows, seasons and episodes: a level with parts is meant itself if it is rated."""
        if section == _SHOWS and "rating" in show:
            yield self._own[_SHOWS].at(ids, ())
        for season in seasons:
            number = _number(season.get("number"))
            episodes = _rows(season.get("episodes"))
            if not episodes:
                yield self._nested.at(ids, (number,))
            elif section != _EPISODES and "rating" in season:
                yield self._nested.at(ids, (number, _ITSELF))
            for episode in episodes:
                yield self._nested.at(ids, (number, _number(episode.get("number"))))

    def _by_title(self, section: str, entry: Mapping[str, object]) -> set[int]:
        title, year = entry.get("title"), parse_number(entry.get("year"))
        return (
            self._titled.get((section, fold_title(title), year), set()) if isinstance(title, str) else set()
        )


_NO_NUMBER = -2


def _number(value: object) -> int:
    """A season or episode number; one that nothing has for what is none."""
    if value == "0" or (value == 0 and not isinstance(value, bool)):
        return 0
    number = parse_number(value)
    return _NO_NUMBER if number is None else number


def _rows(value: object) -> Sequence[Mapping[str, object]]:
    if not isinstance(value, list | tuple):
        return ()
    return [row if isinstance(row, Mapping) else {} for row in value]
