"""The document of what could not be done, one per feature.

It is not a copy of anything Trakt has, so one that cannot be read is a problem, except a torn one: that
is said, put aside under another name, and begun anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from returns.result import Result, Success

from crosswatch_trakt.application.documents import SCHEMA, Document, write_document
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.ports import Clock, Note, Progress, StateStore
from crosswatch_trakt.domain.outcomes import Outcome
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.unresolved import Open, Operation, Unresolved, record


class _Entry(msgspec.Struct):
    operation: Operation
    key: str
    item: dict[str, object]
    digest: str
    reason: str
    hint: str | None
    attempts: int
    first_seen: int
    last_seen: int


class _Entries(Document, kw_only=True):
    entries: dict[str, _Entry] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnresolvedBook:
    """The unresolved items of one feature."""

    feature: Feature
    state: StateStore
    clock: Clock
    progress: Progress

    @property
    def file(self) -> str:
        """The document's name."""
        return f"trakt_{self.feature}.unresolved.json"

    def read(self) -> Result[Open, Problem]:
        """All entries, by operation and key."""
        return self.state.read(self.file).bind(self._parse)

    def oldest_first(self) -> Result[Sequence[Unresolved], Problem]:
        """The entries in the order in which they were first seen."""
        return self.read().map(lambda found: sorted(found.values(), key=lambda entry: entry.first_seen))

    def record(
        self, operation: Operation, outcomes: Sequence[Outcome], left_out: Collection[str]
    ) -> Result[None, Problem]:
        """Count what failed, forget what succeeded; written only if that changes anything.

        `left_out`: the keys of what was not tried.
        """
        now = int(self.clock.now().timestamp())
        return self.state.locked(
            self.file,
            lambda: self.read().bind(
                lambda entries: self._write(entries, record(entries, operation, outcomes, now, left_out))
            ),
        )

    def clear(self, keys: Collection[str] | None = None) -> Result[int, Problem]:
        """Forget entries, all or those of these keys; gives how many."""

        def cleared(entries: Open) -> Result[int, Problem]:
            kept = {
                name: entry for name, entry in entries.items() if keys is not None and entry.key not in keys
            }
            return self._write(entries, kept).map(lambda _: len(entries) - len(kept))

        return self.state.locked(self.file, lambda: self.read().bind(cleared))

    def _write(self, before: Open, after: Open) -> Result[None, Problem]:
        if before == after:
            return Success(None)
        if not after:
            return self.state.delete(self.file)
        entries = {name: _entry(entry) for name, entry in after.items()}
        return write_document(self.state, self.file, _Entries(entries=entries))

    def _parse(self, body: bytes | None) -> Result[Open, Problem]:
        if body is None:
            return Success({})
        try:
            document = msgspec.json.decode(body, type=_Entries)
            if document.schema == SCHEMA:
                return Success(_values(document.entries))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        aside = f"{self.file}.damaged"
        self.progress.tell(
            Note(self.feature, f"{self.file} was damaged or of another version; it is kept as {aside}.")
        )
        return self.state.write(aside, body).bind(lambda _: self.state.delete(self.file)).map(lambda _: {})


def _values(entries: Mapping[str, _Entry]) -> Open:
    return {
        name: Unresolved(**{field: getattr(entry, field) for field in _Entry.__struct_fields__})
        for name, entry in entries.items()
    }


def _entry(entry: Unresolved) -> _Entry:
    values = {field: getattr(entry, field) for field in _Entry.__struct_fields__}
    return _Entry(**{**values, "item": _plain(entry.item)})


def _plain(value: object) -> object:
    """A caller's value as JSON can hold it."""
    match value:
        case None | bool():
            return value
        case int() | float():
            return value if abs(value) < 2**53 else repr(value)
        case str():
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {str(_plain(str(name))): _plain(of) for name, of in value.items()}
        case list() | tuple():
            return [_plain(of) for of in value]
        case _:
            return repr(value)
