"""What a reader of an index gets: a mapping that makes each item when it is asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, eq=False)
class Index(Mapping[str, dict[str, object]], Generic[Entry]):
    """Key → item dictionary. 100,000 plays are not 100,000 dictionaries until someone wants them."""

    entries: Mapping[str, Entry]
    item_of: Callable[[Entry], dict[str, object]]
    moment_of: Callable[[Entry], int | None]
    as_of: datetime  # UTC: Trakt was asked then
    hidden: int = 0  # rows that Trakt counts and does not send
    fetched: bool = True  # False: nothing had changed, so nothing was read
    stale: bool = False  # Trakt could not be asked, and the caller allowed the stored index
    complete: bool = True  # False once `since` or `limit` trimmed it
    set_aside: Mapping[str, int] = field(default_factory=dict)  # reason → rows that name nothing

    def __getitem__(self, key: str) -> dict[str, object]:
        return self.item_of(self.entries[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"<Index of {len(self)} items as of {self.as_of:%Y-%m-%d %H:%M:%S}Z>"

    def trimmed(self, since: int | None, limit: int | None) -> "Index[Entry]":
        """Only entries of `since` (epoch seconds) or later, and of these the first `limit`."""
        if since is None and limit is None:
            return self
        kept = {
            key: entry
            for key, entry in self.entries.items()
            if since is None or (self.moment_of(entry) or 0) >= since
        }
        if limit is not None:
            kept = dict(list(kept.items())[:limit])
        return replace(self, entries=kept, complete=len(kept) == len(self.entries) and self.complete)
