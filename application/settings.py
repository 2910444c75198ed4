"""What a user may set, with the defaults, and what is refused.

The values are those of the library's constructor, of the environment, of the TOML file and of the
command line alike: one table, `docs/settings.md`, kept true by a test.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, tzinfo
from difflib import get_close_matches
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.domain.problems import BadInput

API_URL = "https://api.trakt.tv"
AUTH_URL = "https://auth.trakt.tv"

Verify: TypeAlias = Literal["always", "hourly", "never"]
CollectionType: TypeAlias = Literal["movies", "episodes"]
Positive: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
NotNegative: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
Size: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Epoch: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=100_000_000_000)]  # beyond are milliseconds
Threads: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=32)]

_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def server_suffix(base_url: str) -> str:
    """What names of files end in that belong to another server than Trakt's own: state of two servers must
    not be mixed, nor a token of one be sent to the other.
    """
    host = urlsplit(base_url).netloc.lower()
    return "" if host == urlsplit(API_URL).netloc else "@" + re.sub(r"[^a-z0-9.-]", "_", host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that can be set. Secrets have no repr."""

    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)  # new apps have none
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: Epoch | None = None  # epoch seconds
    base_url: str = API_URL
    auth_url: str = AUTH_URL
    state_dir: str | None = None  # None: the platform's folder for user state
    timezone: str | None = None  # IANA name; None: the account's
    timeout: Positive = 15.0  # seconds, for reads
    write_timeout: Positive = 60.0  # seconds: 800 ratings in one POST took 45 s (trakt-api#448)
    max_retries: Count = 5
    retry_after_max_s: NotNegative = 300.0
    gets_per_5_min: Size | None = 500  # None: no gate
    writes_per_sec: Positive | None = 1.0  # None: no gate
    page_threads: Threads = 6
    watchlist_batch_size: Size = 100
    ratings_chunk_size: Size = 100
    history_chunk_size: Size = 100
    history_chunk_max: Size = 1000
    history_collection: bool = False
    history_collection_types: tuple[CollectionType, ...] = ("movies",)
    history_number_fallback: bool = False
    history_near_minutes: Count = 0
    verify: Verify = "always"
    write_trust_s: NotNegative = 600.0
    settle_wait_s: NotNegative = 20.0
    resend_after_s: NotNegative = 120.0
    removal_guard_share: Share = 0.10
    removal_guard_min: Count = 20


def check_settings(settings: Settings) -> Result[Settings, BadInput]:
    """Refuse what cannot be meant: wrong types, negative sizes, an address without TLS."""
    for check in (_check_types, _check_addresses, _check_texts):
        wrong = check(settings)
        if wrong is not None:
            return Failure(wrong)
    return Success(settings)


def zone_named(name: str) -> tzinfo | None:
    """The time zone of an IANA name; None if there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def first_zone(*names: str | None) -> tzinfo:
    """The zone in which a date alone is meant, and times are shown: the first of these that there is (the
    settings', then the account's), else UTC.
    """
    for name in names:
        zone = None if name is None else zone_named(name)
        if zone is not None:
            return zone
    return UTC


def parse_settings(given: Mapping[str, object]) -> Result[Settings, BadInput]:
    """Settings out of names and values, numbers as text allowed: for files and environments.

    Empty text is nothing given: so a variable of the environment is unset.
    """
    known = {entry.name for entry in fields(Settings)}
    unknown = sorted(set(given) - known)
    if unknown:
        near = get_close_matches(unknown[0], known, 1)
        mend = f"Did you mean {near[0]}?" if near else "See docs/settings.md for the names."
        return Failure(BadInput(f"there is no setting {unknown[0]}", mend))
    meant = {name: value for name, value in given.items() if value != ""}
    return _convert(meant, strict=False).bind(check_settings)


def _check_types(settings: Settings) -> BadInput | None:
    given = {entry.name: getattr(settings, entry.name) for entry in fields(Settings)}
    return _convert(given, strict=True).swap().value_or(None)


def _convert(given: Mapping[str, object], *, strict: bool) -> Result[Settings, BadInput]:
    try:
        return Success(msgspec.convert(given, Settings, strict=strict))
    except msgspec.ValidationError as error:  # its text names place and type, never the value
        expected, _, place = str(error).partition(" - at `$.")
        return Failure(BadInput(f"the setting {place.rstrip('`') or '?'} is wrong", f"{expected}."))
    except UnicodeError:  # half a character where a number should be
        return Failure(BadInput(f"one of the settings {', '.join(given)} is no text", "Write it again."))


def _check_addresses(settings: Settings) -> BadInput | None:
    for name in ("base_url", "auth_url"):
        address = getattr(settings, name)
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return BadInput(f"the setting {name} is no address", f"Give one like {API_URL}.")
        if parts.username is not None or parts.password is not None:
            return BadInput(
                f"the setting {name} holds a user name", "Leave it out; tokens have settings of their own."
            )
        plain = _is_plain(address) and not set(address) & set("?#\\") and _HOST.fullmatch(parts.netloc)
        if parts.scheme not in ("https", "http") or not host or not plain:
            return BadInput(f"the setting {name} is no address", f"Give one like {API_URL}.")
        if parts.scheme == "http" and host not in _LOOPBACK:
            mend = "Use https; plain http is for a server on this machine only."
            return BadInput(f"the setting {name} would send your token unencrypted to {host}", mend)
    return None


def _check_texts(settings: Settings) -> BadInput | None:
    if settings.timezone is not None and zone_named(settings.timezone) is None:
        return BadInput(
            f"the setting timezone is {settings.timezone!r}", "Give an IANA name like Europe/Berlin."
        )
    if settings.state_dir is not None and not (
        settings.state_dir.strip() and settings.state_dir.isprintable()
    ):
        return BadInput("the setting state_dir names no folder", "Give a path, or leave it out.")
    for name in ("client_id", "client_secret", "access_token", "refresh_token"):
        value = getattr(settings, name)
        if value == "" and name != "client_secret":  # an empty secret is none, as new apps have it
            return BadInput(f"the setting {name} is empty", "Give it, or leave it out.")
        if value is not None and not _is_plain(value):
            return BadInput(
                f"the setting {name} holds spaces or characters that no token has", "Copy it again."
            )
    return None


def _is_plain(text: str) -> bool:
    """Whether it can stand in a header or an address as it is."""
    return text.isascii() and text.isprintable() and " " not in text
