"""A provider in memory for the other side of a pair: a media server that does as it is told.

`Plain` keeps films, shows and episodes apart by their ids, and every play to the second. What goes wrong
with it is set on `Plain.moods`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.crosswatch.keys import Keys, epoch, played_at
from tests.crosswatch.values import Config, Form, Index, Item, block, text

FEATURES = ("watchlist", "ratings", "history")


@dataclass
class Moods:
    """How it misbehaves."""

    status: str = "ok"  # of its health
    raises_health: bool = False
    features: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(FEATURES, True))
    configured: bool = True
    failing_reads: int = 0  # the next ones raise
    failing_writes: int = 0  # the next ones raise, before anything is done
    lost_answers: int = 0  # the next writes are done, then raise
    leaves_out: int = 0  # rows an index is short of, without a word
    refuses: frozenset[str] = frozenset()  # keys it will never take, saying so
    answers_with: str = "keys"  # "keys", "count", or "nothing"
    rewatches: bool = True
    semantics: str = "present"
    stamps: Config | None = None  # of `activities`


@dataclass
class Plain:
    """The provider: also what a person does on it."""

    form: Form = Form.OLD
    called: str = "PLAIN"
    moods: Moods = field(default_factory=Moods)
    watchlist: list[Item] = field(default_factory=list)
    ratings: list[Item] = field(default_factory=list)
    history: list[Item] = field(default_factory=list)
    received: list[tuple[str, list[Item]]] = field(default_factory=list)  # ("add history", items)
    views: list[Config] = field(default_factory=list)  # of every reading
    ctx: object = None

    def __post_init__(self) -> None:
        self._keys = Keys(self.form)

    # --- what a person does

    def wish_for(self, item: Item) -> None:
        """Put on the watchlist."""
        self._put("watchlist", [item])

    def rate(self, item: Item, rating: int, at: str) -> None:
        """Rate, or rate anew."""
        self._put("ratings", [{**item, "rating": rating, "rated_at": at}])

    def watch(self, item: Item, at: str) -> None:
        """Watch at that time."""
        self.history.append({**item, "watched_at": at})

    def forget(self, feature: str, item: Item) -> None:
        """Take every row of the item away."""
        rows = self._rows(feature)
        rows[:] = [row for row in rows if not self._same(row, item)]

    def plays(self, item: Item) -> list[str]:
        """When it was watched, in order."""
        return sorted(text(row, "watched_at") for row in self.history if self._same(row, item))

    def has(self, feature: str, item: Item) -> bool:
        """Whether there is a row of the item."""
        return any(self._same(row, item) for row in self._rows(feature))

    # --- what the engine calls

    def name(self) -> str:
        """Its name."""
        return self.called

    def label(self) -> str:
        """Its name for people."""
        return self.called.title()

    def features(self) -> object:
        """All three."""
        return dict(self.moods.features)

    def capabilities(self) -> object:
        """Everything."""
        both = {"read": self.moods.rewatches, "write": self.moods.rewatches}
        return {"index_semantics": self.moods.semantics, "history": {"rewatches": both}}

    def is_configured(self, cfg: Config) -> bool:
        """As its mood says."""
        return self.moods.configured

    def health(self, cfg: Config) -> object:
        """As its mood says; takes no `emit`."""
        if self.moods.raises_health:
            raise RuntimeError("no health today")
        return {
            "ok": self.moods.status == "ok",
            "status": self.moods.status,
            "features": dict(self.moods.features),
        }

    def activities(self, cfg: Config) -> object:
        """When something changed, if it is in the mood to tell."""
        return self.moods.stamps

    def build_index(self, cfg: Config, *, feature: str) -> object:
        """Its rows, plays oldest first."""
        self.views.append(cfg)
        if self.moods.failing_reads:
            self.moods.failing_reads -= 1
            raise RuntimeError("reading failed")
        index: Index = {}
        for row in sorted(self._rows(feature), key=lambda row: played_at(row) or 0):
            key = self._keys.canonical_key(row)
            index[f"{key}@{played_at(row)}" if feature == "history" else key] = dict(row)
        return dict(list(index.items())[self.moods.leaves_out :])

    def add(self, cfg: Config, items: list[Item], *, feature: str, dry_run: bool = False) -> object:
        """Take them."""
        done: list[str] = []
        there: list[str] = []
        refused: list[Item] = []
        taken: list[Item] = []
        known = {name for row in self.history for name in self._play_names(row)}
        for item in self._begin(f"add {feature}", items):
            key = self._key(item)
            if key in self.moods.refuses:
                refused.append({"item": item, "hint": "refused", "key": key})
            elif feature == "history" and known & self._play_names(item):
                there.append(key)
            else:
                done.append(key)
                taken.append({name: item[name] for name in item if not name.startswith("_cw")})
        if not dry_run:
            self._put(feature, taken)
        return self._finish(done, there, refused)

    def remove(self, cfg: Config, items: list[Item], *, feature: str, dry_run: bool = False) -> object:
        """Let them go; a play that is named alone goes alone."""
        done: list[str] = []
        refused: list[Item] = []
        for item in self._begin(f"remove {feature}", items):
            key = self._key(item)
            if key in self.moods.refuses:
                refused.append({"item": item, "hint": "refused", "key": key})
                continue
            done.append(key)
            if dry_run:
                continue
            if item.get("_cw_event_key"):
                self.history = [
                    row for row in self.history if not self._play_names(row) & self._play_names(item)
                ]
            else:
                self.forget(feature, item)
        return self._finish(done, [], refused)

    def _begin(self, what: str, items: list[Item]) -> list[Item]:
        self.received.append((what, [dict(item) for item in items]))
        if self.moods.failing_writes:
            self.moods.failing_writes -= 1
            raise RuntimeError("writing failed")
        return items

    def _finish(self, done: list[str], there: list[str], refused: list[Item]) -> object:
        if self.moods.lost_answers:
            self.moods.lost_answers -= 1
            raise RuntimeError("the answer was lost")
        if self.moods.answers_with == "nothing":
            return {"ok": True}
        if self.moods.answers_with == "count":
            return {"ok": True, "count": len(done)}
        return {"ok": True, "confirmed_keys": done, "skipped_keys": there, "unresolved": refused}

    def _key(self, item: Item) -> str:
        return text(item, "_cw_event_key") or self._keys.canonical_key(item)

    def _rows(self, feature: str) -> list[Item]:
        return {"watchlist": self.watchlist, "ratings": self.ratings, "history": self.history}[feature]

    def _put(self, feature: str, items: list[Item]) -> None:
        rows = self._rows(feature)
        if feature != "history":
            named = {token for item in items for token in self._keys.tokens(item)}
            rows[:] = [row for row in rows if not self._keys.tokens(row) & named]
        rows.extend(dict(item) for item in items)

    def _play_names(self, row: Item) -> frozenset[str]:
        moment = epoch(row.get("watched_at"))
        return frozenset(f"{token}@{moment}" for token in self._keys.tokens(row))

    def _same(self, row: Mapping[str, object], item: Mapping[str, object]) -> bool:
        return bool(self._keys.tokens(row) & self._keys.tokens(item))


def film(number: int, title: str = "") -> Item:
    """A film by its TMDB number."""
    return {"type": "movie", "title": title or f"Film {number}", "year": 2000, "ids": {"tmdb": str(number)}}


def show(number: int) -> Item:
    """A show by its TMDB number."""
    return {"type": "show", "title": f"Show {number}", "year": 2000, "ids": {"tmdb": str(number)}}


def episode(of: int, season: int, number: int) -> Item:
    """An episode by its show and its numbers."""
    return {
        "type": "episode",
        "title": "",
        "ids": {},
        "show_ids": block({"ids": {"tmdb": str(of)}}, "ids"),
        "season": season,
        "episode": number,
    }
