"""Bodies mean what was asked and nothing more.

`read_body` says what a body means to Trakt; it is written from Trakt's rules alone and shares nothing
with the code that makes bodies. The titles come from a small world in which every id is known, so
what a body names can be told by any of its ids.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt.domain.ids import NO_IDS, Ids, parse_ids, same_ids
from crosswatch_trakt.domain.media import Media, MediaType
from crosswatch_trakt.domain.outcomes import Reason
from crosswatch_trakt.domain.payloads import (
    Leaf,
    Payload,
    Plan,
    Target,
    plan_payloads,
    plan_play_removals,
)

Json: TypeAlias = Mapping[str, object]

# --- what a body means


@dataclass(frozen=True)
class Meant:
    """One thing that a body asks of Trakt."""

    kind: str  # movie, show, season, episode; "all of" for a show or season that means its episodes
    address: str  # JSON: ids, or title and year, of the entry
    numbers: tuple[int, ...]  # season and episode within the entry
    fields: tuple[tuple[str, object], ...]
    section: str  # where the entry stands


ADDRESS = ("ids", "title", "year", "number", "seasons", "episodes")
TAKEN = {
    "movies": {"trakt", "slug", "imdb", "tmdb"},
    "shows": {"trakt", "slug", "imdb", "tmdb", "tvdb"},
    "seasons": {"trakt", "tmdb", "tvdb"},
    "episodes": {"trakt", "tvdb", "imdb", "tmdb"},
}


def read_body(target: Target, body: Json) -> Iterator[Meant]:
    """All that a body means; fails on what Trakt would not take."""
    assert set(body) <= set(TAKEN)
    for section, entries in body.items():
        assert rows(entries), "a section without entries"
        for entry in rows(entries):
            yield from read_entry(target, section, entry)


def read_entry(target: Target, section: str, entry: Json) -> Iterator[Meant]:
    """What one entry of a section means."""
    address = address_of(section, entry)
    seasons = rows(entry.get("seasons"))
    if meant_itself(target, entry, "seasons"):
        kind = section[:-1]
        every = kind in ("show", "season") and target in (Target.HISTORY, Target.COLLECTION)
        yield Meant(f"all of {kind}" if every else kind, address, (), fields_of(entry), section)
    for season in seasons:
        number = season["number"]
        assert isinstance(number, int)
        if meant_itself(target, season, "episodes"):
            every = target in (Target.HISTORY, Target.COLLECTION)
            kind = "all of season" if every else "season"
            yield Meant(kind, address, (number,), fields_of(season), section)
        for episode in rows(season.get("episodes")):
            inner = episode["number"]
            assert isinstance(inner, int)
            yield Meant("episode", address, (number, inner), fields_of(episode), section)


def meant_itself(target: Target, entry: Json, parts: str) -> bool:
    """Whether a level is meant: it has no parts, or it has a rating."""
    if not rows(entry.get(parts)):
        return True
    if target is Target.RATINGS and "rating" in entry:
        return True
    assert not fields_of(entry), "fields that would be lost or inherited"
    return False


def address_of(section: str, entry: Json) -> str:
    ids = entry.get("ids")
    if ids is None:
        assert isinstance(entry["title"], str)
        assert isinstance(entry["year"], int)
        return json.dumps({"title": entry["title"], "year": entry["year"]})
    assert isinstance(ids, dict)
    assert ids, "an entry without ids"
    assert set(ids) <= TAKEN[section]
    return json.dumps({"ids": ids})


def fields_of(entry: Json) -> tuple[tuple[str, object], ...]:
    return tuple(sorted((name, value) for name, value in entry.items() if name not in ADDRESS))


def rows(value: object) -> list[dict[str, object]]:
    """A list of objects; absent is none."""
    return value if isinstance(value, list) else []


# --- a world in which every id is known

Title: TypeAlias = tuple[str, int, int, int]  # kind, which one, season, episode
OFFSETS = {"tmdb": 5000, "tvdb": 7000}
NAMES = ("trakt", "slug", "imdb", "tmdb", "tvdb")
KINDS = ("movie", "show", "season", "episode")


def all_ids(title: Title) -> dict[str, int | str]:
    """The ids of a title. Kinds share numbers, as they do at Trakt."""
    kind, which, season, episode = title
    number = 1 + which * 100 + season * 10 + episode
    ids: dict[str, int | str] = {
        "trakt": number,
        "slug": f"title-{number}",
        "imdb": f"tt{number:07}",
        "tmdb": OFFSETS["tmdb"] + number,
        "tvdb": OFFSETS["tvdb"] + number,
    }
    if kind in ("season", "episode"):
        del ids["slug"]
    return ids


def title_of(meant: Meant) -> Title:
    """The title that a body names; fails if its ids are not all of one."""
    address = json.loads(meant.address)
    top = meant.section[:-1]
    if "title" in address:
        return top, int(address["title"].removeprefix("Title ")), 0, 0
    name, value = next(iter(address["ids"].items()))
    base = int(str(value).removeprefix("tt").removeprefix("title-")) - OFFSETS.get(name, 0)
    which, rest = divmod(base - 1, 100)
    season, episode = divmod(rest, 10)
    assert address["ids"].items() <= all_ids((top, which, season, episode)).items()
    if meant.numbers:
        season, episode = (*meant.numbers, 0)[:2]
    return meant.kind, which, season, episode


SHAPES = {"movie": (0, 0), "show": (0, 0), "season": (1, 0), "episode": (1, 1)}  # which numbers it has
titles = st.builds(
    lambda kind, which, season, episode: (kind, which, season * SHAPES[kind][0], episode * SHAPES[kind][1]),
    st.sampled_from(KINDS),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(1, 2),
)


def some_ids(title: Title, names: frozenset[str]) -> Ids:
    """What a caller knows of the ids of a title."""
    return parse_ids({name: value for name, value in all_ids(title).items() if name in names})


@st.composite
def medias(draw: st.DrawFn, named: st.SearchStrategy[Title] = titles) -> Media:
    """A title of the world, known by some of its ids, its show's, its numbers, its name."""
    kind, which, season, episode = title = draw(named)
    known = st.frozensets(st.sampled_from(NAMES))
    part = kind in ("season", "episode")
    ids = some_ids(title, draw(st.one_of(st.just(frozenset()), known) if part else known))
    name, year = f"Title {which}", draw(st.sampled_from([None, 1990]))
    if not part:
        return Media(MediaType(kind), ids, draw(st.sampled_from([None, name])), year)
    return Media(
        MediaType(kind),
        ids,
        show_ids=some_ids(("show", which, 0, 0), draw(known)),
        season=draw(st.sampled_from([None, season, season])),
        episode=episode if kind == "episode" else None,
    )


def fields_for(target: Target) -> st.SearchStrategy[dict[str, str | int]]:
    """What stands beside an address: nothing in a removal."""
    stamp: st.SearchStrategy[str | int] = st.sampled_from(["2020-01-01T00:00:00.000Z", "released"])
    value: st.SearchStrategy[str | int] = st.integers(1, 10)
    match target:
        case Target.WATCHLIST:
            return st.builds(dict)
        case Target.HISTORY:
            return st.fixed_dictionaries({"watched_at": stamp})
        case Target.COLLECTION:
            return st.fixed_dictionaries({"collected_at": stamp})
        case Target.RATINGS:
            return st.one_of(st.builds(dict), st.fixed_dictionaries({"rating": value}))


@st.composite
def wishes(draw: st.DrawFn) -> tuple[Target, list[Leaf]]:
    """Leaves for one target; some cannot be sent, some are the same."""
    target = draw(st.sampled_from(Target))
    size = draw(st.sampled_from([0, 3, 15]))  # by itself Hypothesis makes few long lists
    some = draw(st.lists(st.tuples(medias(), fields_for(target)), min_size=size, max_size=2 * size + 1))
    return target, [Leaf(source, media, fields) for source, (media, fields) in enumerate(some)]


def what_was_asked(leaf: Leaf) -> tuple[str, int, int, int, tuple[tuple[str, object], ...]]:
    """A leaf in the words of the world; ids of the leaf or its show tell which title it is."""
    media = leaf.media
    own = Meant(media.type.value, "", (), tuple(sorted(leaf.fields.items())), media.type.section)
    if media.ids and any(name in TAKEN[media.type.section] for name, _ in media.ids.known()):
        address = json.dumps({"ids": {k: v for k, v in media.ids.known() if k in TAKEN[own.section]}})
        return (*title_of(Meant(own.kind, address, (), (), own.section)), own.fields)
    if media.show_ids and media.season is not None:
        address = json.dumps({"ids": dict(media.show_ids.known())})
        numbers = (media.season,) if media.episode is None else (media.season, media.episode)
        return (*title_of(Meant(own.kind, address, numbers, (), "shows")), own.fields)
    assert media.title
    return media.type.value, int(media.title.removeprefix("Title ")), 0, 0, own.fields


def reason_to_refuse(target: Target, media: Media) -> Reason | None:
    """Which leaves cannot be sent, told from Trakt's rules."""
    if media.type in (MediaType.SHOW, MediaType.SEASON) and target in (Target.HISTORY, Target.COLLECTION):
        return Reason.WHOLE_SHOW
    if any(name in TAKEN[media.type.section] for name, _ in media.ids.known()):
        return None
    if media.type in (MediaType.MOVIE, MediaType.SHOW):
        return None if not media.ids and media.title and media.year else Reason.MISSING_IDS
    if not media.show_ids:
        return Reason.MISSING_IDS
    return None if media.season is not None else Reason.MISSING_SCOPE


# --- properties


@given(wishes(), st.integers(1, 40))
def test_a_body_means_its_leaves_and_nothing_more(wish: tuple[Target, list[Leaf]], size: int) -> None:
    target, leaves = wish
    for payload in plan_payloads(target, leaves, size=size).payloads:
        body = json.loads(json.dumps(payload.body))
        meant = Counter((*title_of(one), one.fields) for one in read_body(target, body))
        assert meant == Counter(what_was_asked(leaf) for leaf in payload.leaves)


@given(wishes(), st.integers(1, 40))
def test_every_leaf_is_sent_once_or_refused_with_its_reason(
    wish: tuple[Target, list[Leaf]], size: int
) -> None:
    target, leaves = wish
    plan = plan_payloads(target, leaves, size=size)

    expected = {leaf.source: reason_to_refuse(target, leaf.media) for leaf in leaves}
    assert {source: refusal.reason for source, refusal in plan.refused} == {
        source: reason for source, reason in expected.items() if reason is not None
    }
    assert sorted(sources(plan)) == [source for source, reason in expected.items() if reason is None]
    assert all(0 < len(payload.leaves) <= size for payload in plan.payloads)


@given(wishes(), st.integers(1, 40))
def test_a_show_stands_once_in_a_body(wish: tuple[Target, list[Leaf]], size: int) -> None:
    target, leaves = wish
    for payload in plan_payloads(target, leaves, size=size).payloads:
        marks = Counter(mark for show in shows_of(payload) for mark in marks_of(show))
        assert set(marks.values()) <= {1}
        for show in shows_of(payload):
            assert set(Counter(str(season["number"]) for season in rows(show.get("seasons"))).values()) <= {1}


@given(wishes(), st.integers(1, 40))
def test_leaves_keep_their_order_unless_their_show_stands_in_the_way(
    wish: tuple[Target, list[Leaf]], size: int
) -> None:
    target, leaves = wish
    plan = plan_payloads(target, leaves, size=size)

    for earlier, later in zip(plan.payloads, plan.payloads[1:], strict=False):
        assert [leaf.source for leaf in earlier.leaves] == sorted(leaf.source for leaf in earlier.leaves)
        there = {what_was_asked(leaf)[1] for leaf in earlier.leaves if leaf.media.type is not MediaType.MOVIE}
        for leaf in later.leaves:
            moved = leaf.source < earlier.leaves[-1].source
            assert not moved or what_was_asked(leaf)[1] in there
    if target in (Target.HISTORY, Target.COLLECTION):
        assert sources(plan) == sorted(sources(plan))
        assert all(len(payload.leaves) == size for payload in plan.payloads[:-1])


@given(
    st.lists(
        st.builds(
            Ids,
            trakt=st.sampled_from([None, 1, 2]),
            imdb=st.sampled_from([None, "tt0000001", "tt0000002"]),
            tmdb=st.sampled_from([None, 1, 2]),
            tvdb=st.sampled_from([None, 1, 2]),
        ).filter(bool),
        max_size=12,
    )
)
def test_ids_that_contradict_each_other_never_put_an_episode_under_a_show_that_is_not_its_own(
    shows: list[Ids],
) -> None:
    leaves = [
        Leaf(place, Media(MediaType.EPISODE, show_ids=ids, season=1, episode=1), {"watched_at": str(place)})
        for place, ids in enumerate(shows)
    ]
    plan = plan_payloads(Target.HISTORY, leaves, size=100)

    assert sorted(sources(plan)) == list(range(len(shows)))
    for payload in plan.payloads:
        entries = [parse_ids(show["ids"]) for show in shows_of(payload)]
        assert not any(same_ids(a, b) for a in entries for b in entries if a is not b)
        for meant in read_body(Target.HISTORY, payload.body):
            place = int(str(dict(meant.fields)["watched_at"]))
            assert same_ids(shows[place], parse_ids(json.loads(meant.address)["ids"]))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 2**40)), max_size=20), st.integers(1, 7))
def test_plays_are_removed_by_their_ids_each_once_in_a_body(plays: list[tuple[int, int]], size: int) -> None:
    removals = plan_play_removals(plays, size=size)

    assert [pair for part in removals for pair in zip(part.sources, part.ids, strict=True)] == plays
    for removal in removals:
        assert 0 < len(removal.ids) <= size
        assert removal.body == {"ids": list(dict.fromkeys(removal.ids))}


# --- examples

SHOW = Ids(trakt=1390, imdb="tt0944947")
FILM = Media(MediaType.MOVIE, Ids(tmdb=550, imdb="tt0137523", tvdb=9))


def episode(season: int, number: int, show: Ids = SHOW) -> Media:
    return Media(MediaType.EPISODE, show_ids=show, season=season, episode=number)


def season(number: int, show: Ids = SHOW) -> Media:
    return Media(MediaType.SEASON, show_ids=show, season=number)


def show(ids: Ids = SHOW) -> Media:
    return Media(MediaType.SHOW, ids)


def bodies(target: Target, *media: Media, fields: Json | None = None, size: int = 100) -> list[Json]:
    leaves = [Leaf(place, one, dict(fields or {})) for place, one in enumerate(media)]  # type: ignore[arg-type]
    return [payload.body for payload in plan_payloads(target, leaves, size=size).payloads]


def refusal(target: Target, media: Media, *, by_numbers: bool = True) -> Reason:
    plan = plan_payloads(target, [Leaf(7, media)], size=1, by_numbers=by_numbers)
    ((source, refused),) = plan.refused
    assert source == 7
    assert refused.hint
    assert not plan.payloads
    return refused.reason


def sources(plan: Plan) -> list[int]:
    return [leaf.source for payload in plan.payloads for leaf in payload.leaves]


def shows_of(payload: Payload) -> Sequence[Json]:
    return rows(payload.body.get("shows"))


def marks_of(show: Json) -> list[str]:
    ids = show.get("ids")
    return [f"{mark}" for mark in ids.items()] if isinstance(ids, dict) else [json.dumps(show["title"])]


def test_plays_of_one_show_share_its_entry_and_several_dates_are_several_entries() -> None:
    at = ["2020-01-01T00:00:00.000Z", "2020-01-02T00:00:00.000Z", "2020-01-03T00:00:00.000Z"]
    leaves = [
        Leaf(0, episode(1, 1), {"watched_at": at[0]}),
        Leaf(1, FILM, {"watched_at": at[1]}),
        Leaf(2, episode(1, 1, Ids(imdb="tt0944947", tmdb=1399)), {"watched_at": at[1]}),
        Leaf(3, episode(0, 4), {"watched_at": at[2]}),
    ]

    (payload,) = plan_payloads(Target.HISTORY, leaves, size=4).payloads

    assert payload.leaves == leaves
    show = Ids(trakt=1390, imdb="tt0944947", tmdb=1399)
    assert payload.ids == [show, Ids(tmdb=550, imdb="tt0137523"), show, show]
    assert payload.body == {
        "movies": [{"ids": {"imdb": "tt0137523", "tmdb": 550}, "watched_at": at[1]}],
        "shows": [
            {
                "ids": {"trakt": 1390, "imdb": "tt0944947", "tmdb": 1399},
                "seasons": [
                    {
                        "number": 1,
                        "episodes": [
                            {"number": 1, "watched_at": at[0]},
                            {"number": 1, "watched_at": at[1]},
                        ],
                    },
                    {"number": 0, "episodes": [{"number": 4, "watched_at": at[2]}]},
                ],
            }
        ],
    }


def test_a_listed_show_and_its_parts_go_in_different_payloads() -> None:
    assert bodies(Target.WATCHLIST, episode(1, 1), season(1), show(), season(2)) == [
        {
            "shows": [
                {
                    "ids": {"trakt": 1390, "imdb": "tt0944947"},
                    "seasons": [{"number": 1, "episodes": [{"number": 1}]}, {"number": 2}],
                }
            ]
        },
        {"shows": [{"ids": {"trakt": 1390, "imdb": "tt0944947"}, "seasons": [{"number": 1}]}]},
        {"shows": [{"ids": {"trakt": 1390, "imdb": "tt0944947"}}]},
    ]


def test_a_rated_show_and_its_rated_parts_share_one_entry() -> None:
    assert bodies(Target.RATINGS, episode(1, 1), season(1), show(), fields={"rating": 8}) == [
        {
            "shows": [
                {
                    "ids": {"trakt": 1390, "imdb": "tt0944947"},
                    "rating": 8,
                    "seasons": [{"number": 1, "rating": 8, "episodes": [{"number": 1, "rating": 8}]}],
                }
            ]
        }
    ]


def test_removing_the_ratings_of_a_show_and_of_its_parts_takes_two_payloads() -> None:
    """Without a `rating` in the body nothing says that the show itself is meant too."""
    assert len(bodies(Target.RATINGS, show(), episode(1, 1))) == 2


@pytest.mark.parametrize("target", [Target.HISTORY, Target.COLLECTION])
@pytest.mark.parametrize("media", [show(), season(1), Media(MediaType.SEASON, Ids(trakt=3950))])
def test_a_whole_show_is_never_played_or_collected(target: Target, media: Media) -> None:
    assert refusal(target, media) is Reason.WHOLE_SHOW


def test_own_ids_are_better_than_numbers_and_only_those_of_the_kind_are_sent() -> None:
    known = Ids(trakt=73640, imdb="tt1480055", tmdb=63056, tvdb=3254641, slug="winter-is-coming")
    numbered = Media(MediaType.EPISODE, known, show_ids=SHOW, season=1, episode=1)

    assert bodies(Target.HISTORY, numbered) == [
        {"episodes": [{"ids": {"trakt": 73640, "imdb": "tt1480055", "tmdb": 63056, "tvdb": 3254641}}]}
    ]
    assert bodies(Target.RATINGS, Media(MediaType.SEASON, known)) == [
        {"seasons": [{"ids": {"trakt": 73640, "tmdb": 63056, "tvdb": 3254641}}]}
    ]
    foreign = Media(MediaType.SEASON, Ids(imdb="tt1480055"), show_ids=SHOW, season=1)
    assert bodies(Target.RATINGS, foreign) == bodies(Target.RATINGS, season(1))


def test_title_and_year_serve_only_what_has_no_ids() -> None:
    assert bodies(Target.WATCHLIST, Media(MediaType.MOVIE, NO_IDS, "Dune", 2021)) == [
        {"movies": [{"title": "Dune", "year": 2021}]}
    ]
    assert bodies(Target.WATCHLIST, Media(MediaType.MOVIE, Ids(tmdb=438631), "Dune", 2021)) == [
        {"movies": [{"ids": {"tmdb": 438631}}]}
    ]
    assert refusal(Target.WATCHLIST, Media(MediaType.MOVIE, Ids(tvdb=1), "Dune", 2021)) is Reason.MISSING_IDS
    assert refusal(Target.WATCHLIST, Media(MediaType.SHOW, NO_IDS, "Dune")) is Reason.MISSING_IDS


def test_what_cannot_be_found_is_refused() -> None:
    no_number = Media(MediaType.EPISODE, show_ids=SHOW, season=1)
    assert refusal(Target.HISTORY, no_number) is Reason.MISSING_SCOPE
    assert refusal(Target.HISTORY, Media(MediaType.EPISODE, season=1, episode=2)) is Reason.MISSING_IDS
    assert refusal(Target.HISTORY, episode(1, 1), by_numbers=False) is Reason.EPISODE_NOT_FOUND


def test_spellings_of_a_show_are_joined_by_a_third() -> None:
    spellings = [Ids(imdb="tt0944947"), Ids(tvdb=121361), Ids(imdb="tt0944947", tvdb=121361)]
    (body,) = bodies(Target.HISTORY, *(episode(1, place, ids) for place, ids in enumerate(spellings)))

    (entry,) = rows(body["shows"])
    assert entry["ids"] == {"imdb": "tt0944947", "tvdb": 121361}


def test_one_bad_item_does_not_join_two_shows() -> None:
    one, other = Ids(trakt=1, imdb="tt0000001"), Ids(tmdb=2, imdb="tt0000002")
    bad = Ids(trakt=1, tmdb=2)
    payloads = bodies(
        Target.HISTORY, *(episode(1, place, ids) for place, ids in enumerate([one, bad, other]))
    )

    assert [len(rows(body["shows"])) for body in payloads] == [1, 1]


def test_fields_cannot_change_what_is_addressed() -> None:
    with pytest.raises(ValueError, match="addresses"):
        plan_payloads(Target.HISTORY, [Leaf(0, episode(1, 1), {"seasons": "all"})], size=1)


def test_a_payload_holds_at_least_one_leaf() -> None:
    with pytest.raises(ValueError, match="at least one"):
        plan_payloads(Target.HISTORY, [], size=0)
    with pytest.raises(ValueError, match="at least one"):
        plan_play_removals([], size=0)
    assert plan_payloads(Target.HISTORY, [], size=1) == Plan([], [])
