"""The Python library: `TraktAccount`, and the one error it raises.

The use cases give results; here a failure becomes a `TraktError`, which holds the problem as facts and
as a sentence. Whatever is heavy is imported when an account is opened.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from returns.result import Failure, Result, Success

from crosswatch_trakt.application.advice import advice
from crosswatch_trakt.application.features import check_feature
from crosswatch_trakt.application.settings import Settings, check_settings
from crosswatch_trakt.domain.problems import BadInput, Problem

if TYPE_CHECKING:
    from crosswatch_trakt.adapters.container import Connection
    from crosswatch_trakt.application.account import Account, AnyIndex, Since
    from crosswatch_trakt.application.health import Health
    from crosswatch_trakt.application.ports import (
        Clock,
        HttpTransport,
        Progress,
        Response,
        StateStore,
        TokenStore,
    )
    from crosswatch_trakt.application.trakt.access import Access
    from crosswatch_trakt.application.trakt.call import Caller
    from crosswatch_trakt.application.trakt.gate import Gates
    from crosswatch_trakt.application.trakt.person import Person
    from crosswatch_trakt.application.write.report import Report
    from crosswatch_trakt.domain.plays import Play
    from crosswatch_trakt.domain.unresolved import Operation, Unresolved

T = TypeVar("T")


class TraktError(Exception):
    """Something could not be done. `problem` has the facts, `advice` the words."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(advice(problem))
        self.problem = problem

    @property
    def advice(self) -> str:
        """What happened, what was left alone, what to do."""
        return advice(self.problem)


class TraktAccount:
    """One person's Trakt account. Open it with `TraktAccount.open(Settings(...))`.

    Nothing is asked of Trakt before the first call that needs it. Thread-safe. After another login,
    here or in another process, the next call begins anew with that account; calls under way fail.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._account: Account | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        progress: Progress | None = None,
        transport: HttpTransport | None = None,
        clock: Clock | None = None,
        gates: Gates | None = None,
        tokens: Callable[[StateStore], TokenStore] | None = None,
        around: Callable[[HttpTransport], HttpTransport] | None = None,
    ) -> TraktAccount:
        """Open the account that the settings name; other adapters may stand in for the usual ones.
        `tokens` makes a store of pairs; `around` is put around the usual transport.

        Raises TraktError for settings that cannot be meant.
        """
        from crosswatch_trakt.adapters.container import connect

        _value(check_settings(settings))
        return cls(
            connect(
                settings,
                progress=progress,
                transport=transport,
                clock=clock,
                gates=gates,
                tokens=tokens,
                around=around,
            )
        )

    def close(self) -> None:
        """Close what is open: connections."""
        self._connection.shutdown_resources()

    def __enter__(self) -> TraktAccount:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def index(
        self,
        feature: str,
        *,
        since: Since | None = None,
        limit: int | None = None,
        allow_stale: bool = False,
    ) -> AnyIndex:
        """All of `watchlist`, `ratings` or `history`, proven whole: key → item.

        `since` (a date) and `limit` trim what is given, never what is read. `allow_stale`: if Trakt
        cannot be asked, the stored index, marked `stale`. Raises TraktError; never gives a part as whole.
        """
        name = _value(check_feature(feature))
        return self._do(
            lambda account: account.index(name, since=since, limit=limit, allow_stale=allow_stale)
        )

    def add(
        self, feature: str, items: Sequence[object], *, dry_run: bool = False, meant: bool = False
    ) -> Report:
        """Add items: dictionaries (what is none is refused by name). Each ends confirmed, existing, or
        unresolved with a reason.

        Raises TraktError only if nothing was sent.
        """
        return self._write("add", feature, items, dry_run=dry_run, meant=meant)

    def remove(
        self,
        feature: str,
        items: Sequence[object],
        *,
        dry_run: bool = False,
        meant: bool = False,
        all_plays: bool = False,
        run_id: str | None = None,
    ) -> Report:
        """Remove items. From the history one play goes, by its date or `history_id`; `all_plays` says
        that an item without a date means all plays of it. Raises TraktError only if nothing was sent.

        The guard on removals counts the calls of one `run_id` together; without, those of one minute.
        """
        return self._write(
            "remove", feature, items, dry_run=dry_run, meant=meant, all_plays=all_plays, run_id=run_id
        )

    def unresolved(self, feature: str) -> Sequence[Unresolved]:
        """What could not be done, oldest first."""
        name = _value(check_feature(feature))
        return self._do(lambda account: account.unresolved(name))

    def retry_unresolved(self, feature: str, keys: Collection[str] | None = None) -> Sequence[Report]:
        """Try entries again, the frozen too: a report for each operation that had any."""
        name = _value(check_feature(feature))
        return self._do(lambda account: account.retry_unresolved(name, keys))

    def clear_unresolved(self, feature: str, keys: Collection[str] | None = None) -> int:
        """Forget entries, all or those of these keys; gives how many."""
        name = _value(check_feature(feature))
        return self._do(lambda account: account.clear_unresolved(name, keys))

    def activities(self) -> Mapping[str, str]:
        """What changed last at Trakt: `movies.watched_at` → ISO date."""
        return self._do(lambda account: account.activities())

    def aired_episodes(self, show: Mapping[str, object]) -> Sequence[dict[str, object]]:
        """The episodes of a show that have been aired, as items, specials left out."""
        return self._do(lambda account: account.aired_episodes(show))

    def stored_plays(self, minutes: Collection[int]) -> Sequence[Play]:
        """What is stored of these minutes (epoch seconds); nothing is asked of Trakt."""
        return self._do(lambda account: account.stored_plays(minutes))

    def forget_indexes(self) -> None:
        """Forget the stored indexes, so that the next ones are read whole. Loses nothing of ours."""
        self._do(lambda account: account.forget_indexes())

    def exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Result[Response, Problem]:
        """One request of another kind: its answer, or what went wrong. A GET alone is repeated."""
        from crosswatch_trakt.application.trakt.call import Call

        call = Call("account", method, path, query or {}, body, harmless=method == "GET")
        return self._opened().bind(lambda account: account.caller.request_with_retries(call, Success))

    def health(self) -> Health:
        """Whether the account can be used now. Never raises."""
        from crosswatch_trakt.application.health import health_of

        self._begun()
        identify = self._connection.identify()
        return health_of(identify(fresh=True), identify.caller)

    @property
    def person(self) -> Person:
        """Who is signed in."""
        return self._do(lambda account: Success(account.person))

    @property
    def access(self) -> Access:
        """Sign in and out."""
        return self._begun().access

    def _write(
        self,
        operation: Operation,
        feature: str,
        items: Sequence[object],
        *,
        dry_run: bool,
        meant: bool,
        all_plays: bool = False,
        run_id: str | None = None,
    ) -> Report:
        name = _value(check_feature(feature))
        if isinstance(items, str | bytes | Mapping):
            mend = "Give a list of item dictionaries."
            raise TraktError(BadInput(f"the items are one {type(items).__name__}", mend))
        return self._do(
            lambda account: account.write(
                operation,
                name,
                list(items),
                dry_run=dry_run,
                meant=meant,
                all_plays=all_plays,
                run_id=run_id,
            )
        )

    def _do(self, work: Callable[[Account], Result[T, Problem]]) -> T:
        return _value(self._opened().bind(work))

    def _opened(self) -> Result[Account, Problem]:
        caller = self._begun()
        account = self._account
        if account is not None and account.caller is caller:
            return Success(account)
        identify = self._connection.identify()
        return identify().bind(lambda person: self._hold(person, identify.caller))

    def _begun(self) -> Caller:
        """The caller of the login of now; what belongs to one that has ended is let go."""
        with self._lock:
            if not self._connection.caller().access.follow():
                self._account = None
                self._connection.reset_singletons()
            return self._connection.caller()

    def _hold(self, person: Person, caller: Caller) -> Result[Account, Problem]:
        from crosswatch_trakt.adapters.container import hold

        with self._lock:
            if self._connection.caller() is caller:
                if self._account is None:
                    self._account = hold(self._connection, person)
                return Success(self._account)
        return self._opened()  # another login came meanwhile: this person is not the one to hold


def _value(result: Result[T, Problem]) -> T:
    match result:
        case Failure(problem):
            raise TraktError(problem)
        case _:
            return result.unwrap()
