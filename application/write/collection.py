"""What follows a history write in the collection, if the user asked for that (`history_collection`).

What was added to the history is added to the collection, what was removed is removed from it: only
what was confirmed, only if no play of the item is left, and only if this option had added it. A failure
here never fails the history write; it stands in the report beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from returns.result import Result

from crosswatch_trakt.application.documents import Document, parse_document, write_document
from crosswatch_trakt.application.ports import HistoryStore, Progress, StateStore
from crosswatch_trakt.application.settings import CollectionType
from crosswatch_trakt.application.write.report import Report, reason_of, report
from crosswatch_trakt.application.write.run import Run, Writes
from crosswatch_trakt.domain.items import media_item, parse_media, play_item
from crosswatch_trakt.domain.keys import canonical_key
from crosswatch_trakt.domain.media import Lookup, Media
from crosswatch_trakt.domain.outcomes import End, Fates, Outcome
from crosswatch_trakt.domain.payloads import Leaf, Target, plan_payloads
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.timestamps import to_iso
from crosswatch_trakt.domain.unresolved import Operation

FILE = "trakt_history.collection.json"


class _Collected(Document, kw_only=True):
    items: dict[str, dict[str, object]] = msgspec.field(default_factory=dict)  # key → item that we added


@dataclass(frozen=True, slots=True)
class CollectPlays:
    """Keeps the collection in step with history writes."""

    types: Sequence[CollectionType]  # none: the option is off
    store: HistoryStore
    writes: Writes
    state: StateStore
    progress: Progress
    batch_size: int

    def added(self, plays: Sequence[Play]) -> Report | None:
        """Add the titles of these plays; the first play's date is when they were collected."""
        titles = self._titles(plays)
        if not titles:
            return None
        leaves = [
            Leaf(position, play.media, {"collected_at": to_iso(play.minute)} if play.minute else {})
            for position, play in enumerate(titles)
        ]
        run = self._send("add", titles, leaves)
        done = [titles[place].media for place in range(len(titles)) if _ended(run, place, End.CONFIRMED)]
        return self._reported(run, self._remember(done, ()))

    def removed(self, plays: Sequence[Play]) -> Report | None:
        """Remove the titles of these plays that have no play left and that this option had added."""
        titles = self._titles(plays)
        if not titles:
            return None
        ours = self.state.read(FILE).map(self._parse)
        left = ours.bind(lambda _: self.store.titles())
        collected, played = ours.value_or(None), left.value_or(None)
        if collected is None or played is None:
            return report([_unresolved(play, left.failure()) for play in titles], [left.failure()])
        added = Lookup(
            (media, key)
            for key, item in collected.items.items()
            if (media := parse_media(item).value_or(None)) is not None
        )
        still = Lookup((media, media) for media in played)
        titles = [play for play in titles if added.find(play.media) and not still.find(play.media)]
        if not titles:
            return None
        run = self._send("remove", titles, [Leaf(place, play.media) for place, play in enumerate(titles)])
        gone = [play.media for place, play in enumerate(titles) if not _ended(run, place, End.UNRESOLVED)]
        return self._reported(run, self._remember((), gone))

    def _titles(self, plays: Sequence[Play]) -> list[Play]:
        """The earliest play of each title of the types the user wants."""
        seen: Lookup[Play] = Lookup()
        for play in sorted(plays, key=lambda play: play.minute):
            if play.media.type.section in self.types and not seen.find(play.media):
                seen.add(play.media, play)
        return seen.values()

    def _send(self, operation: Operation, titles: Sequence[Play], leaves: Sequence[Leaf]) -> Run[Play]:
        items = [play_item(play) for play in titles]
        keys = [str(canonical_key(play.media)) for play in titles]
        run: Run[Play] = Run(operation, Fates(items, keys), dict(enumerate(titles)))
        plan = plan_payloads(Target.COLLECTION, leaves, size=self.batch_size)
        for position, refusal in plan.refused:
            run.refuse(position, refusal)
        for payload in plan.payloads:
            run.send(payload, self.writes)
        return run

    def _remember(self, added: Sequence[Media], gone: Sequence[Media]) -> Sequence[Problem]:
        """Keep which titles this option added: it removes no others."""
        if not added and not gone:
            return ()
        problem = self.state.locked(FILE, lambda: self._rewrite(added, gone)).swap().value_or(None)
        return () if problem is None else (problem,)

    def _rewrite(self, added: Sequence[Media], gone: Sequence[Media]) -> Result[None, Problem]:
        def after(collected: _Collected) -> _Collected:
            left = Lookup((media, media) for media in gone)
            items = {
                key: item
                for key, item in collected.items.items()
                if not left.find(parse_media(item).unwrap())
            }
            items.update({str(canonical_key(media)): media_item(media) for media in added})
            return _Collected(items=items)

        return (
            self.state.read(FILE)
            .map(self._parse)
            .bind(lambda collected: write_document(self.state, FILE, after(collected)))
        )

    def _parse(self, body: bytes | None) -> _Collected:
        return parse_document(body, FILE, _Collected, "collection", self.progress) or _Collected()

    def _reported(self, run: Run[Play], problems: Sequence[Problem]) -> Report:
        return report(run.fates.outcomes(), [*run.problems, *problems])


def _ended(run: Run[Play], position: int, end: End) -> bool:
    outcome = run.fates.of(position)
    return outcome is not None and outcome.end is end


def _unresolved(play: Play, problem: Problem) -> Outcome:
    return Outcome(play_item(play), str(canonical_key(play.media)), End.UNRESOLVED, reason_of(problem))
