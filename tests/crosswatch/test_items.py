"""Items as the engine hands them in, put in our words."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswatch_trakt.adapters.crosswatch.items import is_meant, is_whole_title, key_of, our_item
from crosswatch_trakt.domain.items import parse_media
from tests.crosswatch.calling import AT, calling
from tests.crosswatch.host import Host
from tests.crosswatch.values import Form, Item
from tests.strategies import any_item


@pytest.mark.parametrize("form", list(Form))
def test_an_item_is_known_by_its_mark_of_a_play_or_by_the_hosts_key(tmp_path: Path, form: Form) -> None:
    show: Item = {"type": "show", "ids": {"tmdb": "7"}}
    with calling(tmp_path, form):
        assert key_of({**show, "_cw_event_key": "tmdb:7@1714594503"}) == "tmdb:7@1714594503"
        assert key_of({**show, "_cw_event_key": ""}) == ("tmdb:7" if form is Form.OLD else "tmdb:7#show")


@pytest.mark.parametrize(
    ("given_ids", "ids", "show_ids"),
    [
        ({"ids": {"tmdb": "9"}, "show_ids": {"tmdb": "7"}}, {"tmdb": "9"}, {"tmdb": "7"}),
        ({"ids": {"tmdb": "7"}}, None, {"tmdb": "7"}),
        ({"ids": {"tmdb": "7"}, "show_ids": {}}, None, {"tmdb": "7"}),
    ],
)
def test_without_ids_of_a_show_those_of_an_episode_with_numbers_are_the_shows(
    given_ids: Item, ids: Item | None, show_ids: Item
) -> None:
    """So the engine's own keys read them."""
    ours = our_item({"type": "episode", "season": 1, "episode": 2, **given_ids})

    assert (ours.get("ids"), ours["show_ids"]) == (ids, show_ids)


def test_an_episode_without_numbers_keeps_its_own_ids() -> None:
    assert our_item({"type": "episode", "ids": {"trakt": "9"}})["ids"] == {"trakt": "9"}


@pytest.mark.parametrize("name", ["_trakt_history_id", "trakt_history_id", "history_id"])
def test_a_history_id_is_taken_from_wherever_it_stands(name: str) -> None:
    assert our_item({"type": "movie", "ids": {"tmdb": "1"}, name: "77"})["history_id"] == "77"
    assert "history_id" not in our_item({"type": "movie", "ids": {"tmdb": "1"}, name: "none"})


def test_marks_and_what_others_need_are_left_out() -> None:
    row: Item = {
        "type": "movie",
        "title": "Dune",
        "year": 2021,
        "ids": {"tmdb": "1", "simkl": "3"},
        "watched_at": AT,
        "_cw_event_key": "tmdb:1@1714594500",
        "_cw_rewatch_sync": True,
        "_simkl_history_id": "4",
        "progress_ms": 3,
        "rated_at": None,
    }
    assert our_item(row).keys() == {"type", "title", "year", "ids", "watched_at"}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"type": "anime"}, "show"),
        ({"type": "anime", "season": 1, "episode": 2}, "episode"),
        ({"type": ""}, "movie"),
        ({}, "movie"),
        ({"type": "series"}, "series"),
    ],
)
def test_the_engines_types_are_understood(row: Item, kind: str) -> None:
    assert our_item(row)["type"] == kind


@pytest.mark.parametrize(
    ("row", "whole"),
    [
        ({}, True),
        ({"watched_at": None, "history_id": ""}, True),
        ({"watched_at": AT}, False),
        ({"_trakt_history_id": "7"}, False),
        ({"_cw_event_key": "tmdb:1@1714594500"}, False),
        ({"provider_event_id": "another service's"}, False),
        ({"watched_at": 0}, False),
    ],
)
def test_only_what_names_no_play_means_all_plays(row: Item, whole: bool) -> None:
    assert is_whole_title({"type": "movie", "ids": {"tmdb": "1"}, **row}) is whole


def test_what_a_person_clears_is_meant() -> None:
    assert is_meant({"_cw_tool_clear": True})
    assert not is_meant({})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    item=any_item().filter(lambda item: isinstance(item, dict)),
    extra=st.sampled_from([{}, {"type": "anime"}]),
)
def test_whatever_is_handed_in_is_read_and_not_changed(
    item: Item, extra: Item, tmp_path_factory: pytest.TempPathFactory
) -> None:
    row = {**item, **extra}
    before = dict(row)
    with Host(tmp_path_factory.getbasetemp() / "items").installed():
        ours = our_item(row)
        parse_media(ours)
        is_whole_title(row)

    assert row.keys() == before.keys()
    assert all(row[name] is before[name] for name in row)
