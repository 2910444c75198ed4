"""Lists that show the state of some seconds ago.

A lagging list lacks what was added since and still has what was removed since. `last_activities` never
lags: it moves at once (T#130); how far the rest lags is not known, minutes were seen (T#274, T#773).
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Lag:
    """How far each answer is behind, in seconds of the server. All may change at any time."""

    history_s: float = 0  # `/sync/history` of all plays or of one type
    title_s: float | None = None  # a title's own list, `/sync/history/movies/1`; None: as `history_s`
    ledger_s: float = 0  # `/users/me/watched/…?extended=min`, and `/sync/watched`
    watchlist_s: float = 0
    ratings_s: float = 0
    stats_s: float = 0  # `/users/me/stats`
    counts_s: float | None = None  # the announced counts of all these lists; None: as their rows

    def everywhere(self, seconds: float) -> None:
        """All of them by as much, counts with their rows."""
        self.history_s = self.ledger_s = self.watchlist_s = self.ratings_s = self.stats_s = seconds
        self.title_s = self.counts_s = None
