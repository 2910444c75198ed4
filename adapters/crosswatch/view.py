"""A configuration view of CrossWatch's, read as our settings.

The view is the whole configuration with `trakt` as the block of one profile. CrossWatch's names and ours
are both understood. What cannot be meant falls back to the default, with one warning for all of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.host import Config
from crosswatch_trakt.application.settings import API_URL, Settings, parse_settings

OWN_FOLDER = "trakt"  # a folder of ours: what CrossWatch clears are files beside it
SECRETS = ("client_id", "client_secret", "access_token", "refresh_token", "expires_at")
_OURS = {entry.name for entry in fields(Settings)} - {*SECRETS, "history_collection_types", "state_dir"}
_UNPACED = ("gets_per_5_min", "writes_per_sec")  # null is a value of these
_COLLECTED = {"movies": "movies", "shows": "episodes", "episodes": "episodes"}
_WINDOW_S = 300
_EMPTY: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class View:
    """The settings of the profile in a view, and the names of those that could not be meant."""

    settings: Settings
    folder: Path | None  # where CrossWatch's providers keep state; None: it cannot be told
    wrong: tuple[str, ...] = ()


def block_of(config: Config, instance: str = host.DEFAULT) -> Mapping[str, object]:
    """The block of a profile in a configuration or view; empty if there is none."""
    block = _mapping(_mapping(config).get("trakt"))
    return block if instance == host.DEFAULT else _mapping(_mapping(block.get("instances")).get(instance))


def profiles_in(config: Config) -> Sequence[str]:
    """The profiles of a configuration, the default first."""
    instances = block_of(config).get("instances")
    return [host.DEFAULT, *(instances if isinstance(instances, Mapping) else ())]


def text_of(block: Mapping[str, object], name: str) -> str | None:
    """A text of a block, without the spaces that were copied with it; None if there is none."""
    value = block.get(name)
    return value.strip() or None if isinstance(value, str) else None


def secret_of(block: Mapping[str, object]) -> str | None:
    """The secret of the user's own app; a login by PIN has none, whatever an older one left there."""
    return None if block.get("auth_method") == "pin" else text_of(block, "client_secret")


def is_configured(view: Config) -> bool:
    """Whether the profile in a view is signed in."""
    block = block_of(view)
    return bool(text_of(block, "access_token") and (text_of(block, "client_id") or host.app_client_id()))


def read_view(view: Config) -> View:
    """The settings of the profile in a view."""
    block, wrong = block_of(view), list[str]()
    given = {name: block[name] for name in sorted(_OURS & block.keys()) if _is_given(name, block[name])}
    given |= _paced(block, wrong) | _collected(block, wrong)
    if "base_url" in given:
        given.setdefault("auth_url", given["base_url"])
    given |= _login(block)
    settings = Settings()
    for name, value in given.items():
        parsed = parse_settings({name: value}).value_or(None)
        if parsed is None:
            wrong.append(name)
        else:
            settings = replace(settings, **{name: getattr(parsed, name)})
    folder = _folder(block, wrong)
    if folder is not None:
        settings = replace(settings, state_dir=str(folder / OWN_FOLDER))
    return View(settings, folder, tuple(sorted(wrong)))


def _folder(block: Mapping[str, object], wrong: list[str]) -> Path | None:
    """Where CrossWatch's providers keep state, or where the block has put that."""
    given = block.get("state_dir")
    if given is None or given == "":
        return host.state_folder()
    if not isinstance(given, str) or parse_settings({"state_dir": given}).value_or(None) is None:
        wrong.append("state_dir")
        return host.state_folder()
    try:
        return Path(given).expanduser()
    except RuntimeError:  # the home of nobody
        wrong.append("state_dir")
        return host.state_folder()


def _login(block: Mapping[str, object]) -> dict[str, object]:
    """The login of the block, as far as there is one."""
    login: dict[str, object] = {
        "client_id": text_of(block, "client_id") or host.app_client_id() or None,
        "client_secret": secret_of(block),
        "access_token": text_of(block, "access_token"),
        "refresh_token": text_of(block, "refresh_token"),
        "expires_at": block.get("expires_at") or None,
    }
    return {name: value for name, value in login.items() if value is not None}


def _paced(block: Mapping[str, object], wrong: list[str]) -> dict[str, object]:
    """CrossWatch's rates, where they ask for less than Trakt allows; 0 switches the gate off."""
    paced: dict[str, object] = {}
    limit = _mapping(block.get("rate_limit"))
    wrong += ["rate_limit"] if limit is _EMPTY and block.get("rate_limit") is not None else []
    rules: tuple[tuple[str, str, Callable[[float], object]], ...] = (
        ("get_per_sec", "gets_per_5_min", lambda rate: max(1, min(500, round(rate * _WINDOW_S)))),
        ("post_per_sec", "writes_per_sec", lambda rate: min(1.0, rate)),
    )
    for theirs, ours, converted in rules:
        rate = _number(limit.get(theirs))
        if rate is None:
            wrong += [f"rate_limit.{theirs}"] if limit.get(theirs) not in (None, "") else []
        elif ours not in block:
            paced[ours] = None if rate == 0 else converted(rate)
    return paced


def _collected(block: Mapping[str, object], wrong: list[str]) -> dict[str, object]:
    """CrossWatch says shows, and means the episodes that were watched."""
    given = block.get("history_collection_types")
    if given is None:
        return {}
    words = given if isinstance(given, list | tuple) else [given]
    kinds = [_COLLECTED.get(word.strip().lower(), "") if isinstance(word, str) else "" for word in words]
    if not all(kinds):
        wrong.append("history_collection_types")
        return {}
    return {"history_collection_types": list(dict.fromkeys(kinds))}


def is_trakt_itself(settings: Settings) -> bool:
    """Whether the settings talk to Trakt, and not to a server for trying things out."""
    return settings.base_url.rstrip("/") == API_URL


def _is_given(name: str, value: object) -> bool:
    return value != "" and (value is not None or name in _UNPACED)


def _number(value: object) -> float | None:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 1e9 else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else _EMPTY
