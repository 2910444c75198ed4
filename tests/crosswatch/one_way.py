"""A feature of a one-way pair: the target shall have what the source has."""

from collections.abc import Container

from tests.crosswatch.applying import (
    apply_add,
    apply_remove,
    apply_update,
    guard_mass_delete,
    offer,
    pending_removals,
)
from tests.crosswatch.keys import epoch
from tests.crosswatch.side import Side
from tests.crosswatch.values import Index, Item, flag, text


def one_way(source: Side, target: Side) -> None:
    """Read both, plan, write the target, remember."""
    job = source.job
    if source.down:
        job.run.emit("feature:skipped", feature=job.feature, reason="provider_down")
        return
    source.read()
    target.read(source)
    source.ask_checkpoint()
    target.ask_checkpoint()
    source.check_shrinkage()
    target.check_shrinkage()
    own = target.rows  # its own keys: what its baseline holds
    target.compare_as()
    adds, updates = _missing_and_changed(source, target)
    removes = guard_mass_delete(_to_remove(source, target), target) if job.may_remove else []
    adds = offer(adds, target, _graves(source)) if job.may_add else []
    job.run.emit("one:plan", feature=job.feature, adds=len(adds), updates=len(updates), removes=len(removes))
    if job.may_add:
        apply_update(target, updates, own)
    added = apply_add(target, adds, own)
    removed = apply_remove(target, removes, own)
    for key in removed.gone_there if removed else ():
        own.pop(key, None)
    if added and added.wants_refresh and not target.down:
        own.update(target.refresh() or {})
    source.remember(source.rows)
    target.remember(own)


def _missing_and_changed(source: Side, target: Side) -> tuple[list[Item], list[Item]]:
    reading = source.job.reading
    matched = reading.match(source.rows, target.rows)
    missing: list[Item] = []
    changed: list[Item] = []
    for key, item in source.rows.items():
        if key not in matched:
            missing.append(reading.play(item, key))
        elif reading.feature == "ratings" and text(item, "rating") != text(
            target.rows[matched[key]], "rating"
        ):
            changed.append(reading.play(item, key))
    return missing, changed


def _to_remove(source: Side, target: Side) -> list[Item]:
    reading, job = source.job.reading, source.job
    if text(job.settings, "remove_mode") == "mirror":
        kept, before = reading.match(target.rows, source.rows), target.before
        known = _ever_seen(target, before)
        goes = [key for key in target.rows if key not in kept and key in known]
    else:
        goes = _deleted_at_the_source(source, target)
    removes = [reading.play(target.rows[key], key) for key in dict.fromkeys(goes)]
    if not target.suspect:
        removes += pending_removals(target, source.rows)
    return removes


def _ever_seen(target: Side, before: Index) -> Container[str]:
    """Mirroring spares what was not there in the last run: but of ratings and single plays nothing in the
    first run."""
    reading = target.job.reading
    if reading.feature == "ratings" or reading.events:
        return reading.match(target.rows, before) if before else target.rows
    return before


def _deleted_at_the_source(source: Side, target: Side) -> list[str]:
    job, before = source.job, source.before
    watched = flag(job.sync, "include_observed_deletes", default=True)
    if not watched or source.suspect or source.down or target.down or source.semantics() == "delta":
        return []
    still = job.reading.match(before, source.rows)
    gone: Index = {key: item for key, item in before.items() if key not in still}
    return list(job.reading.match(gone, target.rows).values())


def _graves(source: Side) -> list[str]:
    """Of ratings only, and not of what was rated since: a play may always come back."""
    job = source.job
    if job.feature != "ratings":
        return []
    buried = job.memory.buried(job.graves, job.feature, job.config, job.host.now())
    newest: dict[str, int] = {}
    for key, item in source.rows.items():
        for token in {key, *job.reading.keys.bare_tokens(item)}:
            newest[token] = epoch(item.get("rated_at")) or 0
    return [token for token, since in buried.items() if newest.get(token, 0) <= since]
