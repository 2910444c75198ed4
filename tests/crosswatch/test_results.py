"""What a call answers: each item under the caller's key, in one place."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswatch_trakt.adapters.crosswatch.results import Told, confirmed_keys, engine_result
from crosswatch_trakt.domain.outcomes import Reason
from tests.crosswatch.calling import calling
from tests.crosswatch.host import Host
from tests.crosswatch.indexes import Reading
from tests.crosswatch.keys import Keys
from tests.crosswatch.plain import film
from tests.crosswatch.results import read_reply
from tests.crosswatch.values import Form, Item, block, mappings, texts

_ends = st.tuples(
    st.sampled_from(["confirmed", "existing", "unresolved"]), st.sampled_from([None, *Reason, "http:503"])
)
_told = st.builds(
    lambda number, ends: Told(film(number), f"tmdb:{number}", ends),
    st.integers(1, 6),
    st.lists(_ends, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(_told, max_size=8), removal=st.booleans())
def test_every_key_is_in_exactly_one_place_and_the_engine_has_nothing_to_guess(
    items: Sequence[Told], removal: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Host(tmp_path_factory.getbasetemp() / "results").installed():
        result = engine_result(items, removal=removal, dry_run=False)
    places = [texts(result[name]) for name in ("confirmed_keys", "skipped_keys", "unresolved_keys")]

    passing = set(places[1]) & set(places[2])  # told, and offered again: never counted as failed
    assert passing == set(places[2]) - {one.key for one in items if one.is_final} - {*(places[2] * removal)}
    keys = [key for place in places for key in place]
    assert sorted(keys) == sorted([*{one.key for one in items}, *passing])
    told = mappings(result["unresolved"])
    assert {entry["key"] for entry in told} == set(places[2])
    assert len(told) == sum(one.fate == "unresolved" for one in items)
    assert all(entry["hint"] for entry in told)
    assert result["ok"] is (not told)
    assert (result["count"], result["skipped"]) == (len(places[0]), len(places[1]))
    assert not (removal and places[1]), "of a removal what is gone is confirmed"
    assert sum(block(result["reason_counts"]).values()) == len(told)  # type: ignore[arg-type]
    reading = Reading(Keys(Form.OLD), "watchlist")
    reply = read_reply(result, [dict(one.item) for one in items], reading, adding=not removal)
    assert reply.confirmed_keys == places[0]
    if items and places[0]:
        assert set(reply.unresolved_keys) == set(places[2]), "nothing is left unaccounted for"


def hint(item: Item, reason: str, *, removal: bool = False) -> object:
    told = Told(item, "k", [("unresolved", reason)])
    return mappings(engine_result([told], removal=removal, dry_run=False)["unresolved"])[0]["hint"]


EPISODE: Item = {"type": "episode", "season": 1, "episode": 2}
OF_SHOW: Item = {**EPISODE, "show_ids": {"tmdb": "7"}}
OWN: Item = {"type": "episode", "ids": {"tvdb": "9"}}
SEASON: Item = {"type": "season", "season": 1}


@pytest.mark.parametrize(
    ("item", "reason", "shown"),
    [
        (film(1), Reason.MISSING_IDS, "missing ids"),
        (EPISODE, Reason.MISSING_IDS, "episode scope or ids missing"),
        (SEASON, Reason.MISSING_IDS, "season scope or ids missing"),
        (OF_SHOW, Reason.MISSING_SCOPE, "missing season/episode"),
        (film(1), Reason.MISSING_WATCHED_AT, "invalid watched_at"),
        (film(1), Reason.INVALID_WATCHED_AT, "invalid watched_at"),
        (film(1), Reason.NOT_FOUND, "not_found"),
        (OF_SHOW, Reason.NOT_FOUND, "trakt_parent_not_found"),
        (SEASON, Reason.NOT_FOUND, "trakt_parent_not_found"),
        (OWN, Reason.NOT_FOUND, "trakt_episode_not_found"),
        (OF_SHOW, Reason.EPISODE_NOT_FOUND, "trakt_episode_not_found"),
        (film(1), Reason.ACCOUNT_LIMIT, "trakt_limit"),
        (film(1), Reason.AMBIGUOUS, "trakt_response_ambiguous"),
        (film(1), Reason.AMBIGUOUS_PLAYS, "trakt_history_event_ambiguous"),
        (film(1), "http:503", "http:503"),
        (film(1), Reason.REMOVAL_GUARD, "removal_guard"),
    ],
)
def test_a_reason_is_said_in_crosswatchs_words(tmp_path: Path, item: Item, reason: str, shown: str) -> None:
    with calling(tmp_path):
        assert hint(item, reason) == shown


def test_some_reasons_are_others_for_a_removal(tmp_path: Path) -> None:
    with calling(tmp_path):
        assert hint(film(1), Reason.AMBIGUOUS, removal=True) == "trakt_history_remove_unconfirmed"
        undated = hint(film(1), Reason.UNDATED_REMOVAL, removal=True)
        assert undated == "trakt_history_id_required_for_rewatch_remove"


def test_what_was_added_is_read_again_where_its_key_over_here_is_not_known(tmp_path: Path) -> None:
    told = [Told(film(1), "tmdb:1", [("confirmed", None)]), Told(film(2), "imdb:tt2", [("confirmed", None)])]
    with calling(tmp_path):
        unknown = engine_result(told, removal=False, dry_run=False)
        assert (unknown["accepted_keys"], unknown["presence_confirmed_keys"]) == (["tmdb:1", "imdb:tt2"], [])
        known = engine_result(told, removal=False, dry_run=False, destinations={"tmdb:1": {}})
        assert known["presence_confirmed_keys"] == ["tmdb:1"]
        for result in (known, engine_result(told, removal=True, dry_run=False)):
            assert "accepted_keys" not in result


def test_a_show_is_as_badly_off_as_the_worst_of_its_episodes(tmp_path: Path) -> None:
    with calling(tmp_path):
        mixed = Told(film(1), "k", [("confirmed", None), ("existing", "there"), ("unresolved", "http:500")])
        assert (mixed.fate, mixed.reason) == ("unresolved", "http:500")
        assert Told(film(1), "k", [("existing", "there"), ("confirmed", None)]).fate == "confirmed"
        assert Told(film(1), "k").fate == "unresolved", "what has no end was not done"


def test_confirmed_keys_come_in_order_once_and_without_the_unresolved() -> None:
    items = [{"k": "a"}, {"k": "b"}, {"k": "a"}, {"k": "c"}, {"k": ""}]

    assert confirmed_keys(lambda item: str(item["k"]), items, ["b", {"key": "c"}, None]) == ["a"]
    assert confirmed_keys(lambda item: str(item["k"]), items, []) == ["a", "b", "c"]
