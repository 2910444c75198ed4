"""Tokens in CrossWatch's own configuration: renewed once, saved in the right block, never another's."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from returns.pipeline import is_successful
from returns.result import Result, Success

from crosswatch_trakt import TraktError
from crosswatch_trakt.adapters.crosswatch.tokens import ConfigTokens, pair_in
from crosswatch_trakt.adapters.crosswatch.view import block_of
from crosswatch_trakt.adapters.simulator import Fault
from crosswatch_trakt.adapters.simulator.account import Account
from crosswatch_trakt.adapters.state import MemoryState
from crosswatch_trakt.application.ports import Tokens
from crosswatch_trakt.domain.problems import Problem, SignInAgain, StateUnreadable, StateUnwritable
from tests.crosswatch.calling import Called, calling
from tests.crosswatch.values import Config, Form, block

REFRESH = "/oauth/token"
BOB = "91032ad7bbcb6cf72875e8e8207dcfba80173f7c"
OTHERS: Config = {"simkl": {"access_token": "theirs"}, "ui": {"theme": "dark"}}


def with_second_profile(cw: Called) -> Account:
    """Put another account's login into the profile TRAKT-P01."""
    bob = cw.simulator.add_account("bob", BOB)
    grant = cw.simulator.oauth.sign_in(bob)
    config = cw.host.load_config()
    trakt = block(config, "trakt")
    trakt["instances"] = {
        "TRAKT-P01": {
            "client_id": cw.simulator.client_id,
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
            "expires_at": grant.created_at + grant.life_s,
        }
    }
    cw.host.save_config({**config, **OTHERS, "trakt": trakt})
    return bob


def second_view(cw: Called, *, named: bool = False) -> Config:
    """The view of that profile: the default's block under its own."""
    trakt = block(cw.host.load_config(), "trakt")
    own = block(trakt.pop("instances"), "TRAKT-P01")
    mark: Config = {"_cw_provider_instance": "TRAKT-P01"} if named else {}
    return {"trakt": {**trakt, **own}, "_cw_pair_feature_options": {}, **mark}


def refreshes(cw: Called) -> int:
    return cw.asked("POST", REFRESH)


# --- renewing


@pytest.mark.parametrize("form", list(Form))
def test_a_renewed_pair_lands_in_the_block_of_its_profile_and_nowhere_else(
    tmp_path: Path, form: Form
) -> None:
    with calling(tmp_path, form) as cw:
        bob = with_second_profile(cw)
        before = cw.host.load_config()
        bob.put_on_watchlist(cw.films[3])
        view = second_view(cw)
        cw.simulator.oauth.expire_all()

        assert len(cw.ops.build_index(view, feature="watchlist")) == 1
        after = cw.host.load_config()

        assert refreshes(cw) == 1
        now = block(after, "trakt", "instances", "TRAKT-P01")
        assert cw.simulator.oauth.account_of(str(now["access_token"])) is bob
        assert now["refresh_token"] != block(before, "trakt", "instances", "TRAKT-P01")["refresh_token"]
        assert now["expires_at"] == cw.clock.now().timestamp() + cw.simulator.oauth.life_s
        trakt = block(after, "trakt")
        assert trakt.pop("instances")
        assert trakt == {name: it for name, it in block(before, "trakt").items() if name != "instances"}
        assert {name: after[name] for name in OTHERS} == OTHERS
        assert str(now["access_token"]) not in cw.host.path.read_text(), "as the host stores secrets"


def test_the_stale_view_of_a_moment_ago_still_finds_its_profile(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        with_second_profile(cw)
        view = second_view(cw)
        cw.ops.build_index(view, feature="watchlist")
        cw.simulator.oauth.expire_all()
        for _ in range(3):
            cw.ops.build_index(view, feature="ratings")
            cw.clock.advance(60)

        assert refreshes(cw) == 1


def test_what_else_was_changed_meanwhile_is_kept(tmp_path: Path) -> None:
    """The configuration is read again under its lock, not taken from the view."""
    with calling(tmp_path) as cw:
        view = cw.view()
        cw.host.update_config(lambda config: config.update(OTHERS))
        cw.simulator.oauth.expire_all()
        cw.ops.build_index(view, feature="watchlist")

        assert {name: cw.host.load_config()[name] for name in OTHERS} == OTHERS


def test_a_pair_that_is_renewed_ends_what_newer_versions_say_of_a_login(tmp_path: Path) -> None:
    with calling(tmp_path, Form.NEW) as cw:
        view = cw.view()
        cw.host.update_config(
            lambda config: config.update(trakt={**block(config, "trakt"), "auth_error": "reconnect_required"})
        )
        cw.simulator.oauth.expire_all()
        cw.ops.build_index(view, feature="watchlist")

        assert "auth_error" not in block(cw.host.load_config(), "trakt")


def test_threads_renew_once(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        view = cw.view()
        cw.ops.build_index(view, feature="watchlist")
        cw.simulator.oauth.expire_all()
        with ThreadPoolExecutor(6) as pool:
            names = ["watchlist", "ratings", "history"] * 2
            list(pool.map(lambda name: cw.ops.build_index(view, feature=name), names))

        assert refreshes(cw) == 1


def test_two_processes_renew_once(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        first, view = cw.ops, cw.view()
        second = cw.new_process()
        for ops in (first, second):
            ops.build_index(view, feature="watchlist")
        cw.simulator.oauth.expire_all()
        first.build_index(view, feature="watchlist")
        second.build_index(view, feature="watchlist")

        assert refreshes(cw) == 1


def test_a_secret_goes_with_an_own_app_and_none_with_a_login_by_pin(tmp_path: Path) -> None:
    own: Config = {"trakt": {"client_id": "c", "client_secret": "s", "access_token": "a"}}
    pin: Config = {"trakt": {**block(own, "trakt"), "auth_method": "pin"}}
    inherited: Config = {"trakt": {**block(own, "trakt"), "instances": {"P": {"access_token": "b"}}}}

    assert pair_in(own, "default") == Tokens("a", client_id="c", client_secret="s")
    assert pair_in(pin, "default") == Tokens("a", client_id="c", client_secret=None)
    assert pair_in(inherited, "P") == Tokens("b", client_id="c", client_secret="s")
    assert pair_in(inherited, "Q") is None
    assert pair_in({}, "default") is None
    with calling(tmp_path, Form.NEW) as cw:
        assert pair_in({"trakt": {"access_token": "a"}}, "default") == Tokens(
            "a", client_id=cw.host.app_client_id
        )


def test_a_pair_that_crosswatch_itself_renewed_is_taken_over(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.account.put_on_watchlist(cw.films[0])
        stale = cw.view()
        cw.ops.build_index(stale, feature="watchlist")
        cw.simulator.oauth.expire_all()
        grant = cw.simulator.oauth.sign_in(cw.account)
        pair = {"access_token": grant.access_token, "refresh_token": grant.refresh_token}
        cw.host.update_config(lambda config: config.update(trakt={**block(config, "trakt"), **pair}))

        assert len(cw.ops.build_index(stale, feature="watchlist")) == 1
        assert refreshes(cw) == 0
        assert pair.items() <= block(cw.host.load_config(), "trakt").items()


# --- nobody's token


def test_a_token_that_is_in_no_profile_is_used_and_never_renewed(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        grant = cw.simulator.oauth.sign_in(cw.account)
        view = cw.view(access_token=grant.access_token, refresh_token=grant.refresh_token)
        cw.account.put_on_watchlist(cw.films[0])
        assert len(cw.ops.build_index(view, feature="watchlist")) == 1
        before = cw.host.load_config()
        cw.simulator.oauth.expire_all()

        with pytest.raises(TraktError):
            cw.ops.build_index(view, feature="watchlist")
        assert refreshes(cw) == 0
        assert cw.host.load_config() == before
        assert cw.ops.health(view)["status"] != "ok"


# --- a login by another


def test_another_login_ends_what_was_begun_and_the_next_call_begins_with_it(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.account.put_on_watchlist(cw.films[0])
        view = cw.view()
        cw.ops.build_index(view, feature="watchlist")
        bob = cw.simulator.add_account("bob", BOB)
        bob.put_on_watchlist(cw.films[1])
        bob.put_on_watchlist(cw.films[2])
        grant = cw.simulator.oauth.sign_in(bob)
        cw.host.update_config(
            lambda config: config.update(
                trakt={
                    **block(config, "trakt"),
                    "access_token": grant.access_token,
                    "refresh_token": grant.refresh_token,
                }
            )
        )

        # By hand: within a pair the engine would take the rows of the first account for removed.
        assert len(cw.ops.build_index(cw.view(by_hand=True), feature="watchlist")) == 2
        assert cw.account.watchlist.keys() == {cw.films[0]}


def test_a_login_during_a_call_ends_the_call(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        view = cw.view()
        cw.ops.build_index(view, feature="watchlist")
        bob = cw.simulator.add_account("bob", BOB)
        grant = cw.simulator.oauth.sign_in(bob)

        def log_in(method: str, path: str, query: object) -> None:
            cw.host.update_config(
                lambda config: config.update(
                    trakt={**block(config, "trakt"), "access_token": grant.access_token}
                )
            )
            cw.simulator.oauth.expire_all()
            end()

        end = cw.simulator.on_request(log_in)
        cw.clock.advance(3600)
        with pytest.raises(TraktError):
            cw.ops.build_index(view, feature="ratings")

        assert refreshes(cw) == 0, "nothing of the old account is renewed over the new one"
        assert block(cw.host.load_config(), "trakt")["access_token"] == grant.access_token


# --- a host that fails


def broken(*_: object) -> object:
    raise RuntimeError("the key is gone; token=a-secret-token")


def store_of(instance: str | None = "default", given: Tokens | None = None) -> ConfigTokens:
    return ConfigTokens(instance, given, MemoryState())


def test_what_the_host_raises_is_a_problem_and_quotes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calling(tmp_path) as cw:
        store = store_of()
        pair = store.load().unwrap()
        cw.host.save_config({})  # another file, which is loaded anew
        monkeypatch.setattr("cw_platform.config_base.load_config", broken)
        unread = store.load().failure()
        monkeypatch.setattr("cw_platform.config_base.update_config", broken)
        unwritten = store.replace(pair).failure()

    assert isinstance(unread, StateUnreadable)
    assert isinstance(unwritten, StateUnwritable)
    assert "a-secret-token" not in f"{unread} {unwritten}"


def test_a_pair_that_is_not_there_after_saving_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calling(tmp_path):
        store = store_of()
        pair = store.load().unwrap()
        assert pair is not None
        monkeypatch.setattr(
            "cw_platform.config_base.update_config",
            lambda change: change({"trakt": {"access_token": pair.access_token}}),
        )
        kept = store.replace(replace(pair, access_token="new-a", refresh_token="new-b"))

    assert isinstance(kept.failure(), StateUnwritable)


def test_a_pair_of_nobody_is_given_and_not_replaced() -> None:
    given = Tokens("a", "b")
    store = store_of(None, given)

    assert store.load() == Success(given)
    assert isinstance(store.replace(Tokens("c")).failure(), StateUnwritable)


def test_a_pair_is_not_put_where_another_has_come_meanwhile(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        store = store_of()
        store.load().unwrap()
        cw.host.update_config(
            lambda config: config.update(trakt={**block(config, "trakt"), "access_token": "others"})
        )
        assert isinstance(store.replace(Tokens("mine", "r")).failure(), SignInAgain)
        assert block(cw.host.load_config(), "trakt")["access_token"] == "others"


def test_nothing_is_put_into_a_profile_that_is_not_there(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        before = cw.host.load_config()

        assert not is_successful(store_of("TRAKT-P09").replace(Tokens("a", "b")))
        assert cw.host.load_config() == before
        assert dict(block_of({}, "TRAKT-P09")) == {}


def test_a_pair_can_be_taken_out(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        store = store_of()
        store.load().unwrap()
        assert store.replace(None) == Success(None)
        trakt = block(cw.host.load_config(), "trakt")

        assert not trakt.keys() & {"access_token", "refresh_token", "expires_at"}
        assert trakt["client_id"] == cw.simulator.client_id


def test_a_refresh_of_ours_waits_for_crosswatchs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, asked, done = threading.Lock(), threading.Event(), threading.Event()

    def of_profile(instance: str) -> threading.Lock:
        assert instance == "default"
        asked.set()
        return theirs

    def work() -> Result[None, Problem]:
        assert theirs.locked()
        done.set()
        return Success(None)

    with calling(tmp_path), ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr("providers.auth._auth_TRAKT._refresh_lock", of_profile, raising=False)
        with theirs:
            working = pool.submit(store_of().locked, work)
            assert asked.wait(5)
            assert not done.is_set()
        assert is_successful(working.result(5))
    assert done.is_set()


def test_a_refresh_that_is_refused_is_said_and_leaves_the_pair(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        view = cw.view()
        before = cw.host.load_config()
        cw.simulator.oauth.expire_all()
        cw.simulator.fail_next(Fault(status=503), path_prefix=REFRESH, times=None)
        with pytest.raises(TraktError):
            cw.ops.build_index(view, feature="watchlist")

        assert cw.host.load_config() == before
