"""The plain things that pass between engine and provider, and how to read them without trusting them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

Item = dict[str, object]
Config = dict[str, object]
Index = dict[str, Item]

DEFAULT = "default"  # the profile that needs no name


class Form(StrEnum):
    """Which CrossWatch: keys, scopes and some modules differ."""

    OLD = "0.11.3"  # keys blind to the type, baselines shared by all pairs
    NEW = "0.13.1"  # a show's TMDB key says so, every pair and feature has a scope of its own


class Provider(Protocol):
    """What an object needs to be taken for a provider; the optional hooks are looked up when they are used.

    Answers are `object`: the engine believes none of them before it has looked.
    """

    def name(self) -> str:
        """Its name in capitals."""
        ...

    def label(self) -> str:
        """Its name for people."""
        ...

    def features(self) -> object:
        """Feature -> whether it has it."""
        ...

    def capabilities(self) -> object:
        """What it can do with each feature."""
        ...

    def is_configured(self, cfg: Config) -> bool:
        """Whether the view holds what it needs."""
        ...

    def health(self, cfg: Config) -> object:
        """Whether it can be used now."""
        ...

    def build_index(self, cfg: Config, *, feature: str) -> object:
        """All it holds of one feature."""
        ...

    def add(self, cfg: Config, items: list[Item], *, feature: str, dry_run: bool = False) -> object:
        """Add or change items."""
        ...

    def remove(self, cfg: Config, items: list[Item], *, feature: str, dry_run: bool = False) -> object:
        """Remove items."""
        ...


def block(of: object, *names: str) -> Config:
    """The mapping under these names, empty where there is none: a copy of its top."""
    for name in names:
        of = of.get(name) if isinstance(of, Mapping) else None
    return {str(key): value for key, value in of.items()} if isinstance(of, Mapping) else {}


def text(of: Mapping[str, object], name: str) -> str:
    """The value as text without blanks around it, empty where there is none."""
    value = of.get(name)
    return "" if value is None else str(value).strip()


def number(of: Mapping[str, object], name: str, default: float) -> float:
    """The value as a number, or the default where it is none."""
    try:
        return float(str(of[name]))
    except (KeyError, ValueError):
        return default


def flag(of: Mapping[str, object], name: str, *, default: bool) -> bool:
    """The value as a switch."""
    return bool(of.get(name, default))


def texts(of: object) -> list[str]:
    """A list's entries as text; empty ones are left out."""
    return [str(entry) for entry in of if entry] if isinstance(of, list | tuple | set | frozenset) else []


def mappings(of: object) -> list[Item]:
    """A list's entries that are mappings."""
    return [dict(entry) for entry in of if isinstance(entry, Mapping)] if isinstance(of, list) else []
