"""The modules a provider finds in its host, and that they are gone afterwards."""

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from threading import Thread

import pytest

from crosswatch_trakt.adapters.crosswatch import host as ours
from tests.crosswatch.host import Host
from tests.crosswatch.values import Config, Form, block, texts

ALWAYS = (
    "cw_platform.id_map",
    "cw_platform.config_base",
    "providers.sync._log",
    "providers.auth._auth_TRAKT",
)
NEWER = "cw_platform.trakt_http"


def config() -> Config:
    """Two profiles: the default's token is old, the other's good."""
    other = {"client_id": "id2", "client_secret": "s2", "access_token": "a2", "expires_at": 10_000}
    return {
        "trakt": {
            "client_id": "id",
            "client_secret": "secret",
            "access_token": "old",
            "refresh_token": "r1",
            "expires_at": 1_050,
            "instances": {"TRAKT-P01": other},
        }
    }


@pytest.mark.parametrize("form", list(Form))
def test_its_modules_are_there_inside_and_gone_outside(tmp_path: Path, form: Form) -> None:
    with Host(tmp_path, form).installed():
        for name in ALWAYS:
            importlib.import_module(name)
        assert hasattr(importlib.import_module(ALWAYS[0]), "migrate_media_index") == (form is Form.NEW)
        if form is Form.OLD:
            with pytest.raises(ImportError):
                importlib.import_module(NEWER)
        else:
            importlib.import_module(NEWER)
    for name in (*ALWAYS, NEWER):
        with pytest.raises(ImportError):
            importlib.import_module(name)


def test_secrets_are_sealed_in_the_file_and_open_to_who_loads_it(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.save_config(config())

    assert host.load_config() == config()
    assert not any(secret in host.path.read_text() for secret in ('"old"', '"r1"', '"secret"', '"a2"'))
    assert block(json.loads(host.path.read_text()), "trakt")["client_id"] == "id"


def test_updates_of_several_threads_are_all_kept(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.save_config({"seen": []})

    def add(number: int) -> None:
        def mutate(whole: Config) -> int:
            whole["seen"] = [*texts(whole["seen"]), number]
            return number

        assert host.update_config(mutate)[1] == number

    threads = [Thread(target=add, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(texts(host.load_config()["seen"])) == [str(number) for number in range(1, 9)]


def test_a_refresh_renews_the_profile_it_is_asked_for_unless_it_is_fresh(tmp_path: Path) -> None:
    def exchange(body: Mapping[str, str]) -> tuple[int, Mapping[str, object]]:
        return 200, {"access_token": "new", "refresh_token": "r2", "expires_in": 86_400}

    host = Host(tmp_path, now=lambda: 1_000.0, exchange=exchange)
    host.save_config(config())

    assert host.auth.refresh(instance_id="TRAKT-P01")["status"] == "fresh"
    assert host.auth.refresh()["status"] == "ok"
    assert host.auth.refresh()["status"] == "fresh"
    trakt = block(host.load_config(), "trakt")
    assert (trakt["access_token"], trakt["refresh_token"], trakt["expires_at"]) == ("new", "r2", 87_400)
    assert block(trakt, "instances", "TRAKT-P01")["access_token"] == "a2"
    assert [body["refresh_token"] for body in host.auth.exchanged] == ["r1"]


@pytest.mark.parametrize("form", list(Form))
def test_a_refused_refresh_token_is_remembered_by_the_newer_host(tmp_path: Path, form: Form) -> None:
    host = Host(tmp_path, form, now=lambda: 1_000.0, exchange=lambda body: (400, {"error": "invalid_grant"}))
    host.save_config(config())

    assert host.auth.refresh() == {"ok": False, "status": "refresh_failed:400"}
    error = block(host.load_config(), "trakt").get("auth_error")
    assert error == ("reconnect_required" if form is Form.NEW else None)


def test_a_pin_sign_in_sends_no_secret(tmp_path: Path) -> None:
    host = Host(tmp_path, Form.NEW, now=lambda: 1_000.0, exchange=lambda body: (500, {}))
    host.save_config({"trakt": {**block(config(), "trakt"), "auth_method": "pin"}})

    host.auth.refresh()

    assert "client_secret" not in host.auth.exchanged[0]


def test_our_side_loads_the_configuration_once_for_each_file(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.save_config({"trakt": {"client_id": "first"}})
    loads = 0
    load = host.load_config

    def counted() -> Config:
        nonlocal loads
        loads += 1
        return load()

    host.load_config = counted  # type: ignore[method-assign]
    with host.installed():
        for _ in range(3):
            assert ours.load_config()["trakt"] == {"client_id": "first"}
        assert loads == 1
        host.save_config({"trakt": {"client_id": "other"}})
        assert ours.load_config()["trakt"] == {"client_id": "other"}
        host.path.unlink()
        assert ours.load_config() == {}
