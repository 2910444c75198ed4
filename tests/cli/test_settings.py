"""Settings come from flags, then the environment, then the file; the first that names one counts."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from crosswatch_trakt.adapters.cli.settings import PREFIX, Loaded, load_settings
from crosswatch_trakt.application.settings import AUTH_URL
from crosswatch_trakt.domain.problems import BadInput


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def loaded(
    flags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    config: str | None = None,
) -> Loaded:
    return load_settings(flags or {}, config, variables(environment or {})).unwrap()


def refused(
    flags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    config: str | None = None,
) -> BadInput:
    return load_settings(flags or {}, config, variables(environment or {})).failure()


def variables(named: Mapping[str, str]) -> dict[str, str]:
    return {f"{PREFIX}{name.upper()}": text for name, text in named.items()}


def write(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "settings.toml"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_flags_win_over_the_environment_and_that_over_the_file(home: Path) -> None:
    file = write(home, 'timeout = 1\nwrite_timeout = 2\nmax_retries = 3\nclient_id = "file"')
    found = loaded({"timeout": "10"}, {"timeout": "20", "write_timeout": "30"}, file)

    settings = found.settings
    assert (settings.timeout, settings.write_timeout, settings.max_retries) == (10, 30, 3)
    assert settings.client_id == "file"
    assert found.sources["timeout"] == "the command line"
    assert found.sources["write_timeout"] == "CROSSWATCH_TRAKT_WRITE_TIMEOUT"
    assert found.sources["max_retries"] == file


def test_the_file_is_the_one_named_else_the_one_of_the_environment_else_that_of_the_user(home: Path) -> None:
    own = home / "crosswatch-trakt" / "crosswatch-trakt.toml"
    own.parent.mkdir()
    own.write_text("timeout = 1")
    second, third = home / "second.toml", home / "third.toml"
    second.write_text("timeout = 2")
    third.write_text("timeout = 3")

    assert loaded().settings.timeout == 1
    assert loaded(environment={"config": str(second)}).settings.timeout == 2
    assert loaded(environment={"config": str(second)}, config=str(third)).settings.timeout == 3


def test_lists_truth_and_no_number_can_be_said_in_text() -> None:
    settings = loaded(
        {"gets_per_5_min": "none"},
        {"history_collection_types": "movies, episodes", "history_collection": "True", "timezone": ""},
    ).settings

    assert settings.history_collection_types == ("movies", "episodes")
    assert settings.history_collection is True
    assert settings.gets_per_5_min is None
    assert settings.timezone is None, "an empty variable is not set"


@pytest.mark.parametrize(
    ("flags", "environment", "text", "place"),
    [
        ({"timeout": "soon"}, {}, "", "the command line"),
        ({}, {"timeout": "soon"}, "", "CROSSWATCH_TRAKT_TIMEOUT"),
        ({}, {}, 'timeout = "soon"', "settings.toml"),
        ({}, {}, "page_threads = 99", "settings.toml"),
        ({}, {}, "[timeout]\nread = 3", "settings.toml"),
        ({}, {"base_url": "ftp://x"}, "", "CROSSWATCH_TRAKT_BASE_URL"),
        ({}, {}, "colour = 1", "settings.toml"),
    ],
)
def test_a_wrong_value_is_refused_with_the_place_it_came_from(
    home: Path, flags: dict[str, str], environment: dict[str, str], text: str, place: str
) -> None:
    problem = refused(flags, environment, write(home, text))

    assert f"{place})" in problem.what
    assert problem.mend


def test_a_wrong_value_that_is_overridden_does_not_matter(home: Path) -> None:
    assert loaded({"timeout": "5"}, {"timeout": "soon"}).settings.timeout == 5


@pytest.mark.parametrize("name", ["client_secret", "access_token", "refresh_token"])
def test_a_secret_is_no_flag(name: str) -> None:
    problem = refused({name: "hush-hush"})

    assert f"CROSSWATCH_TRAKT_{name.upper()}" in problem.mend
    assert "hush-hush" not in problem.what + problem.mend


def test_a_secret_is_shown_nowhere(home: Path) -> None:
    found = loaded(environment={"access_token": "hush-hush"})
    broken = refused(config=write(home, 'access_token = "hush-hush'))
    spaced = refused(environment={"access_token": "hush hush"})

    assert found.settings.access_token == "hush-hush"
    assert "hush" not in repr(found.settings) + broken.what + broken.mend + spaced.what + spaced.mend


def test_a_file_with_secrets_that_others_may_read_is_warned_of(home: Path) -> None:
    for text, mode, warned in (
        ('access_token = "a"', 0o644, True),
        ('access_token = "a"', 0o600, False),
        ("timeout = 3", 0o644, False),
    ):
        assert bool(loaded(config=write(home, text, mode)).warnings) is warned


def test_a_variable_that_names_no_setting_is_warned_of() -> None:
    assert "CROSSWATCH_TRAKT_TIME_OUT names no setting" in loaded(environment={"time_out": "3"}).warnings[0]


def test_the_sign_in_of_another_server_is_that_server() -> None:
    assert loaded().settings.auth_url == AUTH_URL
    elsewhere = {"base_url": "http://127.0.0.1:8123/api"}
    assert loaded(elsewhere).settings.auth_url == "http://127.0.0.1:8123"
    assert loaded({**elsewhere, "auth_url": "https://auth.trakt.tv"}).settings.auth_url == AUTH_URL


def test_state_is_kept_in_the_platforms_folder_unless_another_is_named(home: Path) -> None:
    assert loaded().settings.state_dir == str(home / "crosswatch-trakt" / ".cw_state")
    assert loaded({"state_dir": "x"}).settings.state_dir == "x"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"timeout = ", b"x" * 2_000_000, b"a=" + b"[" * 100_000])
def test_a_file_that_is_no_toml_is_refused(home: Path, body: bytes) -> None:
    (home / "bad.toml").write_bytes(body)

    assert "bad.toml" in refused(config=str(home / "bad.toml")).what
