"""What a pair asks for, the view of the configuration its providers get, and the environment around it.

A view holds the block of one profile: of the default one as it is, of another the default under its own
values. Nothing in it names the profile, except in the newer form between two profiles of one provider.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass

from tests.crosswatch.values import DEFAULT, Config, Form, block, flag, mappings, text

FEATURES = ("watchlist", "ratings", "history")  # of which the double knows the rules


@dataclass(frozen=True, slots=True)
class End:
    """One end of a pair: a provider and one of its profiles."""

    provider: str
    instance: str = DEFAULT

    def __str__(self) -> str:
        return f"{self.provider}#{self.instance}"


@dataclass(frozen=True, slots=True)
class Pair:
    """One enabled pair."""

    name: str
    source: End
    target: End
    two_way: bool
    features: Mapping[str, Config]  # in the order they run
    overrides: Config  # `providers` of the pair: laid over the blocks of the view

    @property
    def mode(self) -> str:
        """`one-way` or `two-way`."""
        return "two-way" if self.two_way else "one-way"


def pairs_of(config: Config, form: Form) -> list[Pair]:
    """The enabled pairs, in order."""
    return [
        Pair(
            text(raw, "id"),
            End(text(raw, "source").upper(), text(raw, "source_instance") or DEFAULT),
            End(text(raw, "target").upper(), text(raw, "target_instance") or DEFAULT),
            text(raw, "mode") == "two-way",
            _features(block(raw, "features"), form),
            block(raw, "providers"),
        )
        for raw in mappings(config.get("pairs"))
        if flag(raw, "enabled", default=True)
    ]


def view_for(config: Config, ends: Sequence[End], overrides: Mapping[str, object]) -> Config:
    """The whole configuration with the block of each end's profile in its place, the pair's values on top.

    Of two profiles of one provider the last has the place.
    """
    view = deepcopy(config)
    for end in ends:
        name = end.provider.lower()
        mine = block(config, name)
        if end.instance != DEFAULT:
            own = block(mine, "instances", end.instance)
            shared = {key: value for key, value in mine.items() if key != "instances"}
            mine = merged(shared, own) if own else {}
        view[name] = merged(mine, block(overrides, name))
    return view


def merged(under: Mapping[str, object], over: Mapping[str, object]) -> Config:
    """Both, `over` winning, blocks merged in depth."""
    result = dict(under)
    for key, value in over.items():
        mine = result.get(key)
        both = isinstance(mine, Mapping) and isinstance(value, Mapping)
        result[key] = merged(block(mine), block(value)) if both else deepcopy(value)
    return result


def scope_of(pair: Pair, feature: str, view: Config, form: Form) -> str:
    """What CW_PAIR_KEY says: readable in the old form; in the newer one it changes with every setting."""
    ends = (str(pair.source), str(pair.target))
    first, second = sorted(ends) if pair.two_way else ends
    if form is Form.OLD:
        return f"{pair.mode}:{first}-{second}:{pair.name}"
    settings = {key: value for key, value in block(view, "trakt").items() if key not in _SECRETS}
    whole = json.dumps([pair.mode, first, second, pair.name, feature, settings], sort_keys=True, default=str)
    return f"cw2_{hashlib.sha256(whole.encode()).hexdigest()}"


_SECRETS = frozenset(("access_token", "refresh_token", "client_secret", "instances"))  # but not `expires_at`


@contextmanager
def pair_environment(key: str, source: End, target: End, mode: str, feature: str) -> Iterator[None]:
    """The variables a provider may read while it is at work for a pair; as before afterwards."""
    names = dict.fromkeys(("CW_PAIR_KEY", "CW_PAIR_SCOPE", "CW_SYNC_PAIR", "CW_PAIR"), key)
    names |= {"CW_PAIR_SRC": source.provider, "CW_PAIR_SRC_INSTANCE": source.instance}
    names |= {"CW_PAIR_DST": target.provider, "CW_PAIR_DST_INSTANCE": target.instance}
    names |= {"CW_PAIR_MODE": mode, "CW_PAIR_FEATURE": feature}
    with environment(**names):
        yield


@contextmanager
def environment(**names: str) -> Iterator[None]:
    """Set these variables, and put them back."""
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _features(raw: Config, form: Form) -> dict[str, Config]:
    """History comes before the watchlist, in the newer form before ratings too."""
    wanted = {
        name: block(value)
        for name, value in raw.items()
        if value is True or flag(block(value), "enable", default=True)
    }
    after = ("watchlist",) if form is Form.OLD else ("watchlist", "ratings")
    order = list(wanted)
    if "history" in order:
        firsts = [order.index(name) for name in after if name in order]
        place = min([order.index("history"), *firsts])
        order.remove("history")
        order.insert(place, "history")
    return {name: wanted[name] for name in order}
