"""The ids of a title, cleaned.

Services write one id in many ways: 550, "550", " TT0137523 ", "none". Equal ids must be equal
values, or one title becomes two. Namespaces of other services are carried untouched: on the real
service `plex` is an object.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

Namespace: TypeAlias = Literal["trakt", "imdb", "tmdb", "tvdb", "slug"]
IdValue: TypeAlias = int | str

NAMESPACES: tuple[Namespace, ...] = ("trakt", "imdb", "tmdb", "tvdb", "slug")
SAMENESS_ORDER: tuple[Namespace, ...] = ("trakt", "tmdb", "imdb", "tvdb", "slug")
KEY_ORDER: tuple[Namespace, ...] = ("tmdb", "imdb", "tvdb", "trakt", "slug")

_JUNK = frozenset({"", "0", "none", "null", "nan", "undefined", "n/a", "-"})
_SLUG = re.compile(r"[\w-]{1,200}")  # words and hyphens: nothing that means something else in a key
_DIGITS_MAX = 19  # a 64-bit number; longer digits are no id
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids that Trakt knows, and in `others` those that it does not."""

    trakt: int | None = None
    imdb: str | None = None  # "tt" and digits, at least seven
    tmdb: int | None = None
    tvdb: int | None = None
    slug: str | None = None  # lower case
    others: Mapping[str, object] = field(default_factory=lambda: _NOTHING, hash=False)

    def get(self, namespace: Namespace) -> IdValue | None:
        """The id in one namespace of Trakt's."""
        return getattr(self, namespace)  # type: ignore[no-any-return]  # the names are the fields

    def known(self) -> Iterator[tuple[Namespace, IdValue]]:
        """Every id that Trakt can look up, in the order of the fields."""
        if self.trakt is not None:
            yield "trakt", self.trakt
        if self.imdb is not None:
            yield "imdb", self.imdb
        if self.tmdb is not None:
            yield "tmdb", self.tmdb
        if self.tvdb is not None:
            yield "tvdb", self.tvdb
        if self.slug is not None:
            yield "slug", self.slug

    def __bool__(self) -> bool:
        """Whether Trakt could find the title by any of these."""
        numbered = self.trakt is not None or self.tmdb is not None or self.tvdb is not None
        return numbered or self.imdb is not None or self.slug is not None


NO_IDS = Ids()


def parse_ids(raw: object) -> Ids:
    """Clean what a service or a caller gave as `ids`; whatever is no id is dropped.

    Never fails: without a usable id the result is falsy, and the caller decides what that means.
    """
    if not isinstance(raw, Mapping) or not raw:
        return NO_IDS
    # In this order "TMDB" comes before "tmdb", so that the usual spelling has the last word.
    given = sorted([name for name, value in raw.items() if isinstance(name, str) and not _is_junk(value)])
    known: dict[str, object] = {}
    others: dict[str, object] = {}
    for name in given:
        namespace = name.lower()
        known[namespace] = raw[name]
        if namespace not in NAMESPACES:
            others[name] = raw[name]
    return Ids(
        trakt=parse_number(known.get("trakt")),
        imdb=parse_imdb(known.get("imdb")),
        tmdb=parse_number(known.get("tmdb")),
        tvdb=parse_number(known.get("tvdb")),
        slug=_parse_slug(known.get("slug")),
        others=MappingProxyType(others) if others else _NOTHING,
    )


def ids_item(ids: Ids) -> dict[str, object]:
    """The `ids` of an item dictionary: known namespaces first, then the others."""
    return {**dict(ids.known()), **ids.others}


def unite(first: Ids, second: Ids) -> Ids:
    """Every namespace that either has; where both have one, the first's."""
    return Ids(
        first.trakt or second.trakt,
        first.imdb or second.imdb,
        first.tmdb or second.tmdb,
        first.tvdb or second.tvdb,
        first.slug or second.slug,
        MappingProxyType({**second.others, **first.others}),
    )


def same_ids(first: Ids, second: Ids) -> bool | None:
    """Whether the best namespace that both carry agrees; None where they share none."""
    for namespace in SAMENESS_ORDER:
        one, other = first.get(namespace), second.get(namespace)
        if one is not None and other is not None:
            return one == other
    return None


def parse_number(value: object) -> int | None:
    """A positive whole number out of a number or its text; None for anything else."""
    if type(value) is int:  # as nearly all are
        return value if 0 < value < 2**63 else None
    return parse_whole(value) or None


def parse_whole(value: object) -> int | None:
    """A whole number from zero up, out of a number or its text; None for anything else."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= 2**53:
            return None
        value = int(value)
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS_MAX:
            return None
        value = int(text)
    return value if isinstance(value, int) and 0 <= value < 2**63 else None


def parse_up_to(number_max: int, value: object) -> int | None:
    """A whole number from zero to a bound; None for anything else."""
    number = parse_whole(value)
    return number if number is not None and number <= number_max else None


def parse_imdb(value: object) -> str | None:
    """`tt` and at least seven digits, out of `tt0137523`, `TT137523`, `137523` or the number."""
    number = parse_number(value.strip().lower().removeprefix("tt") if isinstance(value, str) else value)
    return None if number is None else f"tt{number:07d}"


def _parse_slug(value: object) -> str | None:
    slug = value.strip().lower() if isinstance(value, str) else ""
    return slug if _SLUG.fullmatch(slug) else None


def _is_junk(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in _JUNK
    if value is None or isinstance(value, bool):
        return True
    return isinstance(value, int | float) and value == 0
