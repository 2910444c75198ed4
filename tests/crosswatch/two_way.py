"""A feature of a two-way pair: each side shall have what either has, less what was deleted on one."""

from dataclasses import dataclass, field

from tests.crosswatch.applying import apply_add, apply_remove, apply_update, guard_mass_delete, offer
from tests.crosswatch.keys import epoch, played_at
from tests.crosswatch.side import Side
from tests.crosswatch.values import Index, Item, block, flag, text


@dataclass
class Wish:
    """What is to be done on one side."""

    adds: list[Item] = field(default_factory=list)
    updates: list[Item] = field(default_factory=list)
    removes: list[Item] = field(default_factory=list)


def two_way(a: Side, b: Side) -> None:
    """Read both, see what was deleted, plan, write both, remember."""
    job = a.job
    a.read()
    b.read(a)
    a.ask_checkpoint()
    b.ask_checkpoint()
    a.check_shrinkage()
    b.check_shrinkage()
    for side in (a, b):
        side.rows = _completed(side.rows, side.before)
    buried = job.memory.buried(job.graves, job.feature, job.config, job.host.now())
    first = not (a.before or b.before or buried)
    wanted = flag(job.sync, "include_observed_deletes", default=True)
    watching = wanted and not first and not a.down and not b.down
    if watching:
        _bury_what_went(a, buried)
        _bury_what_went(b, buried)
    to_a, to_b = Wish(), Wish()
    _plan(a, b, to_a, to_b, buried, watching=watching)
    _plan(b, a, to_b, to_a, buried, watching=watching)
    _settle_values(a, b, to_a, to_b)
    for side, wish in ((a, to_a), (b, to_b)):
        wish.adds = offer(wish.adds, side) if job.may_add else []
        wish.updates = offer(wish.updates, side) if job.may_add else []
        wish.removes = guard_mass_delete(wish.removes, side) if job.may_remove and not first else []
    job.run.emit(
        "two:plan",
        feature=job.feature,
        add_a=len(to_a.adds),
        add_b=len(to_b.adds),
        remove_a=len(to_a.removes),
        remove_b=len(to_b.removes),
    )
    for side, wish in ((a, to_a), (b, to_b)):
        removed = apply_remove(side, wish.removes, side.rows)
        for key in removed.gone_there if removed else ():
            side.rows.pop(key, None)
    for side, wish in ((a, to_a), (b, to_b)):
        apply_update(side, wish.updates, side.rows)
    replies = [apply_add(side, wish.adds, side.rows) for side, wish in ((a, to_a), (b, to_b))]
    for side, reply in zip((a, b), replies, strict=True):
        if reply and reply.wants_refresh and not side.down:
            side.rows.update(side.refresh() or {})
    a.remember(a.rows)
    b.remember(b.rows)


def _completed(rows: Index, before: Index) -> Index:
    """Each row with what was known of it before, and the later of two dates: a date never goes back."""
    whole: Index = {}
    for key, row in rows.items():
        known = before.get(key, {})
        merged = {**known, **{name: value for name, value in row.items() if value not in (None, "")}}
        for name in ("ids", "show_ids"):
            if name in merged:
                merged[name] = {**block(known, name), **block(row, name)}
        for name in ("watched_at", "rated_at"):
            if (epoch(known.get(name)) or 0) > (epoch(row.get(name)) or 0):
                merged[name] = known[name]
        whole[key] = merged
    return whole


def _gone(side: Side) -> Index:
    """What it held before and does not hold now: a side that is down is believed as well."""
    return {} if side.suspect else {key: item for key, item in side.before.items() if key not in side.rows}


def _bury_what_went(side: Side, buried: dict[str, float]) -> None:
    job = side.job
    for key, item in _gone(side).items():
        if key not in buried:
            tokens = set() if job.reading.events else job.reading.keys.bare_tokens(item)
            job.memory.bury(job.graves, job.feature, {key, *tokens}, job.host.now())


def _plan(
    here: Side, there: Side, wish_here: Wish, wish_there: Wish, buried: dict[str, float], *, watching: bool
) -> None:
    """Each row of `here` that `there` lacks: it was deleted there, or it is new."""
    reading, gone = here.job.reading, _gone(there)
    matched = reading.match(here.rows, there.rows)
    lacking = {key: item for key, item in here.rows.items() if key not in matched}
    # Of ratings any shared id tells, if deletions are watched; of the rest the very key does, always.
    if reading.feature == "ratings":
        went = set(reading.match(lacking, gone)) if watching else set()
    else:
        went = lacking.keys() & gone.keys()
    own = reading.match(lacking, here.before)
    for key, item in lacking.items():
        row = reading.play(item, key)
        dead = key in own and _lies_buried(here, key, item, buried)
        if here.job.may_remove and (key in went or dead):
            wish_here.removes.append(row)
        else:
            wish_there.adds.append(row)


def _lies_buried(side: Side, key: str, item: Item, buried: dict[str, float]) -> bool:
    if side.job.feature == "ratings":
        return False
    dates = [buried[token] for token in {key, *side.job.reading.keys.bare_tokens(item)} if token in buried]
    if not dates:
        return False
    moment = played_at(item, key) if side.job.feature == "history" else None
    return moment is None or moment < max(dates)


def _settle_values(a: Side, b: Side, to_a: Wish, to_b: Wish) -> None:
    """Of two ratings the newer wins; of equal age the source of truth, else the pair's source."""
    job = a.job
    if job.feature != "ratings":
        return
    truth = text(block(job.sync, "bidirectional"), "source_of_truth").upper()
    for mine, theirs in job.reading.match(a.rows, b.rows).items():
        left, right = a.rows[mine], b.rows[theirs]
        if text(left, "rating") == text(right, "rating"):
            continue
        when_left, when_right = epoch(left.get("rated_at")), epoch(right.get("rated_at"))
        if when_left is None or when_right is None or when_left == when_right:
            a_wins = truth != b.end.provider
        else:
            a_wins = when_left > when_right
        if a_wins:
            to_b.updates.append(job.reading.play(left, mine))
        else:
            to_a.updates.append(job.reading.play(right, theirs))
