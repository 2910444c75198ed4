"""No row of an index swallows another, whatever numbers titles share."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.naming import Names, name_titles
from crosswatch_trakt.domain.items import media_item
from crosswatch_trakt.domain.keys import canonical_key
from crosswatch_trakt.domain.media import Media
from tests.crosswatch.calling import calling
from tests.crosswatch.host import Host
from tests.crosswatch.indexes import Reading
from tests.crosswatch.keys import Keys
from tests.crosswatch.values import Form, Index, Item, mappings, texts
from tests.strategies import media_of_trakt, titles, years

BOTH_FORMS = pytest.mark.parametrize("form", list(Form))
NO_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)


def film(number: int, **ids: object) -> Item:
    return {"type": "movie", "title": f"Film {number}", "ids": {"trakt": number, "tmdb": number, **ids}}


def show(number: int, **ids: object) -> Item:
    return {"type": "show", "title": f"Show {number}", "ids": {"trakt": number, "tmdb": number, **ids}}


def episode(show_number: int, number: int, **ids: object) -> Item:
    return {
        "type": "episode",
        "title": "",
        "ids": {"trakt": 70 + number, **ids},
        "show_ids": {"trakt": show_number, "tmdb": show_number},
        "season": 1,
        "episode": number,
    }


def index_of(names: Names) -> Index:
    return {key: item for key, item in names.of.values()}


def test_a_film_and_a_show_of_one_number_both_have_a_key_of_their_own(tmp_path: Path) -> None:
    both = [show(550, imdb="tt0000009"), film(550)]
    with calling(tmp_path):
        old = name_titles(both, by_any_id=True)
    with calling(tmp_path, Form.NEW):
        new = name_titles(both, by_any_id=True)

    assert [old.of[place][0] for place in (0, 1)] == ["imdb:tt0000009", "tmdb:550"]
    assert old.collisions == ["tmdb:550"]
    assert [new.of[place][0] for place in (0, 1)] == ["tmdb:550#show", "tmdb:550"]
    assert new.collisions == []


def test_without_another_id_a_number_of_trakts_own_tells_it_apart_and_at_last_its_title(
    tmp_path: Path,
) -> None:
    bare_film: Item = {**film(6), "ids": {"trakt": 6}}
    bare_show: Item = {**show(6), "ids": {"trakt": 6}}
    with calling(tmp_path):
        names = name_titles([film(5), show(5), bare_film, bare_show], by_any_id=True)

    keys = [names.of[place][0] for place in range(4)]
    assert keys == ["tmdb:5", "trakt:5", "trakt:6", "show|title:show 6|year:"]


def test_nothing_that_stands_alone_loses_an_id(tmp_path: Path) -> None:
    alone = [film(1), show(2), episode(3, 1)]
    with calling(tmp_path, Form.NEW):
        names = name_titles(alone, by_any_id=True)

    assert names.collisions == []
    assert [names.of[place][0] for place in range(3)] == ["tmdb:1", "tmdb:2#show", "tmdb:3#s01e01"]
    assert [texts(list(dict(names.of[place][1]["ids"]))) for place in (0, 1)] == [["trakt", "tmdb"]] * 2  # type: ignore[call-overload]


_titled = media_of_trakt.flatmap(
    lambda media: st.builds(
        lambda title, year: Media(
            media.type,
            media.ids,
            f"{title} {media.ids.trakt}",
            year,
            media.show_ids,
            media.season,
            media.episode,
            media.series_title,
        ),
        titles,
        years,
    )
)
_libraries = st.lists(_titled, max_size=12, unique_by=lambda media: (media.type, media.ids.trakt)).map(
    lambda medias: list({canonical_key(media): media for media in medias}.values())
)


@BOTH_FORMS
@NO_FIXTURE
@given(medias=_libraries)
def test_no_two_titles_share_a_key_and_each_survives_the_engine(
    form: Form, medias: list[Media], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Host(tmp_path_factory.getbasetemp() / "keys", form).installed():
        names = name_titles([media_item(media) for media in medias], by_any_id=True)
        keys = Keys(form)
        index = index_of(names)

        assert len(index) == len(medias)
        assert len(Reading(keys, "ratings").canonical(index)) == len(medias)
        assert len(Reading(keys, "watchlist").canonical(index)) == len(medias)
        for key, item in names.of.values():
            assert key == host.canonical_key(item)


@NO_FIXTURE
@given(medias=_libraries)
def test_before_the_types_no_two_rows_share_any_id(
    medias: list[Media], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Host(tmp_path_factory.getbasetemp() / "keys", Form.OLD).installed():
        names = name_titles([media_item(media) for media in medias], by_any_id=True)
        tokens = Counter(token for _, item in names.of.values() for token in Keys(Form.OLD).bare_tokens(item))

    assert all(count == 1 for count in tokens.values())


@BOTH_FORMS
@NO_FIXTURE
@given(medias=_libraries, chance=st.randoms())
def test_names_do_not_hang_on_the_order_in_which_titles_come(
    form: Form, medias: list[Media], chance: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    items = [media_item(media) for media in medias]
    mixed = items[:]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    with Host(tmp_path_factory.getbasetemp() / "keys", form).installed():
        one = index_of(name_titles(items, by_any_id=True))
        other = index_of(name_titles(mixed, by_any_id=True))

    assert one == other


def test_a_title_that_is_handed_in_is_not_changed(tmp_path: Path) -> None:
    given_items = [show(5), film(5), episode(5, 1)]
    before = [dict(item) for item in mappings(given_items)]
    with calling(tmp_path):
        name_titles(given_items, by_any_id=True)

    assert given_items == before
