"""How Trakt tells what it did not find.

As sent, `{"ids":{"imdb":"tt0000111"}}`; or without the ids, `{}` or `{"watched_at":…}` (T#236, T#244);
or with the ids as text beside `season: 0, number: 0`; a nested episode as a structure of show, season
and episode in `not_found.episodes` (T#357). `people` and `users` often stand beside the four (T#773).
"""

from collections.abc import Iterable

from crosswatch_trakt.adapters.simulator.addressing import Missing
from crosswatch_trakt.adapters.simulator.titles import KINDS, JsonObject
from crosswatch_trakt.adapters.simulator.world import NotFoundShape

_NAMES = ("ids", "title", "year")


def not_found(shape: NotFoundShape, missing: Iterable[Missing]) -> JsonObject:
    """The answer's `not_found`. `mixed` takes the three shapes by turns."""
    lists: dict[str, list[object]] = {f"{kind}s": [] for kind in KINDS}
    for turn, one in enumerate(missing):
        lists[f"{one.kind}s"].append(_shaped(_at_turn(shape, turn), one))
    if shape in ("strings", "mixed"):
        lists |= {"people": [], "users": []}
    return dict(lists)


def _at_turn(shape: NotFoundShape, turn: int) -> NotFoundShape:
    by_turns: tuple[NotFoundShape, ...] = ("echo", "empty", "strings")
    return by_turns[turn % 3] if shape == "mixed" else shape


def _shaped(shape: NotFoundShape, missing: Missing) -> JsonObject:
    sent = missing.sent
    if shape == "empty":
        return {key: value for key, value in sent.items() if key not in (*_NAMES, "seasons")}
    if shape == "strings":
        numbers = {"season": 0, "number": 0} if missing.kind == "episode" and "seasons" not in sent else {}
        ids = sent.get("ids")
        texts = {key: str(value) for key, value in ids.items() if value} if isinstance(ids, dict) else {}
        return {**sent, **numbers, "ids": texts}
    return sent
