"""What follows a history write in the collection, if the user asked for that (`history_collection`).

What was added to the history is added to the collection, what was removed is removed from it: only
what was confirmed, only if no play of the item is left, and only if this option had added it. A failure
here never fails the history write; it stands in the report beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
from returns.result import Failure, Result, Success

from crosswatch_trakt.application.documents import Document, parse_document, write_document
from crosswatch_trakt.application.ports import HistoryStore, Progress, StateStore
from crosswatch_trakt.application.settings import CollectionType
from crosswatch_trakt.application.trakt.lists import Listed, PlayedKind
from crosswatch_trakt.application.trakt.recent import Recent
from crosswatch_trakt.application.write.report import Report, report
from crosswatch_trakt.application.write.run import Run, Writes
from crosswatch_trakt.domain.completeness import prove_reading
from crosswatch_trakt.domain.items import media_item, parse_media, play_item
from crosswatch_trakt.domain.keys import canonical_key
from crosswatch_trakt.domain.ledger import Title
from crosswatch_trakt.domain.media import Lookup, Media, MediaType
from crosswatch_trakt.domain.outcomes import Already, Fates
from crosswatch_trakt.domain.payloads import Leaf, Target, plan_payloads
from crosswatch_trakt.domain.plays import Play
from crosswatch_trakt.domain.problems import Problem
from crosswatch_trakt.domain.timestamps import to_iso
from crosswatch_trakt.domain.unresolved import Operation

FILE = "trakt_history.collection.json"


class _Collected(Document, kw_only=True):
    items: dict[str, dict[str, object]] = msgspec.field(default_factory=dict)  # key → item that we added


class CollectedLists(Protocol):
    """What is in the collection, as Trakt gives it."""

    def collected(self, kind: PlayedKind) -> Result[Listed[Media], Problem]:
        """The films or the episodes, whole."""
        ...

    def plays_of(self, title: Title) -> Result[Listed[Play], Problem]:
        """All plays of one title."""
        ...


@dataclass(frozen=True, slots=True)
class CollectPlays:
    """Keeps the collection in step with history writes."""

    types: Sequence[CollectionType]  # none: the option is off
    store: HistoryStore
    lists: CollectedLists
    writes: Writes
    recent: Recent
    state: StateStore
    progress: Progress
    batch_size: int
    trust_s: float

    def added(self, plays: Sequence[Play]) -> Report | None:
        """Add the titles of these plays that are not in the collection; what is there stays as it is:
        sent again, it would get another date.
        """
        titles = self._titles(plays)
        if not titles:
            return None
        run = _begin("add", titles)
        there = self._collected()
        if not isinstance(there, Success):
            run.fail(range(len(titles)), there.failure())
            return _reported(run)
        collected = there.unwrap()
        for position, play in enumerate(titles):
            if collected[play.media.type].find(play.media):
                run.exists(position, Already.THERE)
        leaves = [
            Leaf(position, play.media, {"collected_at": to_iso(play.minute)} if play.minute else {})
            for position, play in run.open()
        ]
        for position in self._send(run, leaves):
            media = titles[position].media
            collected[media.type].add(media, media)
        return _reported(run, self._remember([titles[place].media for place in sorted(run.ours)], ()))

    def removed(self, plays: Sequence[Play]) -> Report | None:
        """Remove the titles of these plays that have no play left and that this option had added."""
        titles = self._titles(plays)
        if not titles:
            return None
        ours = self.state.read(FILE).map(self._parse)
        left = self.store.titles()
        if not (isinstance(ours, Success) and isinstance(left, Success)):
            run = _begin("remove", titles)
            run.fail(range(len(titles)), (ours if isinstance(left, Success) else left).failure())
            return _reported(run)
        added = Lookup((media, media) for media in _media(ours.unwrap()))
        still = Lookup((media, media) for media in left.unwrap())
        titles = [
            play
            for play in titles
            if added.find(play.media) and not still.find(play.media) and self._is_unplayed(play.media)
        ]
        if not titles:
            return None
        run = _begin("remove", titles)
        self._send(run, [Leaf(position, play.media) for position, play in enumerate(titles)])
        for kind in self.types:
            self.recent.forget_collected(kind)
        run.name_unclear()
        gone = [play.media for position, play in enumerate(titles) if run.is_done(position)]
        return _reported(run, self._remember((), gone))

    def _is_unplayed(self, media: Media) -> bool:
        """Whether the title's own list is empty too: another client may have played it a moment ago."""
        trakt = media.ids.trakt
        if trakt is None:
            return True
        own = self.lists.plays_of(Title(media.type, trakt)).value_or(None)
        return own is not None and not own.values

    def _collected(self) -> Result[dict[MediaType, Lookup[Media]], Problem]:
        """What is in the collection of the types the user wants, read lately or now."""
        found: dict[MediaType, Lookup[Media]] = {}
        for kind in self.types:
            known = self.recent.collected(kind, self.trust_s)
            read = Success(known) if known is not None else self._read(kind)
            if not isinstance(read, Success):
                return Failure(read.failure())
            found[_KINDS[kind]] = read.unwrap()
        return Success(found)

    def _read(self, kind: CollectionType) -> Result[Lookup[Media], Problem]:
        listed = self.lists.collected(kind)
        return listed.bind(
            lambda part: prove_reading(part.reading).map(
                lambda _: self.recent.keep_collected(kind, Lookup((media, media) for media in part.values))
            )
        )

    def _titles(self, plays: Sequence[Play]) -> list[Play]:
        """The earliest play of each title of the types the user wants."""
        seen: Lookup[Play] = Lookup()
        for play in sorted(plays, key=lambda play: play.minute):
            if play.media.type.section in self.types and not seen.find(play.media):
                seen.add(play.media, play)
        return seen.values()

    def _send(self, run: Run[Play], leaves: Sequence[Leaf]) -> Sequence[int]:
        plan = plan_payloads(Target.COLLECTION, leaves, size=self.batch_size)
        for position, refusal in plan.refused:
            run.refuse(position, refusal)
        return [position for payload in plan.payloads for position in run.send(payload, self.writes)]

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


_KINDS: Mapping[CollectionType, MediaType] = {"movies": MediaType.MOVIE, "episodes": MediaType.EPISODE}


def _begin(operation: Operation, titles: Sequence[Play]) -> Run[Play]:
    items = [play_item(play) for play in titles]
    keys = [str(canonical_key(play.media)) for play in titles]
    return Run(operation, Fates(items, keys), dict(enumerate(titles)))


def _media(collected: _Collected) -> Iterable[Media]:
    for item in collected.items.values():
        media = parse_media(item).value_or(None)
        if media is not None:
            yield media


def _reported(run: Run[Play], problems: Sequence[Problem] = ()) -> Report:
    run.name_unclear()
    return report("collection", run.operation, run.fates.outcomes(), [*run.problems, *problems])
