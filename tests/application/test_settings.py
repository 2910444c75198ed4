"""What a user may set, and what is refused, with one sentence that names the setting."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Failure, Result, Success

from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.settings import Settings, check_settings, parse_settings, zone_named
from crosswatch_trakt.domain.problems import BadInput

NUMBERS = (
    "timeout",
    "write_timeout",
    "max_retries",
    "retry_after_max_s",
    "gets_per_5_min",
    "writes_per_sec",
    "page_threads",
    "watchlist_batch_size",
    "ratings_chunk_size",
    "history_chunk_size",
    "history_chunk_max",
    "history_near_minutes",
    "write_trust_s",
    "settle_wait_s",
    "resend_after_s",
    "removal_guard_share",
    "removal_guard_min",
    "expires_at",
)
TEXTS = ("client_id", "client_secret", "access_token", "refresh_token", "base_url", "auth_url", "timezone")


def refused(result: Result[Settings, BadInput], name: str) -> str:
    """The words of a refusal, which name the setting."""
    assert isinstance(result, Failure), result
    words = advice(result.failure())
    assert f"he setting {name}" in words
    assert words.endswith(".")
    assert words.count(". ") <= 2
    return words


def test_the_defaults_are_good() -> None:
    assert check_settings(Settings()) == Success(Settings())
    assert parse_settings({}) == Success(Settings())


def test_what_is_checked_here_is_all_that_can_be_set() -> None:
    others = {
        "state_dir",
        "history_collection",
        "history_collection_types",
        "history_number_fallback",
        "verify",
    }

    assert {*NUMBERS, *TEXTS, *others} == {entry.name for entry in fields(Settings)}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), -float("inf"), "5", True, [1], 10**30])
def test_a_number_that_is_none_or_out_of_range_is_refused(name: str, value: object) -> None:
    refused(check_settings(replace(Settings(), **{name: value})), name)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*NUMBERS, "history_collection", "verify", "history_collection_types"])
@pytest.mark.parametrize("value", ["many", "nan", "-1", "1e400", "5 apples", [[]], {}, object()])
def test_what_a_file_or_the_environment_says_is_checked_too(name: str, value: object) -> None:
    refused(parse_settings({name: value}), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", 0),
        ("writes_per_sec", 0),
        ("page_threads", 0),
        ("page_threads", 33),
        ("gets_per_5_min", 0),
        ("history_chunk_size", 0),
        ("removal_guard_share", 1.01),
        ("max_retries", 2.5),
        ("expires_at", 1_800_000_000_000),  # milliseconds
    ],
)
def test_the_ends_of_the_ranges_are_kept(name: str, value: float) -> None:
    refused(check_settings(replace(Settings(), **{name: value})), name)  # type: ignore[arg-type]


@settings(deadline=None)
@given(
    st.integers(1, 1_000_000),
    st.floats(1e-3, 1e9),
    st.floats(0, 1),
    st.sampled_from(["always", "hourly", "never"]),
    st.sampled_from([("movies",), ("episodes",), ("movies", "episodes"), ()]),
)
def test_text_is_converted_as_the_value_itself(
    size: int, seconds: float, share: float, verify: str, types: tuple[str, ...]
) -> None:
    meant = {
        "history_chunk_size": size,
        "timeout": seconds,
        "removal_guard_share": share,
        "history_collection": True,
    }
    rest = {"verify": verify, "history_collection_types": list(types)}
    as_text = parse_settings({**{name: str(value) for name, value in meant.items()}, **rest})

    assert as_text == parse_settings({**meant, **rest})
    assert as_text.unwrap().history_chunk_size == size


@pytest.mark.parametrize("name", ["gets_per_5_min", "writes_per_sec"])
def test_the_gate_can_be_lifted(name: str) -> None:
    settings = replace(Settings(), **{name: None})  # type: ignore[arg-type]

    assert check_settings(settings) == Success(settings)
    assert parse_settings({name: None}) == Success(settings)
    assert parse_settings({name: "null"}) == Success(settings)


def test_empty_text_is_nothing_given() -> None:
    """As a variable of the environment is unset."""
    assert parse_settings({"client_secret": "", "timeout": "", "timezone": "", "base_url": ""}) == Success(
        Settings()
    )


def test_an_empty_secret_is_none_and_an_empty_token_is_refused() -> None:
    assert check_settings(Settings(client_secret="")) == Success(Settings(client_secret=""))
    for name in ("client_id", "access_token", "refresh_token"):
        refused(check_settings(replace(Settings(), **{name: ""})), name)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["client_id", "client_secret", "access_token", "refresh_token"])
@pytest.mark.parametrize("value", ["q q", " q", "q\n", "q\r\nX-Evil: 1", "ä", "q\0", "\x1b[31m", "\ud800"])
def test_what_cannot_stand_in_a_header_is_refused_and_not_shown(name: str, value: str) -> None:
    result = check_settings(replace(Settings(), **{name: value}))  # type: ignore[arg-type]

    assert value not in refused(result, name)
    assert value not in repr(result)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [5, b"bytes", ["a"], 5.0, True])
def test_what_is_no_text_is_refused(name: str, value: object) -> None:
    refused(check_settings(replace(Settings(), **{name: value})), name)  # type: ignore[arg-type]


# --- addresses


@pytest.mark.parametrize("name", ["base_url", "auth_url"])
@pytest.mark.parametrize(
    "address",
    [
        "https://api.trakt.tv",
        "https://api.trakt.tv/",
        "HTTPS://API.TRAKT.TV",
        "https://api.trakt.tv:8443/a/path",
        "http://localhost",
        "http://127.0.0.1:8080",
        "http://[::1]:8080/x",
    ],
)
def test_an_address_with_tls_or_of_this_machine_is_taken(name: str, address: str) -> None:
    settings = replace(Settings(), **{name: address})  # type: ignore[arg-type]

    assert check_settings(settings) == Success(settings)


@pytest.mark.parametrize("name", ["base_url", "auth_url"])
@pytest.mark.parametrize(
    "address",
    [
        "http://api.trakt.tv",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1@example.org",
        "https://ann:hush@api.trakt.tv",
        "https://ann@api.trakt.tv",
        "https://@api.trakt.tv",
        "https://api.trakt.tv\\@example.org",
        "https://example.org\\.trakt.tv",
        "https://api.trakt.tv?",
        "https://api.trakt.tv#",
        "https://api.trakt.tv/?a=b",
        "https://api.trakt.tv/#a",
        "https://api.tra\nkt.tv",
        "https://api.tra\tkt.tv",
        " https://api.trakt.tv",
        "https://api.trakt.tv ",
        "https://api trakt.tv",
        "https://api.trakt.tv%2f.example.org",
        "https://api.trakt.tv,example.org",
        "https://äpi.trakt.tv",
        "https://api.trakt.tv:99999",
        "https://api.trakt.tv:port",
        "https://[::1",
        "https://",
        "https:///path",
        "api.trakt.tv",
        "ftp://api.trakt.tv",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https",
    ],
)
def test_an_address_that_is_none_or_without_tls_or_with_a_user_is_refused(name: str, address: str) -> None:
    words = refused(check_settings(replace(Settings(), **{name: address})), name)  # type: ignore[arg-type]

    assert "hush" not in words


@settings(deadline=None)
@given(st.text(max_size=30) | st.text("htps:/.@[]?#\\ \n1a%", max_size=30).map("http".__add__))
def test_any_text_as_an_address_is_taken_or_refused(address: str) -> None:
    result = check_settings(Settings(base_url=address))
    if isinstance(result, Success):
        assert address.lower().startswith(
            ("https://", "http://localhost", "http://127.0.0.1", "http://[::1]")
        )


# --- the rest


@settings(deadline=None)
@given(
    st.text(max_size=12)
    | st.sampled_from(["../../etc/passwd", "/etc/passwd", "\0", "\ud800", "Europe/", "."])
)
def test_any_text_as_a_time_zone_is_one_or_is_refused(name: str) -> None:
    result = check_settings(Settings(timezone=name))

    assert isinstance(result, Success) == (zone_named(name) is not None)


def test_a_time_zone_is_named_as_iana_does() -> None:
    assert check_settings(Settings(timezone="Europe/Berlin")) == Success(Settings(timezone="Europe/Berlin"))
    refused(check_settings(Settings(timezone="Berlin time")), "timezone")


@pytest.mark.parametrize("folder", ["", "  ", "a\0b", "a\nb"])
def test_what_names_no_folder_is_refused(folder: str) -> None:
    refused(check_settings(Settings(state_dir=folder)), "state_dir")


@pytest.mark.parametrize(
    ("name", "hint"), [("timout", "Did you mean timeout?"), ("zzzz", "docs/settings.md"), ("TIMEOUT", "docs")]
)
def test_a_setting_that_is_none_is_named_with_what_was_meant(name: str, hint: str) -> None:
    problem = parse_settings({name: "5"}).failure()

    assert f"there is no setting {name}" in problem.what
    assert hint in problem.mend


def test_settings_cannot_be_given_by_place() -> None:
    with pytest.raises(TypeError):
        Settings("client id")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["expires_at", "timeout", "page_threads", "history_collection"])
def test_half_a_character_is_no_setting(name: str) -> None:
    assert isinstance(parse_settings({name: "\ud800"}).swap().value_or(None), BadInput)
