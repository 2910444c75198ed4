"""Whose token is used in a pair, and where a refreshed one goes."""

from pathlib import Path

import pytest

from crosswatch_trakt.adapters.simulator.account import Account
from tests.crosswatch.engine import Engine
from tests.crosswatch.test_pairs import FORMS, WAYS, fill, giver, healthy, paired
from tests.crosswatch.trakt import PAST, Paired
from tests.crosswatch.values import Form, block, mappings

P01 = "TRAKT-P01"


def tokens(pair: Paired, profile: str = "default") -> tuple[object, object]:
    """The pair of a profile, as it stands in the configuration."""
    trakt = block(pair.host.load_config(), "trakt")
    own = trakt if profile == "default" else block(trakt, "instances", profile)
    return own["access_token"], own["refresh_token"]


@FORMS
@WAYS
def test_a_pair_of_a_profile_touches_nobody_elses_account(tmp_path: Path, form: Form, way: str) -> None:
    pair = paired(tmp_path, form, way)
    ann = pair.world.account
    ann.watch(pair.films[9], PAST)
    ann.put_on_watchlist(pair.films[9])
    ann.rate(pair.films[9], 1)
    pair.add_profile(P01)
    fill(pair, giver(way))

    for _ in range(2):
        healthy(pair.run())

    assert pair.equal
    assert "movie 1010" not in {title for title, _ in pair.holds("plain", "history")}
    assert _sizes(ann) == (1, 1, 1)


@FORMS
@WAYS
@pytest.mark.parametrize("profile", ["default", P01])
@pytest.mark.parametrize("after", [0, 3, 6])
def test_a_token_that_dies_during_a_run_is_refreshed_into_its_own_block(
    tmp_path: Path, form: Form, way: str, profile: str, after: int
) -> None:
    """The engine's views are of the run's beginning: from then on they hold the older token."""
    pair = paired(tmp_path, form, way)
    if profile == P01:
        pair.add_profile(P01)
    fill(pair, giver(way))
    pair.host.save_config(pair.config)
    before, others = tokens(pair, profile), {name: tokens(pair, name) for name in ("default", *pair.others)}
    asked = 0

    def expires(*_: object) -> None:
        nonlocal asked
        asked += 1
        if asked == after + 1:
            pair.simulator.oauth.expire_all()

    pair.simulator.on_request(expires)
    healthy(pair.run())

    assert pair.equal
    now = tokens(pair, profile)
    assert (now[0] != before[0], now[1] != before[1]) == (True, True)
    assert all(tokens(pair, name) == were for name, were in others.items() if name != profile)
    assert sum(seen.path == "/oauth/token" for seen in pair.simulator.requests) == 1
    pair.new_process()
    assert all(tally.quiet for tally in healthy(pair.run()).features.values())


@FORMS
@WAYS
def test_a_token_that_crosswatch_itself_renews_amid_a_run_ends_nothing_for_good(
    tmp_path: Path, form: Form, way: str
) -> None:
    pair = paired(tmp_path, form, way)
    fill(pair, giver(way))
    pair.host.save_config(pair.config)
    asked = 0

    def renews(*_: object) -> None:
        nonlocal asked
        asked += 1
        if asked == 4:
            pair.simulator.oauth.expire_all()
            grant = pair.simulator.oauth.sign_in(pair.account)
            pair.sign_in(grant.access_token, grant.refresh_token)

    pair.simulator.on_request(renews)
    first = pair.run()
    renewed = tokens(pair)

    healthy(pair.run())

    assert not first.called("remove")
    assert pair.equal
    assert tokens(pair) == renewed


def test_two_profiles_of_trakts_are_a_pair_to_the_newer_engine(tmp_path: Path) -> None:
    pair = Paired(tmp_path, Form.NEW)
    ann, bob = pair.world.account, pair.add_profile(P01)
    ann.put_on_watchlist(pair.films[0])
    ann.watch(pair.films[1], PAST)
    bob.rate(pair.films[2], 4)
    config = pair.config
    (asked,) = mappings(config["pairs"])
    config["pairs"] = [{**asked, "target": "TRAKT", "source_instance": "default", "target_instance": P01}]

    for _ in range(3):
        pair.clock.advance(1800)
        with pair.host.installed():
            healthy(Engine(config, {"TRAKT": pair.ops}, pair.host, pair.memory).run())

    assert [title.trakt for title in bob.watchlist] == [pair.films[0].trakt]
    assert [play.title for play in bob.plays] == [pair.films[1]]
    assert [rated.rating for rated in bob.ratings.values()] == [4]
    assert _sizes(ann) == (1, 1, 0)


def _sizes(account: Account) -> tuple[int, int, int]:
    return len(account.watchlist), len(account.plays), len(account.ratings)
