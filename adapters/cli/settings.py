"""Where settings come from: flags, then the environment, then a TOML file; the first that names one counts.

The environment has `CROSSWATCH_TRAKT_<NAME>` for every setting: lists with commas, `true` or `false`,
`none` for no number; an empty one counts as not set. The file is that of `--config`, else of
`CROSSWATCH_TRAKT_CONFIG`, else `crosswatch-trakt.toml` in the user's configuration folder; its keys are
the names of the settings. Secrets are no flags, since every user of a machine sees the flags of all.

One default differs from the library's: where `base_url` is not Trakt's own, `auth_url` is its host, since
a server for trying things answers both.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_origin, get_type_hints
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_state_path
from returns.result import Failure, Result, Success

from crosswatch_trakt.application.settings import API_URL, Settings, parse_settings
from crosswatch_trakt.domain.problems import BadInput

APP = "crosswatch-trakt"
STATE = ".cw_state"
FILE = "crosswatch-trakt.toml"
PREFIX = "CROSSWATCH_TRAKT_"
CONFIG = f"{PREFIX}CONFIG"
SECRETS = frozenset({"client_secret", "access_token", "refresh_token"})
FILE_BYTES_MAX = 1_000_000

_NAMES = tuple(entry.name for entry in fields(Settings))
_HINTS = get_type_hints(Settings)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and what a person should know of where they came from."""

    settings: Settings
    sources: Mapping[str, str]  # name → where it was said; the rest are defaults
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """What one place says: name → value, and how the place of a name is called."""

    values: Mapping[str, object]
    places: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def load_settings(
    flags: Mapping[str, str], config: str | None, environment: Mapping[str, str]
) -> Result[Loaded, BadInput]:
    """The settings of one run. A wrong value that another source overrides is not looked at."""
    return _flags(flags).bind(
        lambda given: _file(config, environment).bind(
            lambda file: _merge((given, _environment(environment), file))
        )
    )


def _merge(sources: tuple[_Source, ...]) -> Result[Loaded, BadInput]:
    values: dict[str, object] = {}
    places: dict[str, str] = {}
    for source in sources:  # the strongest first
        for name, value in source.values.items():
            if name not in values:
                values[name], places[name] = value, source.places[name]
    for name, value in values.items():  # one by one, so that the place of a wrong one is known
        wrong = parse_settings({name: value}).swap().value_or(None)
        if wrong is not None:
            what = f"the setting {wrong.what}" if wrong.what.startswith(name) else wrong.what
            return Failure(BadInput(f"{what} (from {places[name]})", wrong.mend))
    _default_elsewhere(values)
    warnings = tuple(warning for source in sources for warning in source.warnings)
    return parse_settings(values).map(lambda settings: Loaded(settings, places, warnings))


def _default_elsewhere(values: dict[str, object]) -> None:
    values.setdefault("state_dir", str(user_state_path(APP) / STATE))
    address = urlsplit(str(values.get("base_url", API_URL)))
    if address.netloc != urlsplit(API_URL).netloc:
        values.setdefault("auth_url", f"{address.scheme}://{address.netloc}")


# --- the three sources


def _flags(given: Mapping[str, str]) -> Result[_Source, BadInput]:
    for name in given:
        if name in SECRETS:
            what = f"{name} cannot be given on the command line, where every user of the machine sees it"
            return Failure(BadInput(what, f"Set {PREFIX}{name.upper()}, or put it into the settings file."))
    values = {name: _from_text(name, text) for name, text in given.items()}
    return Success(_Source(values, dict.fromkeys(values, "the command line")))


def _environment(environment: Mapping[str, str]) -> _Source:
    values, places = {}, {}
    for name in _NAMES:
        variable = f"{PREFIX}{name.upper()}"
        text = environment.get(variable, "")
        if text:
            values[name], places[name] = _from_text(name, text), variable
    known = {f"{PREFIX}{name.upper()}" for name in _NAMES} | {CONFIG}
    strange = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    return _Source(values, places, tuple(f"{name} names no setting and is ignored." for name in strange))


def _file(config: str | None, environment: Mapping[str, str]) -> Result[_Source, BadInput]:
    named = config or environment.get(CONFIG) or None
    path = Path(named).expanduser() if named else user_config_path(APP) / FILE
    try:
        with path.open("rb") as stream:
            body = stream.read(FILE_BYTES_MAX + 1)
            mode = os.fstat(stream.fileno()).st_mode
    except FileNotFoundError:
        if named is None:
            return Success(_Source({}, {}))
        return Failure(BadInput(f"there is no settings file {path}", "Check --config or " + CONFIG + "."))
    except OSError as error:
        return Failure(
            BadInput(f"the settings file {path} cannot be read: {error.strerror}", "Check its rights.")
        )
    if len(body) > FILE_BYTES_MAX:
        return Failure(BadInput(f"the settings file {path} is over a megabyte", "Name the right file."))
    try:
        values = tomllib.loads(body.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at .*\)$", str(error))  # the rest of its text may quote a secret
        place = f" {where[0]}" if where else ""
        return Failure(
            BadInput(f"the settings file {path} is no TOML{place}", 'Write lines like name = "x".')
        )
    except (UnicodeDecodeError, RecursionError):
        return Failure(BadInput(f"the settings file {path} is no TOML", 'Write lines like name = "x".'))
    warnings: tuple[str, ...] = ()
    if os.name == "posix" and mode & 0o077 and SECRETS & set(values):
        warnings = (f"{path} holds secrets and others may read it: chmod 600 {path}",)
    return Success(_Source(values, dict.fromkeys(values, str(path)), warnings))


def _from_text(name: str, text: str) -> object:
    """A value as text, in the form that the settings convert from."""
    hint = _HINTS.get(name)
    if get_origin(hint) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    takes_text = str in getattr(hint, "__args__", (hint,))
    return None if text.lower() == "none" and not takes_text else text
