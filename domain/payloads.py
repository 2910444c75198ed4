"""The bodies of writes: which item stands where, and what a body may never mean.

A body is a tree: movies, shows, seasons and episodes by ids, and shows -> seasons -> episodes by
numbers. Three rules of Trakt's make it dangerous:
- in history and collection a show or season without its episodes means every episode of it, so no
  such item is sent (Trakt API, "Add items to history", contract of 2026-07-30);
- in the watchlist a show with seasons means those only, a season with episodes those only, so a show
  and its parts cannot stand in one entry. In ratings they can: a level is meant if it has a `rating`.
  A removal of ratings has none, so there the rule of the watchlist holds;
- one id suffices and each kind takes other namespaces; title and year is a guess of Trakt's, used
  only for what has no ids at all.

A show stands once in a body, under the ids of all its spellings; where these differ, the first is
sent. A spelling belongs to a show if by `same_ids` it is the same as one of its spellings and
different from none: one bad item, with the ids of two shows, must not put the episodes of one under
the other. Shows that may be the same all the same go in different payloads.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import TypeAlias

from crosswatch_trakt.domain.ids import (
    NAMESPACES,
    NO_IDS,
    SAMENESS_ORDER,
    Ids,
    IdValue,
    Namespace,
    same_ids,
    unite,
)
from crosswatch_trakt.domain.media import Media, MediaType, fold_title
from crosswatch_trakt.domain.outcomes import Reason, Refusal

Fields: TypeAlias = Mapping[str, str | int]

_NOT_TAKEN: Mapping[MediaType, Sequence[Namespace]] = {
    MediaType.MOVIE: ("tvdb",),
    MediaType.SHOW: (),
    MediaType.SEASON: ("imdb", "slug"),
    MediaType.EPISODE: ("slug",),
}
_ADDRESSING = frozenset({"ids", "title", "year", "number", "season", "episode", "seasons", "episodes"})


class Target(StrEnum):
    """The list that is written, as it is called in the path."""

    WATCHLIST = "watchlist"
    RATINGS = "ratings"
    HISTORY = "history"
    COLLECTION = "collection"


class Way(Enum):
    """How an item is found by Trakt, best first."""

    IDS = "ids"
    NUMBERS = "numbers"  # under its show
    TITLE = "title"  # and year


@dataclass(frozen=True, slots=True)
class Leaf:
    """One thing asked of Trakt."""

    source: int  # position of the input item
    media: Media
    fields: Fields = field(
        default_factory=dict
    )  # watched_at; rating, rated_at; collected_at: stand beside the address


@dataclass(frozen=True, slots=True)
class Payload:
    """The body of one POST, and what each part of it was asked for."""

    target: Target
    body: Mapping[str, object]
    leaves: Sequence[Leaf]  # in the order given
    ids: Sequence[Ids]  # under which each leaf stands: its own, or all that are known of its show


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent, and by source what cannot be."""

    payloads: Sequence[Payload]
    refused: Sequence[tuple[int, Refusal]]


@dataclass(frozen=True, slots=True)
class PlayRemoval:
    """The removal of plays by their history ids: the only way to remove one play of several."""

    ids: Sequence[int]  # one per source; two items may name one play
    sources: Sequence[int]

    @property
    def body(self) -> Mapping[str, object]:
        """The body of the POST: every play once."""
        return {"ids": list(dict.fromkeys(self.ids))}


def plan_payloads(target: Target, leaves: Sequence[Leaf], *, size: int, by_numbers: bool = True) -> Plan:
    """Put the leaves into as few bodies of at most `size` leaves as their order allows.

    A payload holds what was given before the leaves of the next one; only a leaf that would change
    the meaning of another goes in a later one. The caller has removed duplicates.
    """
    _check_size(size)
    refused: list[tuple[int, Refusal]] = []
    accepted: list[Leaf] = []
    for leaf in leaves:
        if not _ADDRESSING.isdisjoint(leaf.fields):
            raise ValueError(f"fields of leaf {leaf.source} would change what it addresses")
        refusal = _refusal(target, leaf.media, by_numbers)
        if refusal is None:
            accepted.append(leaf)
        else:
            refused.append((leaf.source, refusal))
    drafts = _fill_drafts(target, accepted, size)
    return Plan([Payload(target, draft.body(), draft.leaves, draft.ids) for draft in drafts], refused)


def plan_play_removals(plays: Sequence[tuple[int, int]], *, size: int) -> Sequence[PlayRemoval]:
    """Removals of plays, given as (source, history id), at most `size` in each."""
    _check_size(size)
    return [
        PlayRemoval([play for _, play in part], [source for source, _ in part])
        for part in (plays[start : start + size] for start in range(0, len(plays), size))
    ]


def sent_ids(media: Media) -> Ids:
    """The item's own ids in the namespaces that Trakt takes for its kind."""
    ids = media.ids
    not_taken = [name for name in _NOT_TAKEN[media.type] if ids.get(name) is not None]
    return _without(ids, not_taken) if not_taken else ids


def way_to(media: Media) -> Way | None:
    """How an item is addressed; None if Trakt could not find it."""
    if sent_ids(media):
        return Way.IDS
    if media.scope is not None:
        return Way.NUMBERS
    if media.type in (MediaType.MOVIE, MediaType.SHOW) and not media.ids and media.title and media.year:
        return Way.TITLE
    return None


def _check_size(size: int) -> None:
    if size < 1:
        raise ValueError("a payload holds at least one leaf")


# --- what is not sent


def _refusal(target: Target, media: Media, by_numbers: bool) -> Refusal | None:
    whole = media.type in (MediaType.SHOW, MediaType.SEASON)
    if whole and target in (Target.HISTORY, Target.COLLECTION):
        return Refusal(Reason.WHOLE_SHOW, f"a {media.type} here means every episode of it; name the episodes")
    way = way_to(media)
    if way is None:
        return _unaddressed(media)
    if way is Way.NUMBERS and not by_numbers:
        return Refusal(Reason.EPISODE_NOT_FOUND, "known by its numbers only, and these are not to be trusted")
    return None


def _unaddressed(media: Media) -> Refusal:
    if media.show_ids and media.type in (MediaType.SEASON, MediaType.EPISODE):
        return Refusal(Reason.MISSING_SCOPE, "the show is known, but not which of its parts is meant")
    if media.ids:
        names = ", ".join(namespace for namespace, _ in media.ids.known())
        return Refusal(Reason.MISSING_IDS, f"Trakt finds no {media.type} by {names}")
    if media.type in (MediaType.MOVIE, MediaType.SHOW):
        return Refusal(Reason.MISSING_IDS, "neither ids nor title and year")
    return Refusal(Reason.MISSING_IDS, "neither ids of its own nor its show's")


# --- which spellings are one show


@dataclass(slots=True, eq=False)
class _Show:
    """One show under all its spellings."""

    ids: Ids
    spellings: list[Ids]
    rivals: set["_Show"] = field(default_factory=set)  # may be the same show: not in one payload


def _group_shows(spellings: Iterable[Ids]) -> Mapping[Ids, _Show]:
    shows = [_Show(ids, [ids]) for ids in dict.fromkeys(spellings)]
    while len(joined := _join(shows)) < len(shows):
        shows = joined
    _find_rivals(shows)
    return {spelling: show for show in shows for spelling in show.spellings}


def _join(shows: Iterable[_Show]) -> list[_Show]:
    """One pass that puts every show into the first that is the same, its best namespace asked first."""
    joined: list[_Show] = []
    by_mark: defaultdict[_Mark, list[_Show]] = defaultdict(list)
    for show in shows:
        candidates = (other for mark in _marks(show.ids) for other in by_mark.get(mark, ()))
        into = next((other for other in candidates if _is_same_show(other, show)), None)
        if into is None:
            joined.append(show)
            new, into = show.ids, show
        else:
            new = _missing(into.ids, show.ids)
            into.ids = unite(into.ids, show.ids)
            into.spellings += show.spellings
        for mark in _marks(new):
            by_mark[mark].append(into)
    return joined


def _is_same_show(first: _Show, second: _Show) -> bool:
    """Whether a spelling of one is the same as one of the other, and none is different."""
    verdicts = {same_ids(one, other) for one in first.spellings for other in second.spellings}
    return True in verdicts and False not in verdicts


def _find_rivals(shows: Iterable[_Show]) -> None:
    by_mark: defaultdict[_Mark, list[_Show]] = defaultdict(list)
    for show in shows:
        for mark in _marks(show.ids):
            for other in by_mark[mark]:
                if same_ids(show.ids, other.ids):
                    show.rivals.add(other)
                    other.rivals.add(show)
            by_mark[mark].append(show)


_Mark: TypeAlias = tuple[Namespace, IdValue]


def _marks(ids: Ids) -> Iterator[_Mark]:
    for namespace in SAMENESS_ORDER:
        value = ids.get(namespace)
        if value is not None:
            yield namespace, value


def _missing(have: Ids, more: Ids) -> Ids:
    """The ids of `more` in namespaces that `have` lacks."""
    return _without(more, (name for name in NAMESPACES if have.get(name) is not None))


def _without(ids: Ids, names: Iterable[Namespace]) -> Ids:
    nothing = {name: None for name in names}
    return replace(ids, **nothing) if nothing else ids  # type: ignore[arg-type]  # names of fields, all optional


# --- bodies in the making


@dataclass(slots=True)
class _SeasonEntry:
    own: Leaf | None = None  # the season itself is meant
    episodes: list[Leaf] = field(default_factory=list)


@dataclass(slots=True)
class _ShowEntry:
    address: Mapping[str, object]
    own: Leaf | None = None  # the show itself is meant
    seasons: dict[int, _SeasonEntry] = field(default_factory=dict)


_ShowKey: TypeAlias = _Show | tuple[str, int | None]  # a show without ids: its title and year


def _fill_drafts(target: Target, leaves: Sequence[Leaf], size: int) -> Sequence["_Draft"]:
    shows = _group_shows(ids for leaf in leaves if (ids := _ids_of_show(leaf.media)))
    drafts: list[_Draft] = []
    first_open = 0
    for leaf in leaves:
        position = first_open
        while position < len(drafts) and not drafts[position].add(leaf):
            position += 1
        if position == len(drafts):
            drafts.append(_Draft(target, size, shows))
            drafts[position].add(leaf)
        while first_open < len(drafts) and drafts[first_open].full:
            first_open += 1
    return drafts


def _ids_of_show(media: Media) -> Ids | None:
    """The ids of the entry of `shows` in which an item stands; None if it stands in none by ids."""
    if media.type is MediaType.SHOW:
        return media.ids or None
    return media.show_ids if way_to(media) is Way.NUMBERS else None


class _Draft:
    """A payload that is filled leaf by leaf."""

    def __init__(self, target: Target, size: int, shows: Mapping[Ids, _Show]) -> None:
        self.leaves: list[Leaf] = []
        self.ids: list[Ids] = []
        self._target = target
        self._size = size
        self._show_of = shows
        self._plain: dict[str, list[object]] = {}  # section -> entries that hold no others
        self._shows: dict[_ShowKey, _ShowEntry] = {}

    @property
    def full(self) -> bool:
        """Whether no further leaf may be added."""
        return len(self.leaves) >= self._size

    def add(self, leaf: Leaf) -> bool:
        """Take a leaf, unless this is full or the leaf would change what another means."""
        ids = None if self.full else self._put(leaf)
        if ids is None:
            return False
        self.leaves.append(leaf)
        self.ids.append(ids)
        return True

    def body(self) -> dict[str, object]:
        """The body as JSON's objects; sections without entries are absent."""
        sections: dict[str, list[object]] = {
            **self._plain,
            MediaType.SHOW.section: [_show_json(entry) for entry in self._shows.values()],
        }
        return {kind.section: entries for kind in MediaType if (entries := sections.get(kind.section))}

    def _put(self, leaf: Leaf) -> Ids | None:
        """The ids under which the leaf now stands, none for a title; None if it cannot stand here."""
        media = leaf.media
        ids = _ids_of_show(media)
        if ids is not None:
            show = self._show_of[ids]
            fits = self._rivals_absent(show) and self._put_in(show, {"ids": dict(show.ids.known())}, leaf)
            return show.ids if fits else None
        if media.type is MediaType.SHOW:
            key = (fold_title(media.title or ""), media.year)
            return NO_IDS if self._put_in(key, _address(media), leaf) else None
        self._plain.setdefault(media.type.section, []).append({**_address(media), **leaf.fields})
        return sent_ids(media)

    def _rivals_absent(self, show: _Show) -> bool:
        return not any(rival in self._shows for rival in show.rivals)

    def _put_in(self, key: _ShowKey, address: Mapping[str, object], leaf: Leaf) -> bool:
        """Put the leaf into the entry of its show, if the entry then still means all that is in it."""
        entry = self._shows.get(key) or _ShowEntry(address)
        done = (
            self._put_show(entry, leaf) if leaf.media.type is MediaType.SHOW else self._put_part(entry, leaf)
        )
        if done:
            self._shows[key] = entry
        return done

    def _put_show(self, entry: _ShowEntry, leaf: Leaf) -> bool:
        if entry.own is not None or (entry.seasons and not self._stands_out(leaf)):
            return False
        entry.own = leaf
        return True

    def _put_part(self, entry: _ShowEntry, leaf: Leaf) -> bool:
        if not self._lets_in(entry.own) or leaf.media.season is None:
            return False
        season = entry.seasons.get(leaf.media.season) or _SeasonEntry()
        if leaf.media.type is MediaType.SEASON:
            if season.own is not None or (season.episodes and not self._stands_out(leaf)):
                return False
            season.own = leaf
        else:
            if not self._lets_in(season.own):
                return False
            season.episodes.append(leaf)
        entry.seasons[leaf.media.season] = season
        return True

    def _lets_in(self, own: Leaf | None) -> bool:
        """Whether parts may be named in an entry without unsaying what it means itself."""
        return own is None or self._stands_out(own)

    def _stands_out(self, leaf: Leaf) -> bool:
        """Whether a show or season is meant itself even though its entry names parts of it."""
        return self._target is Target.RATINGS and "rating" in leaf.fields


def _address(media: Media) -> Mapping[str, object]:
    if way_to(media) is Way.TITLE:
        return {"title": media.title, "year": media.year}
    return {"ids": dict(sent_ids(media).known())}


def _show_json(entry: _ShowEntry) -> dict[str, object]:
    show = {**entry.address, **_fields(entry.own)}
    if entry.seasons:
        show["seasons"] = [_season_json(number, season) for number, season in entry.seasons.items()]
    return show


def _season_json(number: int, entry: _SeasonEntry) -> dict[str, object]:
    season: dict[str, object] = {"number": number, **_fields(entry.own)}
    if entry.episodes:
        season["episodes"] = [{"number": leaf.media.episode, **leaf.fields} for leaf in entry.episodes]
    return season


def _fields(own: Leaf | None) -> Fields:
    return {} if own is None else own.fields
