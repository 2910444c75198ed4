"""What health says, and that it agrees with what can be done."""

from pathlib import Path

import pytest

from crosswatch_trakt import TraktError
from crosswatch_trakt.adapters.crosswatch import manifest
from crosswatch_trakt.adapters.simulator import Fault
from tests.crosswatch.calling import Called, calling
from tests.crosswatch.host import SyncCancelled
from tests.crosswatch.values import Config, Form, block

SETTINGS = "/users/settings"
SECRET = "a-secret-token"


def health(cw: Called, view: Config | None = None) -> Config:
    return block(cw.ops.health(cw.view() if view is None else view, emit=lambda *_, **__: None))


def on(told: Config) -> set[str]:
    return {name for name, works in block(told, "features").items() if works}


def check_form(told: Config) -> None:
    """What the engine relies on, whatever is said."""
    assert told.keys() == {"ok", "status", "latency_ms", "features", "details", "api"}
    assert isinstance(told["latency_ms"], int)
    assert block(told, "features").keys() == manifest.features().keys()
    assert all(value is None or isinstance(value, dict) for value in block(told, "api").values())
    usable = told["status"] in ("ok", "degraded")
    assert told["ok"] is usable
    assert on(told) == ({"watchlist", "ratings", "history"} if usable else set())


@pytest.mark.parametrize("form", list(Form))
def test_a_good_account_is_ok(tmp_path: Path, form: Form) -> None:
    with calling(tmp_path, form) as cw:
        told = health(cw)

        check_form(told)
        assert (told["ok"], told["status"]) == (True, "ok")
        assert block(told, "api", "users/settings") == {"status": 200}
        rate = block(told, "api", "rate_limit")
        assert rate["limit"] == 500
        assert isinstance(rate["remaining"], int)
        assert 0 < rate["remaining"] < 500
        assert block(told, "details")["disabled"] == ["progress", "playlists", "collection"]
        assert cw.said("health")[0].fields["status"] == "ok"


@pytest.mark.parametrize(
    ("fault", "status", "http"),
    [
        (Fault(status=503), "down", 503),
        (Fault(status=522), "down", 522),
        (Fault(refused=True), "down", None),
        (Fault(lost=True), "down", None),
        (Fault(status=401), "auth_failed", 401),
        (Fault(status=403, body=b"{}", headers={"content-type": "application/json"}), "auth_failed", 403),
        (Fault(status=500), "down", 500),
    ],
    ids=["503", "522", "not reached", "lost", "401", "403", "500"],
)
def test_an_account_that_cannot_be_used_names_no_feature(
    tmp_path: Path, fault: Fault, status: str, http: int | None
) -> None:
    with calling(tmp_path) as cw:
        cw.simulator.fail_next(fault, path_prefix="/", times=None)
        told = health(cw)

        check_form(told)
        assert told["status"] == status
        assert block(told, "api", "users/settings") == {"status": http}
        assert block(told, "details")["reason"]
        with pytest.raises(Exception, match=r"."):
            cw.ops.build_index(cw.view(), feature="watchlist")


def test_a_locked_account_is_not_all_there_and_reads_nothing(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.simulator.fail_next(Fault(status=423), path_prefix="/", times=None)
        told = health(cw)

        check_form(told)
        assert told["status"] == "degraded"
        with pytest.raises(TraktError):
            cw.ops.build_index(cw.view(), feature="watchlist")


def test_a_throttled_account_has_a_good_login(tmp_path: Path) -> None:
    """CrossWatch knows by the words that nothing is wrong with the connection."""
    with calling(tmp_path) as cw:
        cw.simulator.fail_next(
            Fault(status=429, headers={"retry-after": "9999", "x-request-id": "1"}),
            path_prefix=SETTINGS,
            times=None,
        )
        told = health(cw)

        check_form(told)
        assert told["status"] == "degraded"
        details = block(told, "details")
        assert "rate limit" in str(details["reason"])
        assert details["retry_after_s"] == 9999
        assert block(told, "api", "users/settings") == {"status": 429}


@pytest.mark.parametrize("block_of", [{}, {"client_id": "c"}, {"access_token": ""}, None, 7])
def test_health_agrees_with_what_is_configured(tmp_path: Path, block_of: object) -> None:
    with calling(tmp_path) as cw:
        view: Config = {"trakt": block_of}
        told = health(cw, view)

        check_form(told)
        assert not cw.ops.is_configured(view)
        assert told["status"] == "auth_failed"
        assert cw.asked() == 0
        with pytest.raises(RuntimeError, match="not configured"):
            cw.ops.build_index(view, feature="watchlist")


def test_it_is_asked_without_a_way_to_emit_too(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        assert block(cw.ops.health(cw.view()))["status"] == "ok"


def broken(*_: object) -> object:
    raise ValueError(f"damaged: {SECRET}")


def test_whatever_goes_wrong_is_down_and_quotes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calling(tmp_path) as cw:
        view = cw.view()
        monkeypatch.setattr("cw_platform.config_base.load_config", broken)
        told = health(cw, view)

        check_form(told)
        assert told["status"] == "down"
        assert SECRET not in repr((told, cw.host.logs))


def test_only_the_end_of_a_run_passes(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.host.cancelled = True
        with pytest.raises(SyncCancelled):
            health(cw)
        cw.host.cancelled = False
        cw.simulator.on_request(lambda method, path, query: setattr(cw.host, "cancelled", True))
        with pytest.raises(SyncCancelled):
            health(cw)


def test_nothing_that_does_not_work_is_offered_anywhere(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        works = {"watchlist", "ratings", "history"}

        assert {name for name, on in cw.ops.features().items() if on} == works
        assert {name for name, on in cw.ops.state_read_features().items() if on} == works
        assert {name for name, can in cw.ops.capabilities().items() if isinstance(can, dict)} == works
        assert {name for name, it in block(manifest.get_manifest(), "features").items() if it} == works
        assert on(health(cw)) == works
