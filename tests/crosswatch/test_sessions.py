"""Whose account a view means: by the profile it names, by its token, or by what was seen before."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswatch_trakt import TraktError
from crosswatch_trakt.adapters.crosswatch.sessions import OPEN_MAX
from tests.crosswatch.calling import Called, calling
from tests.crosswatch.pairs import End, view_for
from tests.crosswatch.values import Config, block

PROFILES = ("default", "TRAKT-P01", "TRAKT-P02")


def people(cw: Called) -> dict[str, str]:
    """Three accounts, each with as many titles on its watchlist as its place; name → access token."""
    accounts = [cw.account] + [cw.simulator.add_account(name, name * 8) for name in ("bob", "cat")]
    for count, account in enumerate(accounts, 1):
        for film in cw.films[:count]:
            account.put_on_watchlist(film)
    return {account.username: account.access_token for account in accounts}


def sign_in(cw: Called, tokens: dict[str, str]) -> None:
    """Put these tokens (profile → access token) into the configuration."""
    base: Config = {"client_id": cw.simulator.client_id, "state_dir": str(cw.state)}
    trakt: Config = {**base, **({"access_token": tokens["default"]} if "default" in tokens else {})}
    trakt["instances"] = {
        name: {"access_token": token} for name, token in tokens.items() if name != "default"
    }
    cw.host.save_config({"trakt": trakt})


def held(cw: Called, view: Config) -> int:
    return len(cw.ops.build_index(view, feature="watchlist"))


def view_of(cw: Called, profile: str, *, named: bool = False) -> Config:
    mark: Config = {"_cw_provider_instance": profile} if named else {}
    return {**view_for(cw.host.load_config(), [End("TRAKT", profile)], {}), **mark}


@pytest.mark.parametrize("named", [False, True])
def test_each_profile_has_its_own_account(tmp_path: Path, named: bool) -> None:
    with calling(tmp_path) as cw:
        ann, bob, cat = people(cw).values()
        sign_in(cw, {"default": ann, "TRAKT-P01": bob, "TRAKT-P02": cat})

        assert [held(cw, view_of(cw, profile, named=named)) for profile in PROFILES] == [1, 2, 3]
        assert [held(cw, view_of(cw, profile, named=named)) for profile in reversed(PROFILES)] == [3, 2, 1]


def test_an_unknown_name_of_a_profile_is_no_reason_for_another_account(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        ann, bob, _ = people(cw).values()
        sign_in(cw, {"default": ann, "TRAKT-P01": bob})
        view = {**view_of(cw, "TRAKT-P01"), "_cw_provider_instance": "TRAKT-P07"}

        assert held(cw, view) == 2


def test_a_named_profile_without_a_login_is_not_read_as_the_default_one(tmp_path: Path) -> None:
    """Its view holds the default's token, since that lies under its own values."""
    with calling(tmp_path) as cw:
        ann = people(cw)["ann"]
        sign_in(cw, {"default": ann})
        trakt = block(cw.host.load_config(), "trakt")
        cw.host.save_config({"trakt": {**trakt, "instances": {"TRAKT-P01": {}}}})
        view: Config = {
            "trakt": block(cw.host.load_config(), "trakt"),
            "_cw_provider_instance": "TRAKT-P01",
        }

        with pytest.raises(Exception, match="nobody is signed in"):
            held(cw, view)


def test_an_account_stays_open_between_calls_and_a_setting_opens_it_anew(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        sessions = cw.ops._sessions
        first = sessions.of(cw.view())

        assert sessions.of(cw.view()) is first
        assert sessions.of(cw.view(expires_at=99)) is first, "a token is none of the settings"
        assert sessions.of(cw.view(timeout=33)) is not first
        assert sessions.of(cw.view()) is first


def test_no_more_accounts_stay_open_than_are_needed(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        for number in range(1, OPEN_MAX + 5):
            assert cw.ops._sessions.of(cw.view(timeout=number)).settings.timeout == number

        assert len(cw.ops._sessions._open) == OPEN_MAX


def test_threads_share_one_account_and_one_gate(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        people(cw)
        view = cw.view()
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(held, cw, view) for _ in range(8)]
            opened = [pool.submit(cw.ops._sessions.of, view) for _ in range(8)]

        assert {one.result() for one in asked} == {1}
        assert len({id(one.result()) for one in opened}) == 1


_configs = st.dictionaries(st.sampled_from(PROFILES), st.sampled_from(["ann", "bob", "cat"]), max_size=3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    configs=st.lists(_configs, min_size=1, max_size=4), profile=st.sampled_from(PROFILES), named=st.booleans()
)
def test_an_account_is_never_another_than_that_of_the_token_in_the_view(
    tmp_path_factory: pytest.TempPathFactory, configs: list[dict[str, str]], profile: str, named: bool
) -> None:
    """Whatever logins came and went in the configuration, in whatever profiles."""
    with calling(tmp_path_factory.mktemp("w")) as cw:
        tokens = people(cw)
        count = {token: place for place, token in enumerate(tokens.values(), 1)}
        for config in configs:
            sign_in(cw, {name: tokens[person] for name, person in config.items()})
            view = view_of(cw, profile, named=named)
            token = block(view, "trakt").get("access_token")
            own = config.get(profile)
            try:
                rows = held(cw, view)
            except (TraktError, RuntimeError):
                assert token is None or (named and own is None)
                continue
            assert isinstance(token, str)
            assert rows == count[token]
