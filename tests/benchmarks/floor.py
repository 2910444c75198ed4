"""The floor: a bare client. The pages of the history one at a time, decoded typed, keys made, nothing else.

Nothing can read an account with requests for less, so all figures are told as multiples of this.
"""

import json
import sys
import time
from datetime import datetime

import msgspec
import requests


class _Ids(msgspec.Struct):
    trakt: int
    tmdb: int | None = None


class _Title(msgspec.Struct):
    ids: _Ids
    season: int = 0
    number: int = 0


class _Row(msgspec.Struct):
    id: int
    watched_at: datetime
    movie: _Title | None = None
    show: _Title | None = None
    episode: _Title | None = None

    @property
    def key(self) -> str:
        minute = int(self.watched_at.timestamp())
        if self.movie is not None:
            return f"movie:tmdb:{self.movie.ids.tmdb or self.movie.ids.trakt}@{minute}"
        if self.show is None or self.episode is None:
            raise ValueError("a row of no known kind")
        show, numbers = self.show.ids.tmdb, f"s{self.episode.season:02d}e{self.episode.number:02d}"
        return f"episode:tmdb:{show}#{numbers}@{minute}"


def main() -> None:
    """Read the whole history of the login on standard input."""
    login = json.loads(sys.stdin.readline())
    began = time.monotonic(), time.process_time()
    rows = msgspec.json.Decoder(list[_Row])
    keys: list[str] = []
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(
            {
                "Content-Type": "application/json",
                "User-Agent": "floor/1.0",
                "trakt-api-version": "2",
                "trakt-api-key": login["client_id"],
                "Authorization": f"Bearer {login['access_token']}",
            }
        )
        for kind in ("movies", "episodes"):
            page, pages = 1, 1
            while page <= pages:
                url = f"{login['base_url']}/sync/history/{kind}?limit=250&page={page}"
                answer = session.get(url, timeout=60)
                answer.raise_for_status()
                keys += [row.key for row in rows.decode(answer.content)]
                pages = int(answer.headers["x-pagination-page-count"])
                page += 1
    print(json.dumps({"began_cpu_s": began[1], "wall_s": time.monotonic() - began[0], "gave": len(keys)}))


if __name__ == "__main__":
    main()
