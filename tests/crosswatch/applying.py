"""Carrying a plan out on one side, and believing what it answers: the same for both kinds of pair."""

from collections.abc import Iterable

from tests.crosswatch.results import Reply, Verdict, baseline_rows, judge_add, judge_remove
from tests.crosswatch.side import Side
from tests.crosswatch.values import Index, Item, block, flag, number

MASS_SHARE = 0.10


def guard_mass_delete(removes: list[Item], side: Side) -> list[Item]:
    """Nothing, if the user forbade to remove so much of the side at once."""
    if flag(side.job.sync, "allow_mass_delete", default=True) or not removes:
        return removes
    share = number(block(side.job.config, "runtime"), "suspect_shrink_ratio", MASS_SHARE)
    if len(removes) <= int(len(side.rows) * share):
        return removes
    side.job.run.emit("mass_delete:blocked", dst=side.end.provider, attempted=len(removes))
    return []


def offer(adds: list[Item], side: Side, graves: Iterable[str] = ()) -> list[Item]:
    """What may be added: not what failed too often, not what lies buried. The watchlist knows neither."""
    if side.job.feature == "watchlist":
        return adds
    job, buried = side.job, set(graves)
    closed = job.memory.blacked_out(side.whose, job.host.now()) | buried
    free = [
        item
        for item in adds
        if job.reading.sync_key(item) not in closed and not job.reading.keys.bare_tokens(item) & buried
    ]
    job.run.tally(job.feature).blocked += len(adds) - len(free)
    return free


def apply_update(side: Side, items: list[Item], rows: Index) -> None:
    """Send what is there with another value."""
    job, sent = side.job, _by_key(side, items)
    if not sent or _is_down(side, "update", sent):
        return
    reply = side.write("add", list(sent.values()))
    _note_put_off(side, reply)
    tally = job.run.tally(job.feature)
    tally.updated += reply.confirmed
    tally.unresolved += reply.unresolved
    if reply.confirmed and not job.dry_run:
        done = reply.confirmed_keys or (list(sent) if reply.confirmed >= len(sent) else [])
        rows.update({key: sent[key] for key in done if key in sent})
    job.run.emit("apply:update:done", dst=side.end.provider, count=reply.confirmed)


def apply_add(side: Side, items: list[Item], rows: Index) -> Reply | None:
    """Send what is missing; put what was believed into `rows`. None if nothing was sent."""
    job, sent = side.job, _by_key(side, items)
    job.run.tally(job.feature).planned_adds += len(sent)
    if not sent or _is_down(side, "add", sent):
        return None
    reply = side.write("add", list(sent.values()))
    if job.dry_run:
        return None
    _note_put_off(side, reply)
    if not (reply.confirmed or reply.unresolved_keys or reply.exact):
        job.memory.put_off(side.whose, sent, "apply:add:no_confirmations_fallback")
        reply.unresolved, reply.unresolved_keys = len(sent), list(sent)
    verdict = judge_add(list(sent), reply)  # what a cancelled run did not send has failed, too
    tally = job.run.tally(job.feature)
    tally.added += verdict.effective
    tally.skipped += len([key for key in reply.skipped_keys if key in sent])
    tally.unresolved += len(verdict.failed) if not verdict.doubtful else 0
    if not verdict.doubtful:
        _record_add(side, verdict, sent)
    rows.update(baseline_rows(verdict.succeeded, sent, reply))
    job.run.emit("apply:add:done", dst=side.end.provider, count=verdict.effective, failed=len(verdict.failed))
    return reply


def apply_remove(side: Side, items: list[Item], rows: Index) -> Reply | None:
    """Send what is to go; take what was believed out of `rows`, and bury it. None if nothing was sent."""
    job, sent = side.job, _by_key(side, items)
    job.run.tally(job.feature).planned_removes += len(sent)
    if not sent or _is_down(side, "remove", sent):
        return None
    reply = side.write("remove", list(sent.values()))
    if job.dry_run:
        return None
    _note_put_off(side, reply)
    verdict = judge_remove(list(sent), reply)
    for key in verdict.succeeded:
        rows.pop(key, None)
        tokens = set() if job.reading.events else job.reading.keys.bare_tokens(sent[key])
        job.memory.bury(job.graves, job.feature, {key, *tokens}, job.host.now())
    job.memory.settle(side.whose, verdict.succeeded)
    job.memory.put_off(side.whose, {key: sent[key] for key in verdict.failed}, "apply:remove:unconfirmed")
    tally = job.run.tally(job.feature)
    tally.removed += verdict.effective
    tally.unresolved += len(verdict.failed)
    job.run.emit("apply:remove:done", dst=side.end.provider, count=verdict.effective)
    return reply


def pending_removals(side: Side, other: Index) -> list[Item]:
    """Rows of this side that could not be removed before, and are still on no other side."""
    job = side.job
    pending = job.memory.pending.get(side.whose, {})
    wanted = {key: one.item for key, one in pending.items() if "remove" in one.reason}
    back, here = job.reading.match(wanted, other), job.reading.match(wanted, side.rows)
    job.memory.settle(side.whose, [key for key in wanted if key in back or key not in here])
    return [
        job.reading.play(side.rows[here[key]], here[key]) for key in wanted if key in here and key not in back
    ]


def _by_key(side: Side, items: list[Item]) -> Index:
    sent: Index = {}
    for item in items:
        sent.setdefault(side.job.reading.sync_key(item), item)
    return sent


def _is_down(side: Side, what: str, sent: Index) -> bool:
    if not side.down:
        return False
    side.job.memory.put_off(side.whose, sent, f"provider_down:{what}")
    side.job.run.tally(side.job.feature).unresolved += len(sent)
    side.job.run.emit("writes:skipped", dst=side.end.provider, op=what, count=len(sent))
    return True


def _note_put_off(side: Side, reply: Reply) -> None:
    if side.job.dry_run:
        return
    for key, (item, reason) in reply.to_put_off.items():
        side.job.memory.put_off(side.whose, {key: item}, reason)


def _record_add(side: Side, verdict: Verdict, sent: Index) -> None:
    job = side.job
    closed = job.memory.failed(side.whose, verdict.failed, job.config, job.host.now())
    failed = {key: sent[key] for key in verdict.failed if key not in closed}
    job.memory.put_off(side.whose, failed, "apply:add:failed")
    job.memory.settle(side.whose, verdict.succeeded)
    for key in closed:
        job.memory.pending.get(side.whose, {}).pop(key, None)
    for key in verdict.succeeded:
        if key in sent:
            job.memory.dig_up(job.graves, job.feature, {key, *job.reading.keys.bare_tokens(sent[key])})
