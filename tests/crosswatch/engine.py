"""CrossWatch's engine, as a provider meets it.

    engine = Engine(config, {"TRAKT": OPS, "PLAIN": Plain()}, host)
    with host.installed():
        run = engine.run()

Health first, then each pair and feature: the environment is set, both sides are read, a plan is made and
carried out, and what each side now holds is remembered. An exception while reading ends that feature and
leaves its memory untouched; an index that is short is believed.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from uuid import uuid4

from tests.crosswatch.host import Host, SyncCancelled
from tests.crosswatch.indexes import BUCKET_S, Reading
from tests.crosswatch.memory import Memory
from tests.crosswatch.one_way import one_way
from tests.crosswatch.pairs import (
    FEATURES,
    End,
    Pair,
    environment,
    pair_environment,
    pairs_of,
    scope_of,
    view_for,
)
from tests.crosswatch.run import Run
from tests.crosswatch.side import Job, Side
from tests.crosswatch.two_way import two_way
from tests.crosswatch.values import Config, Form, Provider, block, flag, text

_REQUIRED = ("name", "label", "features", "capabilities", "build_index", "add", "remove")


def no_pause(seconds: float) -> None:
    """Time that nobody waits for."""


@dataclass
class Engine:
    """Runs all enabled pairs of a configuration, which lives in the host's file from then on."""

    config: Config
    providers: Mapping[str, Provider]
    host: Host
    memory: Memory = field(default_factory=Memory)
    pause: Callable[[float], None] = no_pause

    def __post_init__(self) -> None:
        self.host.save_config(self.config)

    def run(self, *, dry_run: bool = False) -> Run:
        """One run, with a freshly read configuration."""
        run, config = Run(), self.host.load_config()
        known = self._discover()
        pairs = pairs_of(config, self.host.form)
        with environment(CW_RUN_ID=uuid4().hex):
            self._ask_health(run, config, known, pairs)
            for pair in pairs:
                if run.cancelled or self.host.cancelled:
                    break
                self._run_pair(run, config, known, pair, dry_run=dry_run)
        run.cancelled = run.cancelled or self.host.cancelled
        if self.host.form is Form.NEW:
            for ops in known.values():
                _inject(ops, None)
        run.emit("run:cancelled" if run.cancelled else "run:done", errors=run.errors)
        return run

    def _discover(self) -> dict[str, Provider]:
        """Who has all seven names counts as a provider, under the name it gives itself."""
        found = {}
        for ops in self.providers.values():
            if all(hasattr(ops, name) for name in _REQUIRED):
                found[ops.name().upper()] = ops
        return found

    def _ask_health(self, run: Run, config: Config, known: Mapping[str, Provider], pairs: list[Pair]) -> None:
        ends = {end for pair in pairs for end in (pair.source, pair.target) if end.provider in known}
        for end in sorted(ends, key=str):
            ops = known[end.provider]
            with pair_environment(f"health:{end}", end, end, "health", "health"):
                _inject(ops, self._context(run, config, known, dry_run=False))
                answer = _health(run, ops, view_for(config, [end], {}), end)
            run.health[str(end)] = answer
            run.emit("health", provider=end.provider, instance=end.instance, status=text(answer, "status"))
            for endpoint, seen in block(answer, "api").items():
                if block(seen).get("status") is not None:
                    run.emit(
                        "api:hit", provider=end.provider, endpoint=endpoint, status=block(seen)["status"]
                    )

    def _run_pair(
        self, run: Run, config: Config, known: Mapping[str, Provider], pair: Pair, *, dry_run: bool
    ) -> None:
        ends = (pair.source, pair.target)
        if any(end.provider not in known for end in ends):
            run.emit("pair:skipped", pair=pair.name, reason="unknown_provider")
            return
        if any(text(run.health[str(end)], "status") == "auth_failed" for end in ends):
            run.emit("pair:skipped", pair=pair.name, reason="auth_failed")
            return
        if pair.source == pair.target and self.host.form is Form.NEW:
            run.emit("pair:skipped", pair=pair.name, reason="same_profile")
            return
        injected = False
        for feature, settings in pair.features.items():
            if feature not in FEATURES:
                raise NotImplementedError(f"the double does not know {feature}")
            if self.host.cancelled:
                run.cancelled = True
                return
            view = view_for(config, ends, pair.overrides)
            scope = scope_of(pair, feature, view, self.host.form)
            with pair_environment(scope, *ends, pair.mode, feature):
                if not injected:
                    for end in ends:
                        _inject(known[end.provider], self._context(run, config, known, dry_run=dry_run))
                    injected = True
                job = self._job(run, config, pair, feature, settings, scope, dry_run=dry_run)
                self._run_feature(pair, job, known)
            if run.cancelled:
                return

    def _run_feature(self, pair: Pair, job: Job, known: Mapping[str, Provider]) -> None:
        run = job.run
        run.tally(job.feature)
        try:
            source, target = (self._side(pair, end, job, known) for end in (pair.source, pair.target))
            if not all([_supports(source), _supports(target)]):
                run.emit("feature:unsupported", feature=job.feature)
                return
            if flag(job.settings, "rewatches", default=False) and job.feature == "history":
                self._count_every_play(pair, source, target)
            if pair.source.provider == pair.target.provider and self.host.form is Form.OLD:
                source.read()  # both ends are one to the engine, and a plan from it to itself is empty
                return
            (two_way if pair.two_way else one_way)(source, target)
        except SyncCancelled:
            run.cancelled = True
            run.emit("feature:cancelled", feature=job.feature)
        except Exception as error:
            run.errors += 1
            run.causes.append(error)
            run.emit("feature:error", feature=job.feature, error=f"{type(error).__name__}: {error}")

    def _job(
        self,
        run: Run,
        config: Config,
        pair: Pair,
        feature: str,
        settings: Config,
        scope: str,
        *,
        dry_run: bool,
    ) -> Job:
        names = sorted((pair.source.provider, pair.target.provider))
        return Job(
            feature,
            scope,
            Reading(self.host.keys, feature, bucket_s=BUCKET_S if "TRAKT" in names else 1),
            settings,
            config,
            self.memory,
            self.host,
            run,
            self.pause,
            graves="-".join(names) if self.host.form is Form.OLD else scope,
            dry_run=dry_run or flag(block(config, "sync"), "dry_run", default=False),
        )

    def _side(self, pair: Pair, end: End, job: Job, known: Mapping[str, Provider]) -> Side:
        twin = pair.source.provider == pair.target.provider and self.host.form is Form.NEW
        view = view_for(job.config, [end] if twin else [pair.source, pair.target], pair.overrides)
        view["_cw_pair_feature_options"] = dict(job.settings)
        if self.host.form is Form.NEW:
            view["_cw_pair_scope"] = job.scope
        if twin:
            view["_cw_provider_instance"] = end.instance
        return Side(end, known[end.provider], view, job, job.run.health[str(end)], twin)

    def _count_every_play(self, pair: Pair, source: Side, target: Side) -> None:
        """If both can: the source to read plays, the target to read and write them; two-way, both."""
        able = _rewatches(source, write=pair.two_way) and _rewatches(target, write=True)
        if not able:
            return
        for side in (source, target):
            side.job = replace(side.job, reading=replace(side.job.reading, events=True))
            side.view["_cw_history_rewatches"] = True

    def _context(
        self, run: Run, config: Config, known: Mapping[str, Provider], *, dry_run: bool
    ) -> SimpleNamespace:
        return SimpleNamespace(
            emit=run.emit,
            dbg=lambda message, **fields: run.emit("debug", msg=message, **fields),
            emit_info=lambda line: run.emit("info", msg=line),
            config=config,
            providers=known,
            state_store=None,
            stats=None,
            dry_run=dry_run,
        )


def _inject(ops: Provider, ctx: object) -> None:
    """On the object, and in the module of its class."""
    setattr(ops, "ctx", ctx)  # noqa: B010  # no provider has to declare it
    module = importlib.import_module(type(ops).__module__)
    setattr(module, "ctx", ctx)  # noqa: B010


def _health(run: Run, ops: Provider, view: Config, end: End) -> Config:
    run.calls.append(f"{end} health")
    ask: Callable[..., object] = ops.health
    try:
        try:
            return block(ask(view, emit=run.emit))
        except TypeError:
            return block(ask(view))
    except Exception:
        return {"ok": False, "status": "down"}


def _supports(side: Side) -> bool:
    can = block(side.capabilities(), "features")
    return flag(block(side.health, "features"), side.job.feature, default=True) and flag(
        can, side.job.feature, default=True
    )


def _rewatches(side: Side, *, write: bool) -> bool:
    can = block(side.capabilities(), "history", "rewatches")
    return flag(can, "read", default=False) and (not write or flag(can, "write", default=False))
