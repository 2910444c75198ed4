"""Five bugs that cost users their data, planted one by one: does a test find each? `make planted`.

A bug is planted in memory, in a process of its own, and the test named beside it is run there. Fails if
one is not found.
"""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias
from unittest.mock import patch

from returns.result import Result, Success

from crosswatch_trakt.adapters.journal import MemoryJournal
from crosswatch_trakt.application.index import proving
from crosswatch_trakt.application.index.proving import Endpoint
from crosswatch_trakt.application.ports import Journal, Request, Response, Tokens
from crosswatch_trakt.application.trakt import writes
from crosswatch_trakt.application.trakt.access import Access
from crosswatch_trakt.application.trakt.call import Call, Caller
from crosswatch_trakt.application.trakt.lists import Listed
from crosswatch_trakt.application.write.once import Sending, SendOnce
from crosswatch_trakt.application.write.removal import RemovePlays
from crosswatch_trakt.application.write.run import Run, Writes
from crosswatch_trakt.domain.answers import Answer, Fate
from crosswatch_trakt.domain.completeness import RowCount
from crosswatch_trakt.domain.items import PlayWish
from crosswatch_trakt.domain.journal import Line
from crosswatch_trakt.domain.payloads import Leaf, PlayRemoval, Target, plan_payloads
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.unresolved import Operation
from tests.application.modelling import FIGURES
from tests.application.test_refresh import test_killed_at_any_step_of_a_refresh_no_pair_is_lost_that_was_used
from tests.soak.models import play

Body: TypeAlias = Mapping[str, object]

ROOT = Path(__file__).parents[2]
ROUNDS = range(1, 11)  # seeds
RUNS = 200  # a round


def blind_retry() -> None:
    """A play whose answer is lost is sent again at once."""

    def harmless(feature: str, method: str, path: str, *, body: object, harmless: bool) -> Call:
        return Call(feature, method, path, body=body)

    patch.object(writes, "Call", harmless).start()


def trusted_short_page() -> None:
    """Whatever rows came are the whole list."""

    def believed(
        endpoint: Endpoint[object], had_rows: bool
    ) -> Result[tuple[Listed[object], RowCount], Problem]:
        return endpoint().map(
            lambda first: (first, RowCount(first.reading.endpoint, 0, len(first.reading.rows)))
        )

    patch.object(proving, "_believed", believed).start()


def removal_by_item() -> None:
    """A play is removed by naming its title, as Trakt's documents show first."""
    plain = RemovePlays._send_batch

    @dataclass(frozen=True)
    class ByItem:
        inner: Writes
        items: Sequence[Body]

        def post(self, target: Target, operation: Operation, body: Body) -> Result[Answer, Problem]:
            return self.inner.post(target, operation, self.items[0] if self.items else body)

    def send(
        self: RemovePlays, run: Run[PlayWish], removal: PlayRemoval, fates: dict[int, list[Fate]]
    ) -> None:
        leaves = [Leaf(source, run.wishes[source].media) for source in removal.sources]
        plan = plan_payloads(Target.HISTORY, leaves, size=len(leaves))
        by_item = ByItem(self.writes, [payload.body for payload in plan.payloads])
        plain(replace(self, writes=by_item), run, removal, fates)

    patch.object(RemovePlays, "_send_batch", send).start()


def journal_after_the_post() -> None:
    """What was sent is put on paper once the answer is there."""
    plain_write, plain_post = SendOnce._write, SendOnce._post

    @dataclass(frozen=True)
    class ThenPaper:
        inner: Writes
        journal: Journal
        lines: Sequence[Line]

        def post(self, target: Target, operation: Operation, body: Body) -> Result[Answer, Problem]:
            answer = self.inner.post(target, operation, body)
            self.journal.write(self.lines)
            return answer

    def write(self: SendOnce, *given: object) -> Result[Sending, Problem]:
        nowhere = replace(self, journal=MemoryJournal())
        return plain_write(nowhere, *given)  # type: ignore[arg-type]  # passed on as it is

    def post(self: SendOnce, run: Run[PlayWish], sending: Sending) -> Sequence[Play]:
        then = ThenPaper(self.writes, self.journal, sending.lines)
        return plain_post(replace(self, writes=then), run, sending)

    patch.object(SendOnce, "_write", write).start()
    patch.object(SendOnce, "_post", post).start()


def token_used_before_it_is_stored() -> None:
    """A new pair is stored after the first request that it was used for."""
    plain_keep, plain_send = Access._keep, Caller._send
    waiting: list[tuple[Access, Tokens]] = []

    def keep(self: Access, pair: Tokens) -> Result[Tokens, Problem]:
        waiting.append((self, pair))
        return Success(pair)

    def send(
        self: Caller,
        call: Call,
        attempt: int,
        request: Request,
        longest_s: float,
        *,
        of_the_account: bool = True,
    ) -> Result[Response, Problem]:
        sent = plain_send(self, call, attempt, request, longest_s, of_the_account=of_the_account)
        while of_the_account and waiting:
            plain_keep(*waiting.pop())
        return sent

    patch.object(Access, "_keep", keep).start()
    patch.object(Caller, "_send", send).start()


def plays() -> str | None:
    """What `tests/application/test_once_model.py` finds."""
    return _by_model(0)


def lists() -> str | None:
    """What `tests/application/test_lists_model.py` finds."""
    return _by_model(1)


def refresh() -> str | None:
    """What `tests/application/test_refresh.py` finds."""
    with TemporaryDirectory() as folder:
        try:
            test_killed_at_any_step_of_a_refresh_no_pair_is_lost_that_was_used(Path(folder))
        except AssertionError as error:
            return str(error)
    return None


BUGS: Mapping[str, tuple[Callable[[], None], Callable[[], str | None]]] = {
    "a blind retry": (blind_retry, plays),
    "a trusted short page": (trusted_short_page, lists),
    "a removal by item": (removal_by_item, plays),
    "a journal written after the POST": (journal_after_the_post, plays),
    "a token used before it is stored": (token_used_before_it_is_stored, refresh),
}


def main(name: str | None = None) -> int:
    """Plant this bug here; without a name each in a process of its own."""
    if name is not None:
        plant, finds = BUGS[name]
        plant()
        found = finds()
        print(f"not found by {finds.__name__}" if found is None else f"found by {finds.__name__}: {found}")
        return 1 if found is None else 0
    missed = [bug for bug in BUGS if not _is_found_elsewhere(bug)]
    print(f"not found: {', '.join(missed)}" if missed else f"all {len(BUGS)} found")
    return 1 if missed else 0


def _is_found_elsewhere(bug: str) -> bool:
    print(f"{bug}: ", end="", flush=True)
    command = [sys.executable, "-m", "tests.soak.planted", bug]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _by_model(model: int) -> str | None:
    runs = 0
    for number in ROUNDS:
        try:
            play(model, number, RUNS)
        except AssertionError as error:
            return f"run {runs + FIGURES['accounts']} (seed {number}), {str(error).splitlines()[0]}"
        runs += FIGURES["accounts"]
    return None


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
