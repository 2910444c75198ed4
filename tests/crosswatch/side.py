"""One side of a pair while one feature runs: every call of its provider goes through here.

Exceptions: reading lets them through (they end the feature), writing tries three times, hooks swallow them.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.crosswatch.host import Host, SyncCancelled
from tests.crosswatch.indexes import Reading
from tests.crosswatch.memory import Memory, Whose, progressed
from tests.crosswatch.pairs import End, environment
from tests.crosswatch.results import Reply, read_reply
from tests.crosswatch.run import Run
from tests.crosswatch.values import Config, Form, Index, Item, Provider, block, flag, number, text

TRIES = 3
FIRST_WAIT_S = 0.5  # after a failed try, doubled each time
CHUNK_MAX = 100
CHUNK_PAUSE_S = 0.05
QUOTA_LOW = 10  # fewer requests left than this: a second longer between chunks


@dataclass(frozen=True, slots=True)
class Job:
    """One feature of one pair, and what it may use."""

    feature: str
    scope: str
    reading: Reading
    settings: Config  # the pair's for this feature
    config: Config
    memory: Memory
    host: Host
    run: Run
    pause: Callable[[float], None]
    graves: str  # whose tombstones
    dry_run: bool = False

    @property
    def sync(self) -> Config:
        """The settings of all pairs."""
        return block(self.config, "sync")

    @property
    def may_add(self) -> bool:
        """Whether this pair adds."""
        return flag(self.settings, "add", default=flag(self.sync, "enable_add", default=True))

    @property
    def may_remove(self) -> bool:
        """Whether this pair removes."""
        return flag(self.settings, "remove", default=flag(self.sync, "enable_remove", default=False))


@dataclass
class Side:
    """A provider, one profile of it, and what was read of it."""

    end: End
    ops: Provider
    view: Config
    job: Job
    health: Config
    twin: bool = False  # both ends are profiles of one provider
    native: Index = field(default_factory=dict)  # as it answered, in the engine's keys
    rows: Index = field(default_factory=dict)  # the same, to compare with
    suspect: bool = False
    checkpoint: str | None = None

    @property
    def whose(self) -> Whose:
        """Whose memory: of all pairs together in the old form."""
        scope = "" if self.job.host.form is Form.OLD else self.job.scope
        return scope, str(self.end), self.job.feature

    @property
    def down(self) -> bool:
        """Whether it said that it cannot be used."""
        return text(self.health, "status") == "down"

    @property
    def before(self) -> Index:
        """What it held when the last run ended."""
        return self.job.reading.comparable(self.job.memory.baselines.get(self.whose, {}))

    def capabilities(self) -> Config:
        """What it can do."""
        return block(self.call("capabilities"))

    def read(self, source: "Side | None" = None) -> None:
        """Take its index, after showing it the source's. What it leaves out counts as not there."""
        if source is not None and source.native:
            self._hook("prepare_source_snapshot", feature=self.job.feature, items=dict(source.native))
        self.job.host.raise_if_cancelled()
        offered = flag(block(self.call("features")), self.job.feature, default=False)
        if offered and self.call("is_configured", self.view):
            raw = self.call("build_index", self.view, feature=self.job.feature)
            self.native = self.job.reading.canonical(raw)
        self.rows = self.job.reading.comparable(self.native)

    def ask_checkpoint(self) -> None:
        """When something last changed there, as it says."""
        stamps = block(self._hook("activities"))
        self.checkpoint = text(stamps, self.job.feature) or text(stamps, "updated_at") or None

    def check_shrinkage(self) -> None:
        """With the guard on, let the last run's rows stand in for an index that shrank without a reason."""
        present = self.semantics() == "present"
        if not flag(self.job.sync, "drop_guard", default=False):
            return
        runtime, before = block(self.job.config, "runtime"), self.before
        share = number(runtime, "suspect_shrink_ratio", 0.10)
        shrunk = len(self.rows) <= max(1, int(len(before) * share))
        known = self.job.memory.checkpoints.get(self.whose)
        if (
            present
            and len(before) >= number(runtime, "suspect_min_prev", 20)
            and shrunk
            and known is not None
            and not progressed(known, self.checkpoint)
        ):
            self.job.run.emit("snapshot:suspect", provider=self.end.provider, feature=self.job.feature)
            self.native, self.rows, self.suspect = dict(before), dict(before), True

    def semantics(self) -> str:
        """`present`: what is missing was deleted; `delta`: only changes are listed."""
        said = self._hook("index_semantics", feature=self.job.feature)
        if isinstance(said, str):
            return said.lower()
        can = self.capabilities()
        own = text(block(can, self.job.feature), "index_semantics")
        return (own or text(can, "index_semantics") or "present").lower()

    def compare_as(self) -> None:
        """Let it give its rows the keys it would have taken them in under."""
        if self.job.feature == "watchlist" or self.job.reading.events:
            return
        seen = self._hook("destination_comparison_view", feature=self.job.feature, index=dict(self.rows))
        view = {str(key): block(item) for key, item in block(seen).items()}
        if view:
            self.rows = view

    def write(self, method: str, items: Sequence[Item]) -> Reply:
        """Add or remove in chunks, stopping between two of them if the user wants that."""
        whole = Reply()
        size = int(number(block(self.job.config, "runtime"), "apply_chunk_size", CHUNK_MAX)) or len(items)
        for start in range(0, len(items), size):
            if self.job.host.cancelled:
                self.job.run.emit(f"apply:{method}:cancelled", dst=self.end.provider, done=start)
                break
            if start:
                self.job.pause(CHUNK_PAUSE_S + (1.0 if self._quota_low() else 0.0))
            chunk = [dict(item) for item in items[start : start + size]]
            reply = read_reply(self._tried(method, chunk), chunk, self.job.reading, adding=method == "add")
            if reply.told:
                reasons = [str(entry.get("hint") or entry.get("reason")) for entry in reply.told]
                self.job.run.emit("apply:unresolved", provider=self.end.provider, reasons=reasons[:25])
            whole.and_then(reply)
        if self.job.dry_run:
            return Reply(attempted=whole.attempted)
        return whole

    def refresh(self) -> Index | None:
        """Read again what was accepted and not seen; None if that fails."""
        try:
            raw = self._hook("snapshot_refresh", feature=self.job.feature)
            if raw is None:
                raw = self.call("build_index", self.view, feature=self.job.feature)
        except SyncCancelled:
            raise
        except Exception:
            return None
        return self.job.reading.comparable(self.job.reading.canonical(raw))

    def remember(self, rows: Index) -> None:
        """Make these rows what the next run starts from: after a dry run too."""
        lasting = {
            key: self.job.reading.play(item, key)
            for key, item in rows.items()
            if item.get("_cw_persist") is not False
            and not item.get("_cw_transient")
            and not item.get("_cw_skip_persist")
        }
        self.job.memory.baselines[self.whose] = lasting
        if self.checkpoint is not None:
            self.job.memory.checkpoints[self.whose] = self.checkpoint

    def call(self, method: str, *args: object, **named: object) -> object:
        """Call the provider, and note that it was called."""
        about = str(named.get("feature") or "")
        count = f" {len(args[1])}" if len(args) > 1 and isinstance(args[1], list) else ""
        self.job.run.calls.append(f"{self.end} {method} {about}{count}".rstrip())
        return getattr(self.ops, method)(*args, **named)

    def _hook(self, method: str, **named: object) -> object:
        if not callable(getattr(self.ops, method, None)):
            return None
        try:
            return self.call(method, self.view, **named)
        except SyncCancelled:
            raise
        except Exception:
            return None

    def _tried(self, method: str, chunk: list[Item]) -> object:
        job, failure = self.job, None
        for attempt in range(TRIES):
            try:
                with environment(**self._write_scope()):
                    return self.call(method, self.view, chunk, feature=job.feature, dry_run=job.dry_run)
            except Exception as error:
                if isinstance(error, SyncCancelled) and job.host.form is Form.NEW:
                    raise
                failure = error
                job.pause(FIRST_WAIT_S * 2**attempt)
        raise failure or AssertionError("no try was made")

    def _write_scope(self) -> Mapping[str, str]:
        if not self.twin:
            return {}
        mark = hashlib.sha256(str(self.end).encode()).hexdigest()[:20]
        return dict.fromkeys(
            ("CW_PAIR_KEY", "CW_PAIR_SCOPE", "CW_SYNC_PAIR", "CW_PAIR"), f"{self.job.scope}_i{mark}"
        )

    def _quota_low(self) -> bool:
        return number(block(self.health, "api", "rate_limit"), "remaining", QUOTA_LOW) < QUOTA_LOW
