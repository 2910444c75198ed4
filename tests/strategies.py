"""What hypothesis draws for the tests of the domain.

Three kinds of things: values as the domain holds them (`ids`, `media`), the many ways in which
services write one value (`spellings_…`), and whatever else a caller may hand in (`anything`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from crosswatch_trakt.domain.ids import NAMESPACES, Ids, IdValue, Namespace
from crosswatch_trakt.domain.items import without_shows
from crosswatch_trakt.domain.media import Media, MediaType

T = TypeVar("T")

NO_ID = (None, "", " ", "0", 0, 0.0, "none", "None", "NULL", " null ", "nan", "undefined", "n/a", "-", False)
MOMENT_MAX = 4_102_444_799  # the last second of 2099


def maybe(values: SearchStrategy[T]) -> SearchStrategy[T | None]:
    """A value or none."""
    return st.none() | values


# --- values as the domain holds them

titles = st.sampled_from(["Dune", "DUNE", "dune  part two"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
).map(str.strip).filter(bool)
years = st.integers(1900, 2100)
moments = st.integers(0, MOMENT_MAX)  # epoch seconds
others = st.sampled_from(
    [{}, {}, {"plex": {"guid": "5d776", "slug": "heat"}}, {"simkl": 7, "guid": "plex://movie/5d776"}]
)


def _ids(numbers: SearchStrategy[int]) -> SearchStrategy[Ids]:
    return st.builds(
        Ids,
        trakt=maybe(numbers),
        imdb=maybe(numbers.map(lambda number: f"tt{number:07d}")),
        tmdb=maybe(numbers),
        tvdb=maybe(numbers),
        slug=maybe(numbers.map(lambda number: f"title-{number}")),
        others=others,
    )


def _films_and_shows(ids: SearchStrategy[Ids]) -> SearchStrategy[Media]:
    kinds = st.sampled_from([MediaType.MOVIE, MediaType.SHOW])
    titled = st.builds(Media, kinds, ids, titles, maybe(years))
    return titled | st.builds(Media, kinds, ids.filter(bool), st.none(), maybe(years))


def _parts_of_shows(ids: SearchStrategy[Ids]) -> SearchStrategy[Media]:
    numbers = st.sampled_from([0, 1, 2, 3, None])
    part = st.builds(
        Media,
        type=st.sampled_from([MediaType.SEASON, MediaType.EPISODE]),
        ids=ids,
        title=maybe(titles),
        show_ids=ids,
        season=numbers,
        episode=numbers,
        series_title=maybe(titles),
    )
    return part.map(_as_parsed).filter(lambda media: bool(media.ids) or media.scope is not None)


def _as_parsed(part: Media) -> Media:
    episode = part.episode if part.type is MediaType.EPISODE else None
    return replace(part, ids=without_shows(part.ids, part.show_ids), episode=episode)


few = st.integers(1, 3)  # ids out of these meet again and again
many = few | st.integers(1, 2**63 - 1)
few_ids, many_ids = _ids(few), _ids(many)
films_and_shows = _films_and_shows(few_ids)  # all of them as `parse_media` makes them
few_media = films_and_shows | _parts_of_shows(few_ids)
many_media = _films_and_shows(many_ids) | _parts_of_shows(many_ids)
# What Trakt sends always has its number of Trakt's.
_ids_of_trakt = st.builds(replace, few_ids, trakt=few)
media_of_trakt = (_films_and_shows(_ids_of_trakt) | _parts_of_shows(_ids_of_trakt)).filter(
    lambda media: media.ids.trakt is not None
)


# --- the ways in which services write one value


def spellings_of_id(namespace: Namespace, value: IdValue) -> SearchStrategy[object]:
    """One id: as text or number, padded, in any casing."""
    if isinstance(value, int):
        number = value
        texts = [str(number), f" {number}\n", f"{number:012d}"]
    elif namespace == "imdb":
        number = int(value.removeprefix("tt"))
        texts = [value, value.upper(), f" tt{number} ", str(number)]
    else:
        return st.sampled_from([value, value.upper(), value.title(), f" {value} "])
    numbers = [number, float(number)] if number < 2**53 else [number]
    return st.sampled_from([*texts, *numbers])


@st.composite
def spellings_of_ids(draw: st.DrawFn, of: Ids) -> dict[str, object]:
    """All ids of a title in any order and spelling, with junk in the other namespaces."""
    spelt: dict[str, object] = dict(of.others)
    for namespace in NAMESPACES:
        value = of.get(namespace)
        name = draw(st.sampled_from([namespace, namespace.upper(), namespace.title()]))
        if value is not None:
            spelt[name] = draw(spellings_of_id(namespace, value))
        elif draw(st.booleans()):
            spelt[name] = draw(st.sampled_from(NO_ID))
    return dict(draw(st.permutations(list(spelt.items()))))


@st.composite
def spellings_of_item(draw: st.DrawFn, of: Media) -> dict[str, object]:
    """An item as some service might write this title."""
    kind = of.type.value
    item: dict[str, object] = {
        "type": draw(st.sampled_from([kind, kind.upper(), f" {kind}s"])),
        "ids": draw(spellings_of_ids(of.ids)),
        "show_ids": draw(spellings_of_ids(of.show_ids)),
        "title": of.title if of.title is None else f" {of.title} ",
        "series_title": of.series_title,
    }
    for name, number in (("year", of.year), ("season", of.season), ("episode", of.episode)):
        if number is not None:
            item[name] = draw(st.sampled_from([number, str(number), f" {number} ", float(number)]))
    return dict(draw(st.permutations(list(item.items()))))


def spellings_of_moment(moment: int) -> SearchStrategy[object]:
    """One moment: ISO in any zone, seconds or milliseconds, as text, number or datetime."""
    at = datetime.fromtimestamp(moment, UTC)
    numbers = [moment, float(moment)]
    if moment * 1000 >= 1e11:  # below, milliseconds are taken for seconds
        numbers += [moment * 1000, moment * 1000 + 999]
    elsewhere = offsets.map(at.astimezone)
    texts = elsewhere.flatmap(
        lambda there: st.sampled_from(
            [
                there.isoformat(),
                there.isoformat(" "),
                f" {there.isoformat().lower()} ",
                f"{there:%FT%T.123456%z}",
            ]
        )
    )
    naive = at.replace(tzinfo=None)
    plain = [naive.isoformat(), f"{naive.isoformat()}Z", f"{naive.isoformat()}.5z", naive, at]
    return st.sampled_from([*numbers, *map(str, numbers), *plain]) | texts | elsewhere


offsets = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


# --- whatever else a caller may hand in

_scalars: SearchStrategy[object] = st.one_of(
    st.sampled_from(
        [*NO_ID, True, "7", "movie", "unknown", "released", "2021-02-30", "tt1", 10**400, -(10**400)]
    ),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=8),
    st.text(st.characters(categories=["Cs"]), min_size=1, max_size=3),  # half characters
    st.binary(max_size=8),
    st.datetimes(),
    st.dates(),
    st.decimals(),
    st.complex_numbers(),
)
_names = st.one_of(
    st.text(max_size=5), st.integers(), st.none(), st.binary(max_size=3), st.sampled_from(NAMESPACES)
)
anything: SearchStrategy[object] = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(_names, inner, max_size=3),
    ),
    max_leaves=8,
)


@st.composite
def any_item(draw: st.DrawFn) -> object:
    """Mostly an object with the fields of an item, each of them good, odd or absent."""
    if draw(st.integers(0, 9)) == 0:
        return draw(anything)
    item: dict[object, object] = draw(st.dictionaries(_names, anything, max_size=2))
    item["type"] = draw(st.sampled_from([*MediaType, "tv", "Movies"]) | anything)
    fields: Mapping[str, SearchStrategy[object]] = {
        "ids": many.map(lambda number: {"tmdb": number}) | st.dictionaries(_names, anything, max_size=4),
        "show_ids": many.map(lambda number: {"tmdb": number}) | st.dictionaries(_names, anything, max_size=4),
        "title": titles,
        "year": years,
        "season": st.integers(-1, 3),
        "episode": st.integers(-1, 3),
        "series_title": titles,
        "watched_at": moments.flatmap(spellings_of_moment),
        "history_id": many,
        "rating": st.integers(0, 11),
        "rated_at": moments.flatmap(spellings_of_moment),
    }
    for name, good in fields.items():
        match draw(st.integers(0, 5)):
            case 0:
                item[name] = draw(anything)
            case 1:
                pass
            case _:
                item[name] = draw(good)
    return item
