"""One call of the engine's that writes, on its way to its answer.

A call of which nothing was sent raises: the engine then tries it again. Once something was sent, each item
is answered by name.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from crosswatch_trakt.adapters.crosswatch import files, host
from crosswatch_trakt.adapters.crosswatch.host import Config, Item
from crosswatch_trakt.adapters.crosswatch.items import is_meant, is_whole_title
from crosswatch_trakt.adapters.crosswatch.remembered import heed_another_account
from crosswatch_trakt.adapters.crosswatch.results import Told, engine_result
from crosswatch_trakt.adapters.crosswatch.sessions import Session
from crosswatch_trakt.adapters.library import TraktError
from crosswatch_trakt.application.features import Feature
from crosswatch_trakt.application.write.report import Report
from crosswatch_trakt.domain.problems import AccountLimit
from crosswatch_trakt.domain.unresolved import Operation

Row = Mapping[str, object]
Result = dict[str, object]


class Adapter(Protocol):
    """What a feature needs of the module that it is called with."""

    @property
    def session(self) -> Session:
        """The account."""
        ...

    @property
    def raw_cfg(self) -> Config:
        """The view it is of."""
        ...


@dataclass(slots=True)
class Writing:
    """One call of the engine's, on its way to its answer."""

    adapter: Adapter
    feature: Feature
    operation: Operation
    items: Sequence[Told]
    dry_run: bool

    def send(self, asked: Iterable[tuple[Told, Item]]) -> None:
        """Bring what was asked to its ends. What a person asked for by hand is meant, however much it is."""
        heed_another_account(self.adapter.session, self.adapter.raw_cfg)
        by_hand = is_by_hand(self.adapter)
        groups: defaultdict[tuple[bool, bool], list[tuple[Told, Item]]] = defaultdict(list)
        for one, item in asked:
            meant, whole = by_hand or is_meant(one.item), by_hand and is_whole_title(one.item)
            groups[meant, whole].append((one, item))
        sent = False
        for (meant, all_plays), group in groups.items():
            try:
                self._send(group, meant=meant, all_plays=all_plays)
            except TraktError as error:
                if not sent:
                    raise
                for one, _ in group:
                    one.ends.append(("unresolved", "not_sent"))
                host.log(self.feature, "error", "write_failed", op=self.operation, error=error.advice)
            sent = True

    def _send(self, asked: Sequence[tuple[Told, Item]], *, meant: bool, all_plays: bool) -> None:
        account, items = self.adapter.session.account, [item for _, item in asked]
        if self.operation == "add":
            report = account.add(self.feature, items, dry_run=self.dry_run)
        else:
            report = account.remove(
                self.feature,
                items,
                dry_run=self.dry_run,
                meant=meant,
                all_plays=all_plays,
                run_id=host.run_id(),
            )
        owners = {id(item): one for one, item in asked}
        for outcome in (*report.confirmed, *report.existing, *report.unresolved):
            owners[id(outcome.item)].ends.append((outcome.end.value, outcome.reason))
        self._tell(report)

    def _tell(self, report: Report) -> None:
        if any(isinstance(problem, AccountLimit) for problem in report.problems):
            files.note_limit(self.adapter.session, self.adapter.raw_cfg, self.feature)
        ends = (report.confirmed, report.existing, report.unresolved)
        counts = dict(zip(("confirmed", "skipped", "unresolved"), map(len, ends), strict=True))
        level, word = ("info", "write_done") if not report.unresolved else ("warn", "write_failed")
        host.log(
            self.feature,
            level if report.confirmed or report.unresolved else "debug",
            word if report.confirmed or report.unresolved else "write_skipped",
            op=self.operation,
            dry_run=self.dry_run or None,
            **counts,
        )
        collection = report.collection
        if collection is not None and collection.unresolved:
            host.log("collection", "warn", "write_failed", unresolved=len(collection.unresolved))

    def result(self, destinations: Mapping[str, Item] | None = None) -> Result:
        """The answer to the engine."""
        return engine_result(
            self.items, removal=self.operation == "remove", dry_run=self.dry_run, destinations=destinations
        )


def is_by_hand(adapter: Adapter) -> bool:
    """Whether a person asked on a page of CrossWatch's, and no pair."""
    return host.IN_A_PAIR not in adapter.raw_cfg
