"""A view read as settings: names of CrossWatch's and ours, and whatever else may stand there."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswatch_trakt import Settings
from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.view import View, is_configured, read_view
from crosswatch_trakt.application.settings import check_settings
from tests.crosswatch.calling import calling
from tests.crosswatch.values import Config, Form
from tests.strategies import anything

LOGIN: Config = {"client_id": "c" * 64, "access_token": "a-token", "refresh_token": "b-token"}


def view_of(**trakt: object) -> Config:
    return {"trakt": {**LOGIN, **trakt}}


def read(**trakt: object) -> View:
    return read_view(view_of(**trakt))


# --- what is meant


def test_the_names_of_crosswatch_and_ours_are_understood() -> None:
    settings = read(
        timeout=10,
        max_retries="7",
        watchlist_batch_size=50,
        ratings_chunk_size=60,
        history_chunk_size=70,
        history_number_fallback=True,
        verify="hourly",
        removal_guard_share="0.5",
    ).settings

    assert (settings.timeout, settings.max_retries, settings.verify) == (10, 7, "hourly")
    assert (settings.watchlist_batch_size, settings.ratings_chunk_size, settings.history_chunk_size) == (
        50,
        60,
        70,
    )
    assert settings.history_number_fallback
    assert settings.removal_guard_share == 0.5


def test_what_only_the_stock_provider_knew_is_no_fault() -> None:
    stock: Config = {
        "watchlist_use_etag": True,
        "watchlist_shadow_ttl_hours": 168,
        "ratings_per_page": 250,
        "history_max_pages": 10_000,
        "history_unresolved": False,
        "_pending_device": {"user_code": ""},
        "instances": {},
        "debug": False,
        "scope": "public",
        "token_type": "bearer",
        "auth_method": "",
    }
    assert read(**stock).wrong == ()


@pytest.mark.parametrize(
    ("types", "meant"),
    [
        (["movies"], ("movies",)),
        (["movies", "shows"], ("movies", "episodes")),
        (["Shows ", "episodes"], ("episodes",)),
        ("shows", ("episodes",)),
        ([], ()),
        (None, ("movies",)),
    ],
)
def test_shows_in_the_collection_are_the_episodes_that_were_watched(
    types: object, meant: tuple[str, ...]
) -> None:
    found = read(history_collection=True, history_collection_types=types)

    assert found.settings.history_collection
    assert (found.settings.history_collection_types, found.wrong) == (meant, ())


@pytest.mark.parametrize(
    ("rates", "gets", "writes"),
    [
        ({"get_per_sec": 3.33, "post_per_sec": 1}, 500, 1.0),  # more than Trakt allows
        ({"get_per_sec": "1", "post_per_sec": 0.5}, 300, 0.5),
        ({"get_per_sec": 0.0001}, 1, 1.0),
        ({"get_per_sec": 0, "post_per_sec": 0}, None, None),
        ({"get_per_sec": "", "post_per_sec": None}, 500, 1.0),
    ],
)
def test_a_rate_of_crosswatch_is_capped_by_what_trakt_allows(
    rates: Config, gets: int | None, writes: float | None
) -> None:
    found = read(rate_limit=rates)

    assert (found.settings.gets_per_5_min, found.settings.writes_per_sec) == (gets, writes)
    assert found.wrong == ()


def test_another_server_and_folder_can_be_named(tmp_path: Path) -> None:
    found = read(base_url="http://127.0.0.1:9876", state_dir=str(tmp_path))

    assert found.settings.base_url == found.settings.auth_url == "http://127.0.0.1:9876"
    assert (found.folder, found.settings.state_dir) == (tmp_path, str(tmp_path / "trakt"))


def test_without_a_folder_of_its_own_the_state_lies_beside_that_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "CONTAINER_CONFIG", tmp_path)
    assert read().folder == tmp_path / ".cw_state"
    monkeypatch.setattr(host, "CONTAINER_CONFIG", tmp_path / "none")
    assert read().folder is None
    with calling(tmp_path) as cw:
        base = ModuleType("cw_platform.config_base")
        base.__dict__["CONFIG_BASE"] = lambda: cw.host.folder
        monkeypatch.setitem(sys.modules, "cw_platform.config_base", base)
        assert read().folder == cw.host.folder / ".cw_state"


# --- who is signed in


def test_an_own_app_has_a_secret_and_a_login_by_pin_has_none(tmp_path: Path) -> None:
    assert read(client_secret="s-secret").settings.client_secret == "s-secret"
    assert read(client_secret="s-secret", auth_method="pin").settings.client_secret is None
    with calling(tmp_path, Form.NEW) as cw:
        by_pin = {"trakt": {"access_token": "a", "auth_method": "pin"}}
        assert read_view(by_pin).settings.client_id == cw.host.app_client_id
        assert is_configured(by_pin)


@pytest.mark.parametrize(
    ("block", "signed_in"),
    [
        ({}, False),
        ({"client_id": "c"}, False),
        ({"access_token": "a"}, False),
        ({"client_id": " ", "access_token": "a"}, False),
        ({"client_id": "c", "access_token": 7}, False),
        ({"client_id": "c", "access_token": " a "}, True),
    ],
)
def test_a_profile_is_signed_in_with_a_token_and_an_app(block: Config, signed_in: bool) -> None:
    assert is_configured({"trakt": block}) is signed_in


def test_an_app_id_that_cannot_be_had_is_no_reason_to_raise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that meets an exception here takes the profile for emptied."""

    def broken() -> str:
        raise RuntimeError("its file is damaged")

    with calling(tmp_path, Form.NEW):
        monkeypatch.setattr("providers.auth._auth_TRAKT.app_client_id", broken)
        assert not is_configured({"trakt": {"access_token": "a"}})
        assert is_configured(view_of())


# --- what cannot be meant


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "soon"),
        ("timeout", -1),
        ("history_chunk_size", 0),
        ("watchlist_batch_size", "many"),
        ("ratings_chunk_size", 2.5),
        ("max_retries", -3),
        ("history_collection_types", ["movies", "books"]),
        ("history_collection_types", [7]),
        ("history_collection", "perhaps"),
        ("base_url", "ftp://trakt"),
        ("base_url", "http://elsewhere.example"),
        ("state_dir", "~nobody-of-that-name/state"),
        ("state_dir", "a\0b"),
        ("state_dir", 7),
        ("verify", "sometimes"),
        ("rate_limit", 3.33),
        ("rate_limit", {"get_per_sec": "fast"}),
        ("rate_limit", {"get_per_sec": 10**400}),
        ("rate_limit", {"post_per_sec": -1}),
        ("rate_limit", {"post_per_sec": True}),
        ("expires_at", "tomorrow"),
        ("expires_at", -5),
    ],
)
def test_what_cannot_be_meant_falls_back_to_the_default(name: str, value: object) -> None:
    found, plain = read(**{name: value}), read()

    assert found.settings == plain.settings
    assert len(found.wrong) >= 1
    assert all(wrong.startswith(name) or wrong == "auth_url" for wrong in found.wrong)


def test_all_that_is_wrong_is_warned_of_once(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        view = cw.view(timeout="soon", max_retries=-1)
        for _ in range(3):
            cw.ops.health(view)
            cw.ops.build_index(view, feature="watchlist")
        warnings = cw.said("settings_ignored")

        assert [line.fields["names"] for line in warnings] == ["max_retries, timeout"]
        assert [(line.provider, line.level) for line in warnings] == [("TRAKT", "warn")]


_names = st.sampled_from(
    [
        *(name for name in Settings.__dataclass_fields__),
        "rate_limit",
        "instances",
        "auth_method",
    ]
)


@given(
    block=st.dictionaries(_names, anything) | anything, more=st.dictionaries(st.text(max_size=5), anything)
)
def test_whatever_a_view_holds_it_is_read_and_gives_settings_that_can_be_used(
    block: object, more: Config
) -> None:
    view: Config = {**more, "trakt": block}

    found = read_view(view)

    assert check_settings(found.settings).value_or(None) == found.settings
    assert set(found.wrong) <= {*Settings.__dataclass_fields__, "rate_limit"} | {
        "rate_limit.get_per_sec",
        "rate_limit.post_per_sec",
    }
    assert isinstance(is_configured(view), bool)


@given(anything)
def test_even_what_is_no_view_is_read(view: Mapping[str, object]) -> None:
    assert isinstance(is_configured(view), bool)
    assert read_view(view).settings.access_token is None or isinstance(view, dict)
