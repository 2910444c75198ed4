"""Whatever Trakt answers, no leaf is given a fate that is not true.

`FakeTrakt` keeps Trakt's rules: it reads bodies with `read_body`, knows which titles exist and which
are listed, counts what it finds and spells what it does not in all the ways seen of the real one.
The truth is hidden from the reader, which gets the answer alone.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from returns.pipeline import is_successful

from crosswatch_trakt.domain.answers import (
    Answer,
    Fate,
    parse_answer,
    read_answer,
    read_play_removal,
    read_removal,
)
from crosswatch_trakt.domain.ids import NO_IDS, Ids
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.payloads import Leaf, Payload, PlayRemoval, Target, plan_payloads
from tests.domain.test_payloads import (
    Json,
    Meant,
    Title,
    fields_for,
    medias,
    read_entry,
    rows,
    title_of,
    what_was_asked,
)

DONE, PRESENT, EXISTING = Fate.DONE, Fate.PRESENT, Fate.EXISTING
NOT_FOUND, AMBIGUOUS = Fate.NOT_FOUND, Fate.AMBIGUOUS
SECTIONS = ("movies", "shows", "seasons", "episodes")

# --- a Trakt that keeps the rules

Spelling: TypeAlias = Callable[[Json], Json | None]  # None: not in the answer at all


def echoed(entry: Json) -> Json:
    return entry


def as_text(entry: Json) -> Json:
    """Ids as text, and numbers that mean nothing [T#357]."""
    ids = entry.get("ids")
    texts = {name: str(value) for name, value in ids.items()} if isinstance(ids, dict) else {}
    return (
        {**entry, "ids": texts} if "seasons" in entry else {**entry, "season": 0, "number": 0, "ids": texts}
    )


def with_fewer_ids(entry: Json) -> Json:
    """Ids that Trakt does not know may be gone."""
    ids = entry.get("ids")
    return {**entry, "ids": dict(list(ids.items())[:1])} if isinstance(ids, dict) else entry


def stripped(entry: Json) -> Json:
    """`{}`, or what is beside the ids [T#236, T#244]."""
    return {name: entry[name] for name in entry if name in ("watched_at", "rating")}


def lost(entry: Json) -> None:
    """Nothing at all."""


FAITHFUL: Sequence[Spelling] = (echoed, as_text, with_fewer_ids)
UNFAITHFUL: Sequence[Spelling] = (*FAITHFUL, stripped)


@dataclass
class FakeTrakt:
    """What exists, what is listed, and how this Trakt spells what it does not find."""

    unknown: frozenset[Title]
    listed: set[Title]
    spelling: Iterator[Spelling]
    shows_alone: bool = False  # a missing show is named without its seasons
    counts_equals_once: bool = False
    beside: Mapping[str, list[Json]] = field(default_factory=dict)  # entries that are not of this body

    def knows(self, title: Title) -> bool:
        """Whether the title exists, and all that it is part of."""
        kind, which, season, _ = title
        whole = [title]
        if kind in ("season", "episode"):
            whole += [("show", which, 0, 0), ("season", which, season, 0)]
        return self.unknown.isdisjoint(whole)

    def add(self, payload: Payload) -> Json:
        """The answer to adding."""
        verbs = {
            Target.WATCHLIST: ("added", "existing"),
            Target.RATINGS: ("added",),
            Target.HISTORY: ("added", "updated"),
            Target.COLLECTION: ("added", "updated", "existing"),
        }[payload.target]
        counts = {verb: zeros(payload.target) for verb in verbs}
        found, missing = self._look_up(payload)
        for title in found:
            there = title in self.listed and "existing" in verbs
            counts["existing" if there else "added"][f"{title[0]}s"] += 1
            self.listed.add(title)
        return {**counts, "not_found": missing, "list": {"item_count": 5}}

    def remove(self, payload: Payload, plays: int) -> Json:
        """The answer to removing; from history a title goes with all its plays."""
        deleted = zeros(payload.target)
        found, missing = self._look_up(payload)
        for title in found:
            if title in self.listed:
                deleted[f"{title[0]}s"] += plays if payload.target is Target.HISTORY else 1
                self.listed.remove(title)
        return {"deleted": deleted, "not_found": missing}

    def _look_up(self, payload: Payload) -> tuple[list[Title], dict[str, list[Json]]]:
        found: list[Title] = []
        missing: dict[str, list[Json]] = {name: [] for name in (*SECTIONS, "people", "users")}
        missing["people"].append({"ids": {"imdb": "tt0000001"}})
        for section, entries in payload.body.items():
            for entry in rows(entries):
                for where, unfound in self._look_up_entry(payload.target, section, entry, found):
                    spelled = next(self.spelling)(unfound)
                    if spelled is not None:
                        missing[where].append(spelled)
        for section, extra in self.beside.items():
            missing[section].extend(extra)
        return list(dict.fromkeys(found)) if self.counts_equals_once else found, missing

    def _look_up_entry(
        self, target: Target, section: str, entry: Json, found: list[Title]
    ) -> Iterator[tuple[str, Json]]:
        meant = list(read_entry(target, section, entry))
        top = title_of(Meant(section[:-1], meant[0].address, (), (), section))
        if section == "shows" and not self.knows(top):
            bare = {name: value for name, value in entry.items() if name != "seasons"}
            yield section, bare if self.shows_alone else entry
            return
        for one in meant:
            if self.knows(title_of(one)):
                found.append(title_of(one))
            else:
                yield f"{one.kind}s", unfound_entry(one)


def zeros(target: Target) -> dict[str, int]:
    """History and collection count films and episodes only."""
    whole = target in (Target.WATCHLIST, Target.RATINGS)
    return dict.fromkeys(SECTIONS if whole else ("movies", "episodes"), 0)


def unfound_entry(meant: Meant) -> Json:
    """What was sent of one item; a nested one as a structure of shows, seasons and episodes [T#357]."""
    inner: Json = dict(meant.fields)
    if len(meant.numbers) == 2:
        inner = {"number": meant.numbers[1], **inner}
        inner = {"seasons": [{"number": meant.numbers[0], "episodes": [inner]}]}
    elif meant.numbers:
        inner = {"seasons": [{"number": meant.numbers[0], **inner}]}
    return {**json.loads(meant.address), **inner}


# --- what is sent, and to which Trakt


@st.composite
def payloads(draw: st.DrawFn, *, twice: bool = True) -> Payload:
    """One payload; without `twice` no title is asked for more than once."""
    target = draw(st.sampled_from(Target))
    size = draw(st.sampled_from([1, 4, 8]))  # by itself Hypothesis makes few long lists
    some = draw(st.lists(st.tuples(medias(), fields_for(target)), min_size=size, max_size=2 * size))
    leaves = [Leaf(source, media, fields) for source, (media, fields) in enumerate(some)]
    refused = dict(plan_payloads(target, leaves, size=1).refused)
    sendable = [leaf for leaf in leaves if leaf.source not in refused]
    if not twice:
        sendable = list({what_was_asked(leaf)[:4]: leaf for leaf in sendable}.values())
    assume(sendable)
    return plan_payloads(target, sendable, size=100).payloads[0]


@st.composite
def trakts(draw: st.DrawFn, payload: Payload, spellings: Sequence[Spelling]) -> FakeTrakt:
    """A Trakt to which some of the payload is unknown, and on which some of it is listed."""
    asked = sorted({what_was_asked(leaf)[:4] for leaf in payload.leaves})
    above = {("show", which, 0, 0) for kind, which, _, _ in asked if kind in ("season", "episode")}
    unknown = draw(st.frozensets(st.sampled_from(sorted({*asked, *above}))))
    listed = draw(st.one_of(st.just(set(asked)), st.just(set()), st.sets(st.sampled_from(asked))))
    chosen = draw(st.lists(st.sampled_from(spellings), min_size=1, max_size=4))
    return FakeTrakt(
        unknown,
        listed,
        (chosen[place % len(chosen)] for place in range(10_000)),
        shows_alone=draw(st.booleans()),
        counts_equals_once=draw(st.booleans()),
    )


foreign: Sequence[Json] = [{}, {"ids": {"imdb": "tt9999999"}}, {"ids": {"trakt": 1}, "seasons": [{}]}]
strangers = st.dictionaries(st.sampled_from(SECTIONS), st.lists(st.sampled_from(foreign), max_size=3))


def heard(answer: Json) -> Answer:
    return parse_answer(json.loads(json.dumps(answer))).unwrap()


def fates_by_truth(payload: Payload, trakt: FakeTrakt, listed: set[Title]) -> list[set[Fate]]:
    """The fates that would be true of each leaf when adding."""
    tells_existing = payload.target in (Target.WATCHLIST, Target.COLLECTION)
    there = {PRESENT, EXISTING, AMBIGUOUS} | (set() if tells_existing else {DONE})
    return [
        {NOT_FOUND, AMBIGUOUS}
        if not trakt.knows(title)
        else there
        if title in listed
        else {DONE, PRESENT, AMBIGUOUS}
        for title in (what_was_asked(leaf)[:4] for leaf in payload.leaves)
    ]


# --- properties


@given(payloads(), st.data())
def test_no_leaf_that_was_added_or_not_is_told_otherwise(payload: Payload, data: st.DataObject) -> None:
    """With entries stripped, lost, foreign, and equal items counted once."""
    trakt = data.draw(trakts(payload, (*UNFAITHFUL, lost)))
    trakt.beside = data.draw(strangers)
    true = fates_by_truth(payload, trakt, set(trakt.listed))

    fates = read_answer(payload, heard(trakt.add(payload)))

    assert len(fates) == len(payload.leaves)
    assert all(fate in may for fate, may in zip(fates, true, strict=True))


@given(payloads(), st.data())
def test_an_answer_that_names_what_it_did_not_find_leaves_no_doubt(
    payload: Payload, data: st.DataObject
) -> None:
    trakt = data.draw(trakts(payload, FAITHFUL))
    trakt.counts_equals_once = False
    fates = read_answer(payload, heard(trakt.add(payload)))

    known = [trakt.knows(what_was_asked(leaf)[:4]) for leaf in payload.leaves]
    assert [fate in (DONE, PRESENT, EXISTING) for fate in fates] == known
    assert AMBIGUOUS not in fates


@given(payloads(), st.integers(1, 5), st.data())
def test_no_leaf_that_was_removed_or_not_is_told_otherwise(
    payload: Payload, plays: int, data: st.DataObject
) -> None:
    trakt = data.draw(trakts(payload, UNFAITHFUL))
    trakt.beside = data.draw(strangers)
    listed = set(trakt.listed)

    fates = read_removal(payload, heard(trakt.remove(payload, plays)))

    assert len(fates) == len(payload.leaves)
    for leaf, fate in zip(payload.leaves, fates, strict=True):
        title = what_was_asked(leaf)[:4]
        true = (DONE if title in listed else EXISTING) if trakt.knows(title) else NOT_FOUND
        assert fate in (true, AMBIGUOUS)


@given(payloads(twice=False), st.integers(1, 5), st.data())
def test_a_removal_of_what_was_all_there_or_all_gone_leaves_no_doubt(
    payload: Payload, plays: int, data: st.DataObject
) -> None:
    """Of a history this holds for one item of each kind only: there plays are counted."""
    trakt = data.draw(trakts(payload, FAITHFUL))
    asked = {what_was_asked(leaf)[:4] for leaf in payload.leaves}
    assume(trakt.listed in (set(), asked))
    kinds = Counter(leaf.media.type for leaf in payload.leaves)
    assume(not trakt.listed or payload.target is not Target.HISTORY or set(kinds.values()) == {1})

    assert AMBIGUOUS not in read_removal(payload, heard(trakt.remove(payload, plays)))


@given(st.lists(st.integers(1, 2**40), min_size=1, max_size=9), st.data())
def test_of_plays_removed_by_id_the_unknown_were_gone_before(ids: list[int], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(ids)))
    movies = data.draw(st.integers(0, len(set(ids) - gone)))
    counts = {"movies": movies, "episodes": len(set(ids) - gone) - movies}
    listed = data.draw(st.sampled_from([sorted(gone), [str(play) for play in gone]]))

    removal = PlayRemoval(ids, range(len(ids)))
    fates = read_play_removal(removal, heard({"deleted": counts, "not_found": {"movies": [], "ids": listed}}))

    assert fates == [EXISTING if play in gone else DONE for play in ids]


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-1, 2), st.text(max_size=3)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    [
                        "added",
                        "existing",
                        "deleted",
                        "not_found",
                        *SECTIONS,
                        "ids",
                        "number",
                        "rating",
                        "title",
                    ]
                ),
                inner,
                max_size=5,
            ),
        ),
    ),
    payloads(),
)
def test_any_json_is_read_or_refused(decoded: object, payload: Payload) -> None:
    parsed = parse_answer(decoded)

    if is_successful(parsed):
        assert len(read_answer(payload, parsed.unwrap())) == len(payload.leaves)
        assert len(read_removal(payload, parsed.unwrap())) == len(payload.leaves)
    else:
        assert parsed.failure()


# --- examples

SHOW = Ids(trakt=1390, imdb="tt0944947")
HEAT = Media(MediaType.MOVIE, Ids(imdb="tt0113277", tmdb=949))
CLUB = Media(MediaType.MOVIE, Ids(tmdb=550))
NO_FILM = Media(MediaType.MOVIE, Ids(imdb="tt0000111"))
DUNE = Media(MediaType.MOVIE, NO_IDS, "Dune", 2021)


def episode(season: int, number: int) -> Media:
    return Media(MediaType.EPISODE, show_ids=SHOW, season=season, episode=number)


def sent(target: Target, *media: Media, fields: Mapping[str, str | int] | None = None) -> Payload:
    leaves = [Leaf(place, one, fields or {}) for place, one in enumerate(media)]
    (payload,) = plan_payloads(target, leaves, size=100).payloads
    return payload


def counted(
    *, added: int | None = None, existing: int | None = None, not_found: object = (), section: str = "movies"
) -> Answer:
    counts = {"added": added, "existing": existing}
    return heard(
        {
            **{verb: {section: count} for verb, count in counts.items() if count is not None},
            "not_found": {section: not_found},
        }
    )


def test_an_answer_of_the_reference_is_read() -> None:
    raw = {
        "added": {"movies": 1, "shows": 1, "seasons": 1, "episodes": 2},
        "existing": {"movies": 0, "shows": 0, "seasons": 0, "episodes": 0},
        "not_found": {"movies": [{"ids": {"imdb": "tt0000111"}}], "shows": [], "seasons": [], "episodes": []},
        "list": {"updated_at": "2022-04-27T21:40:41.000Z", "item_count": 5},
    }
    show = Media(MediaType.SHOW, Ids(trakt=1))
    season = Media(MediaType.SEASON, Ids(trakt=140912))
    other = Media(MediaType.EPISODE, Ids(trakt=1061))
    payload = sent(Target.WATCHLIST, CLUB, NO_FILM, show, season, other, episode(1, 1))

    assert read_answer(payload, heard(raw)) == [DONE, NOT_FOUND, DONE, DONE, DONE, DONE]


@pytest.mark.parametrize(
    ("decoded", "why"),
    [
        ([], "the answer is no object (list)"),
        (None, "the answer is no object (null)"),
        ({"added": 3}, "added is no object (int)"),
        ({"added": {"movies": "3"}}, "added.movies is no count: '3'"),
        ({"deleted": {"movies": True}}, "deleted.movies is no count: True"),
        ({"existing": {"movies": -1}}, "existing.movies is no count: -1"),
        ({"not_found": []}, "not_found is no object (list)"),
        ({"not_found": {"movies": {}}}, "not_found.movies is no list (dict)"),
    ],
)
def test_what_cannot_be_an_answer_is_refused(decoded: object, why: str) -> None:
    assert parse_answer(decoded).failure() == why


def test_missing_parts_of_an_answer_are_empty() -> None:
    assert heard({}) == Answer({}, {})
    assert heard({"added": {"movies": None}, "not_found": {"movies": None}}) == Answer(
        {"added": {}}, {"movies": ()}
    )


@pytest.mark.parametrize(
    ("answer", "fates"),
    [
        (counted(added=2, existing=0), [DONE, DONE]),
        (counted(added=1, existing=1), [PRESENT, PRESENT]),
        (counted(added=0, existing=2), [EXISTING, EXISTING]),
        (counted(added=0, existing=0, not_found=[{}, {}]), [NOT_FOUND, NOT_FOUND]),
        (counted(added=0, existing=0, not_found=[{}, {}, {}]), [NOT_FOUND, NOT_FOUND]),
        (counted(added=0, existing=0, not_found=[{"ids": {"tmdb": 550}}, {}, {}]), [NOT_FOUND, NOT_FOUND]),
        (counted(added=1, existing=0, not_found=[{"ids": {"tmdb": "550"}}]), [DONE, NOT_FOUND]),
        (counted(added=0, existing=0, not_found=[{"ids": {"tmdb": 550}}, {}]), [NOT_FOUND, NOT_FOUND]),
        # one of two, but which?
        (counted(added=1, existing=0), [AMBIGUOUS, AMBIGUOUS]),
        (counted(added=1, existing=0, not_found=[{}]), [AMBIGUOUS, AMBIGUOUS]),
        (counted(added=1, existing=0, not_found=["tt0113277", None]), [AMBIGUOUS, AMBIGUOUS]),
        # nothing was counted, and nothing says why
        (counted(added=0, existing=0), [AMBIGUOUS, AMBIGUOUS]),
        (counted(added=0, existing=0, not_found=[{"ids": {"tmdb": 550}}]), [AMBIGUOUS, NOT_FOUND]),
        # what was not said is not zero
        (counted(), [AMBIGUOUS, AMBIGUOUS]),
        (counted(added=2), [AMBIGUOUS, AMBIGUOUS]),
        (counted(not_found=[{}, {}]), [AMBIGUOUS, AMBIGUOUS]),
        # more is spoken of than was sent
        (counted(added=3, existing=0), [AMBIGUOUS, AMBIGUOUS]),
        (counted(added=2, existing=0, not_found=[{}]), [AMBIGUOUS, AMBIGUOUS]),
        (counted(added=2, existing=0, not_found=[{"ids": {"tmdb": 550}}]), [AMBIGUOUS, AMBIGUOUS]),
        # an echo of two items
        (counted(added=1, existing=0, not_found=[{"ids": {"tmdb": 550, "imdb": "tt0113277"}}]), None),
    ],
)
def test_only_what_the_sums_leave_no_doubt_of_is_told(answer: Answer, fates: list[Fate] | None) -> None:
    film = Media(MediaType.MOVIE, Ids(imdb="tt0113277"))
    assert read_answer(sent(Target.WATCHLIST, film, CLUB), answer) == (fates or [AMBIGUOUS, AMBIGUOUS])


def test_in_history_updated_proves_nothing() -> None:
    payload = sent(Target.HISTORY, HEAT)
    unclear = heard({"added": {"movies": 0}, "updated": {"movies": 1}, "not_found": {}})

    assert read_answer(payload, unclear) == [AMBIGUOUS]
    assert read_answer(payload, heard({"added": {"movies": 1}})) == [DONE]
    assert read_answer(sent(Target.COLLECTION, HEAT), unclear) == [AMBIGUOUS]


def test_numbers_beside_the_ids_of_an_episode_are_ignored() -> None:
    special = Media(MediaType.EPISODE, Ids(tvdb=9170201, imdb="tt15783698"))
    entry = {
        "watched_at": "2022-07-09T21:26:48.8710000Z",
        "season": 0,
        "number": 0,
        "ids": {"tvdb": "9170201", "imdb": "tt15783698"},
    }
    answer = counted(added=1, not_found=[entry], section="episodes")

    assert read_answer(sent(Target.HISTORY, episode(0, 0), special), answer) == [DONE, NOT_FOUND]


@pytest.mark.parametrize("section", ["shows", "seasons", "episodes"])
def test_a_nested_episode_is_found_again_wherever_it_stands(section: str) -> None:
    nested = {
        "ids": {"imdb": "tt0944947"},
        "seasons": [{"number": "1", "episodes": [{"number": 2, "watched_at": "2020-01-01T00:00:00.000Z"}]}],
    }
    answer = heard({"added": {"episodes": 2}, "not_found": {section: [nested]}})
    payload = sent(Target.HISTORY, episode(1, 1), episode(1, 2), episode(2, 2))

    assert read_answer(payload, answer) == [DONE, NOT_FOUND, DONE]


def test_a_show_named_alone_takes_all_under_it() -> None:
    other = Media(MediaType.EPISODE, show_ids=Ids(trakt=2), season=1, episode=1)
    answer = heard({"added": {"episodes": 1}, "not_found": {"shows": [{"ids": {"trakt": 1390}}]}})

    fates = read_answer(sent(Target.HISTORY, episode(1, 1), other, episode(2, 1)), answer)
    assert fates == [NOT_FOUND, DONE, NOT_FOUND]


def test_a_stripped_show_casts_doubt_on_the_episodes_that_were_sent_under_shows_only() -> None:
    by_ids = Media(MediaType.EPISODE, Ids(trakt=7))
    answer = heard({"added": {"movies": 1, "episodes": 1}, "not_found": {"shows": [{}]}})

    assert read_answer(sent(Target.HISTORY, HEAT, episode(1, 1)), answer) == [DONE, AMBIGUOUS]
    assert read_answer(sent(Target.HISTORY, HEAT, by_ids), answer) == [DONE, DONE]


def test_a_stripped_show_is_no_doubt_if_a_show_is_missing() -> None:
    answer = heard({"added": {"shows": 0, "episodes": 1}, "not_found": {"shows": [{}]}})
    show = Media(MediaType.SHOW, Ids(trakt=2))

    assert read_answer(sent(Target.RATINGS, show, episode(1, 1)), answer) == [NOT_FOUND, DONE]


def test_a_rated_show_that_is_missing_takes_its_rated_parts_along() -> None:
    show, season = Media(MediaType.SHOW, SHOW), Media(MediaType.SEASON, show_ids=SHOW, season=1)
    payload = sent(Target.RATINGS, show, season, episode(1, 1), fields={"rating": 8})
    zero = {"shows": 0, "seasons": 0, "episodes": 0}
    answer = heard({"added": zero, "not_found": {"shows": payload.body["shows"]}})

    assert read_answer(payload, answer) == [NOT_FOUND, NOT_FOUND, NOT_FOUND]


def test_a_title_is_found_again_by_title_and_year() -> None:
    entries = [{"title": "dune ", "year": "2021", "ids": {"trakt": None}}]
    assert read_answer(sent(Target.RATINGS, HEAT, DUNE), counted(added=1, not_found=entries)) == [
        DONE,
        NOT_FOUND,
    ]
    old = [{"title": "Dune", "year": 1984}]
    assert read_answer(sent(Target.RATINGS, HEAT, DUNE), counted(added=1, not_found=old)) == [AMBIGUOUS] * 2


def test_several_plays_of_a_missing_film_are_all_missing() -> None:
    payload = sent(Target.HISTORY, NO_FILM, HEAT, NO_FILM)
    once = counted(added=1, not_found=[{"ids": {"imdb": "tt0000111"}}])

    assert read_answer(payload, once) == [NOT_FOUND, DONE, NOT_FOUND]


def test_a_show_under_many_spellings_is_found_again_by_the_ids_that_were_sent_of_it() -> None:
    parts = [
        Media(MediaType.EPISODE, show_ids=ids, season=1, episode=place)
        for place, ids in enumerate([Ids(imdb="tt0000001"), Ids(tmdb=2), Ids(imdb="tt0000001", tmdb=2)])
    ]
    payload = sent(Target.HISTORY, *parts)
    answer = heard({"added": {"episodes": 0}, "not_found": {"shows": payload.body["shows"]}})

    assert read_answer(payload, answer) == [NOT_FOUND] * 3


def test_an_echo_that_fits_two_items_names_neither() -> None:
    """Else the two would hide that the third was lost without a word."""
    one, two = Ids(trakt=1, imdb="tt0000001"), Ids(trakt=2, imdb="tt0000001")
    ids = {"imdb": "tt0000001"}
    films = [Media(MediaType.MOVIE, one), Media(MediaType.MOVIE, two), HEAT]
    answer = counted(added=1, not_found=[{"ids": ids}])
    assert read_answer(sent(Target.HISTORY, *films), answer) == [AMBIGUOUS] * 3

    shows = (one, two, Ids(tmdb=3))
    parts = [Media(MediaType.EPISODE, show_ids=show, season=1, episode=1) for show in shows]
    nested = {"ids": ids, "seasons": [{"number": 1, "episodes": [{"number": 1}]}]}
    answer = counted(added=1, not_found=[nested], section="episodes")
    assert read_answer(sent(Target.HISTORY, *parts), answer) == [AMBIGUOUS] * 3


def test_the_very_ids_that_were_sent_name_all_spellings_of_their_item() -> None:
    spellings = [Ids(imdb="tt0000001"), Ids(tmdb=2), Ids(imdb="tt0000001", tmdb=2)]
    payload = sent(Target.HISTORY, HEAT, *(Media(MediaType.MOVIE, ids) for ids in spellings))
    echoes = [{"ids": dict(ids.known())} for ids in spellings]

    fates = read_answer(payload, counted(added=1, not_found=echoes))
    assert fates == [DONE, NOT_FOUND, NOT_FOUND, NOT_FOUND]


def deleted(count: int | None, not_found: object = ()) -> Answer:
    said = {} if count is None else {"deleted": {"movies": count}}
    return heard({**said, "not_found": {"movies": not_found}})


ECHO = [{"ids": {"imdb": "tt0113277"}}]


@pytest.mark.parametrize(
    ("answer", "of_list", "of_history"),
    [
        (deleted(2), [DONE, DONE], [AMBIGUOUS, AMBIGUOUS]),
        (deleted(1), [AMBIGUOUS, AMBIGUOUS], [AMBIGUOUS, AMBIGUOUS]),
        (deleted(0), [EXISTING, EXISTING], [EXISTING, EXISTING]),
        (deleted(5), [AMBIGUOUS, AMBIGUOUS], [AMBIGUOUS, AMBIGUOUS]),
        (deleted(None), [AMBIGUOUS, AMBIGUOUS], [AMBIGUOUS, AMBIGUOUS]),
        (deleted(0, [{}]), [AMBIGUOUS, AMBIGUOUS], [AMBIGUOUS, AMBIGUOUS]),
        (deleted(0, [{}, {}]), [AMBIGUOUS, AMBIGUOUS], [AMBIGUOUS, AMBIGUOUS]),
        (deleted(1, ECHO), [NOT_FOUND, DONE], [NOT_FOUND, DONE]),
        (deleted(5, ECHO), [AMBIGUOUS, AMBIGUOUS], [NOT_FOUND, DONE]),
        (deleted(5, [*ECHO, {}]), [AMBIGUOUS, AMBIGUOUS], [AMBIGUOUS, AMBIGUOUS]),
        (deleted(0, ECHO), [NOT_FOUND, EXISTING], [NOT_FOUND, EXISTING]),
    ],
)
def test_a_removal_counts_items_of_a_list_and_plays_of_a_history(
    answer: Answer, of_list: list[Fate], of_history: list[Fate]
) -> None:
    assert read_removal(sent(Target.WATCHLIST, HEAT, CLUB), answer) == of_list
    assert read_removal(sent(Target.HISTORY, HEAT, CLUB), answer) == of_history


@pytest.mark.parametrize(
    ("raw", "fates"),
    [
        ({"deleted": {"movies": 1, "episodes": 0}, "not_found": {"ids": [23]}}, [EXISTING, DONE]),
        ({"deleted": {"movies": 1, "episodes": 1}, "not_found": {"ids": []}}, [DONE, DONE]),
        ({"deleted": {"movies": 1, "episodes": 0}, "not_found": {"ids": []}}, [AMBIGUOUS, AMBIGUOUS]),
        ({"deleted": {"movies": 0, "episodes": 0}, "not_found": {"ids": [23]}}, [EXISTING, AMBIGUOUS]),
        ({"deleted": {"movies": 1, "episodes": 1}, "not_found": {"ids": [23]}}, [AMBIGUOUS, AMBIGUOUS]),
        ({"deleted": {"movies": 2, "episodes": 0}, "not_found": {"ids": [99]}}, [AMBIGUOUS, AMBIGUOUS]),
        ({"not_found": {"ids": [23, "42"]}}, [EXISTING, EXISTING]),
        ({}, [AMBIGUOUS, AMBIGUOUS]),
    ],
)
def test_plays_are_gone_only_if_the_sums_agree(raw: Json, fates: list[Fate]) -> None:
    assert read_play_removal(PlayRemoval([23, 42], [0, 1]), heard(raw)) == fates
