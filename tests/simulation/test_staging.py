"""What each name of a SPEC does to a simulator."""

import http.client
import time
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import urlsplit

import msgspec
import pytest
from returns.result import Failure

from crosswatch_trakt.adapters.clock import ManualClock, SystemClock
from crosswatch_trakt.adapters.simulator import Simulator, SimulatorTransport, serve
from crosswatch_trakt.adapters.simulator.faults import ConnectionCut, ConnectionReset, NoAnswerInTime
from crosswatch_trakt.adapters.simulator.seed import seeded
from crosswatch_trakt.adapters.simulator.spec import parse_spec
from crosswatch_trakt.adapters.simulator.spec_words import STATUS, WORDS
from crosswatch_trakt.adapters.simulator.staging import FAULTS, STANDING, stage
from crosswatch_trakt.application.ports import Request
from crosswatch_trakt.domain.problems import AnswerLost
from tests.simulation.client import BASE_URL, Answer, Client

HISTORY = "/sync/history?limit=10"


def staged(text: str, seed: int = 1) -> Client:
    """A small account on which this goes wrong."""
    simulator = seeded(ManualClock(), plays=60, ratings=20, watchlist=10, movies=60, shows=4)
    simulator.quota.gets = simulator.quota.writes = None
    stage(simulator, parse_spec(text).unwrap(), seed)
    return Client(simulator)


def play(client: Client) -> Answer:
    """Add a play of a film, one of many."""
    film = client.simulator.catalogue.movies[0]
    return client.post("/sync/history", {"movies": [{"ids": film.ids}, {"ids": film.ids}]})


def plays(client: Client) -> int:
    return len(client.simulator.account.plays)


def ids(client: Client, page: int) -> list[int]:
    return [row["id"] for row in client.get(f"{HISTORY}&page={page}").json]


def announced(client: Client, path: str = HISTORY) -> int:
    return int(client.get(path).headers["x-pagination-item-count"])


def all_ids(client: Client) -> list[int]:
    return [one for page in range(1, 10) for one in ids(client, page)]


# --- each name does what it says


def status(client: Client) -> bool:
    refused = play(client)
    return (refused.status, refused.headers["retry-after"], plays(client)) == (503, "7", 60)


def reset(client: Client) -> bool:
    with pytest.raises(ConnectionReset):
        play(client)
    return plays(client) == 60


def lost(client: Client) -> bool:
    with pytest.raises(ConnectionCut):
        play(client)
    return plays(client) == 62


def timeout(client: Client) -> bool:
    with pytest.raises(NoAnswerInTime):
        play(client)
    return plays(client) == 60


def cut(client: Client) -> bool:
    answer = client.get(HISTORY)
    sent = SimulatorTransport(client.simulator).send(request(client, HISTORY))
    is_lost = isinstance(sent, Failure) and isinstance(sent.failure(), AnswerLost)
    return is_lost and 0 < len(answer.body) < int(answer.headers["content-length"])


def broken_json(client: Client) -> bool:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        _ = client.get(HISTORY).json
    return True


def shape(client: Client) -> bool:
    return client.get(HISTORY).body == b'{"data":null}'


def html(client: Client) -> bool:
    answer = play(client)
    return (answer.status, answer.body[:9], plays(client)) == (502, b"<!DOCTYPE", 62)


def late(client: Client) -> bool:
    refused, before = play(client).status, plays(client)
    clock(client).advance(31)
    client.simulator.settle()
    return (refused, before, plays(client)) == (504, 60, 62)


def partial(client: Client) -> bool:
    return (play(client).json["added"]["movies"], plays(client)) == (2, 61)


def miscount(client: Client) -> bool:
    return (play(client).json["added"]["movies"], plays(client)) == (1, 62)


def quiet(client: Client) -> bool:
    before = client.get("/sync/last_activities").body
    return play(client).status == 201 and client.get("/sync/last_activities").body == before


def slow(client: Client) -> bool:
    begun = clock(client).monotonic()
    return client.get(HISTORY).status == 200 and clock(client).monotonic() - begun == 2


def cdn(client: Client) -> bool:
    answers = [client.get(path).status for path in (HISTORY, HISTORY, "/movies/1001")]
    clock(client).advance(31)
    return [*answers, client.get(HISTORY).status] == [200, 429, 429, 200]


def expire(client: Client) -> bool:
    refresh = {"grant_type": "refresh_token", "refresh_token": client.simulator.account.refresh_token}
    stale = client.get(HISTORY).status
    return (stale, client.oauth("token", **refresh).status, client.get(HISTORY).status) == (401, 200, 200)


def revoke(client: Client) -> bool:
    refresh = {"grant_type": "refresh_token", "refresh_token": client.simulator.account.refresh_token}
    return (client.get(HISTORY).status, client.oauth("token", **refresh).status) == (401, 400)


def change(client: Client) -> bool:
    """Three rows more at the front: three come again."""
    pages = [ids(client, page) for page in (1, 2, 3)]
    return (len({*pages[0], *pages[1]}), len({*pages[1], *pages[2]})) == (20, 17)


def lag(client: Client) -> bool:
    play(client)
    before = announced(client)
    clock(client).advance(61)
    return (before, announced(client)) == (60, 62)


def lag_counts(client: Client) -> bool:
    play(client)
    return announced(client) == 60 and len(all_ids(client)) == 62


def count(client: Client) -> bool:
    return announced(client) == 65


def repeat(client: Client) -> bool:
    return ids(client, 1)[-2:] == ids(client, 2)[:2]


def displace(client: Client) -> bool:
    return ids(client, 1)[:2] == ids(client, 2)[:2] and len(set(all_ids(client))) < 60


def nulls(client: Client) -> bool:
    rows = client.get("/sync/history/movies?limit=10").json
    return sum(row["movie"]["ids"]["trakt"] is None for row in rows) == 2


def short(client: Client) -> bool:
    return [len(ids(client, page)) for page in (1, 2, 3)] == [10, 7, 0]


def unannounced(client: Client) -> bool:
    return "x-pagination-item-count" not in client.get(HISTORY).headers


def hidden(client: Client) -> bool:
    titles = client.simulator.account.hidden.titles
    shown = sum(len(client.get(f"{path}?limit=250").json) for path in ("/sync/history", "/sync/watchlist"))
    return len(titles) == 3 and announced(client) == 60 and shown < 70


def merged(client: Client) -> bool:
    merged = client.simulator.catalogue.merged
    found = [client.get(f"/{one.kind}s/{one.trakt}").status for one in merged]
    return len(found) == 4 and set(found) == {404}  # one is merged in every account


def not_found(client: Client) -> bool:
    told = client.post("/sync/history", {"movies": [{"ids": {"tmdb": 1}}]}).json["not_found"]
    return bool(told["movies"] == [{}])


def tags(client: Client) -> bool:
    return client.get(HISTORY, if_none_match='"never given"').status == 304


def token(client: Client) -> bool:
    first = client.get(HISTORY).status
    clock(client).advance(61)
    return (first, client.get(HISTORY).status) == (200, 401)


def quota(client: Client) -> bool:
    return [client.get(HISTORY).status for _ in range(3)] == [200, 200, 429]


def writes(client: Client) -> bool:
    return [play(client).status for _ in range(2)] == [201, 429]


def quota_cdn(client: Client) -> bool:
    last = [client.get(HISTORY) for _ in range(3)][-1]
    return last.status == 429 and last.body.startswith(b"<!DOCTYPE")


def no_quota(client: Client) -> bool:
    return "x-ratelimit" not in client.get(HISTORY).headers


def remaining(client: Client) -> bool:
    told = [msgspec.json.decode(client.get(HISTORY).headers["x-ratelimit"])["remaining"] for _ in range(20)]
    return any(after >= before for before, after in pairwise(told))


def retry_after(client: Client) -> bool:
    return "retry-after" not in [client.get(HISTORY) for _ in range(3)][-1].headers


EFFECTS: dict[str, tuple[str, Callable[[Client], bool]]] = {
    STATUS.name: ("503=retry-after:7", status),
    "reset": ("reset", reset),
    "lost": ("lost", lost),
    "timeout": ("timeout", timeout),
    "cut": ("cut", cut),
    "truncated": ("truncated=0.7", broken_json),
    "garbage": ("garbage", broken_json),
    "empty": ("empty", broken_json),
    "shape": ("shape", shape),
    "html": ("html=502", html),
    "late": ("late=30", late),
    "partial": ("partial=1", partial),
    "miscount": ("miscount", miscount),
    "quiet": ("quiet", quiet),
    "slow": ("slow=2", slow),
    "cdn": ("cdn=30@1", cdn),
    "expire": ("expire", expire),
    "revoke": ("revoke", revoke),
    "change": ("change@2", change),
    "lag": ("lag=60", lag),
    "lag-counts": ("lag-counts=60", lag_counts),
    "count": ("count=+5", count),
    "repeat": ("repeat=2", repeat),
    "displace": ("displace=2@/sync/history", displace),
    "nulls": ("nulls=2", nulls),
    "short": ("short=2:7;3:0", short),
    "unannounced": ("unannounced", unannounced),
    "hidden": ("hidden=3", hidden),
    "merged": ("merged=3", merged),
    "not-found": ("not-found=empty", not_found),
    "tags": ("tags=always-304", tags),
    "token": ("token=60", token),
    "quota": ("quota=2", quota),
    "writes": ("writes=1", writes),
    "quota-cdn": ("quota=2, quota-cdn", quota_cdn),
    "no-quota": ("no-quota", no_quota),
    "remaining": ("quota=1000, remaining=5", remaining),
    "retry-after": ("quota=2, retry-after=missing", retry_after),
}


def test_every_name_is_staged_and_tried_here() -> None:
    words = {STATUS.name, *WORDS}

    assert set(EFFECTS) == words
    assert FAULTS.keys() | STANDING.keys() <= words


@pytest.mark.parametrize("name", EFFECTS)
def test_a_name_does_what_it_says(name: str) -> None:
    text, happens = EFFECTS[name]

    assert happens(staged(text)), text


# --- which requests


def test_marks_say_which_requests() -> None:
    client = staged("502@POST /sync/watchlist, 503@GET /sync/ratings@2 x1, 504@/movies:after*0.5")
    ratings = [client.get("/sync/ratings").status for _ in range(4)]
    movies = [client.get("/movies/1001").status for _ in range(60)]

    assert client.post("/sync/watchlist", {}).status == 502
    assert client.get("/sync/watchlist").status == 200
    assert ratings == [200, 200, 503, 200]
    assert 15 < movies.count(504) < 45


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    def drawn(seed: int) -> list[object]:
        client = staged("502*0.3, hidden=3, merged=2", seed)
        hidden = sorted(title.trakt for title in client.simulator.account.hidden.titles)
        return [*(client.get(f"{HISTORY}&page={page}").status for page in range(40)), *hidden]

    assert drawn(1) == drawn(1) != drawn(2)


def test_chance_does_not_depend_on_which_page_comes_first() -> None:
    def drawn(pages: list[int]) -> dict[int, int]:
        client = staged("502*0.5")
        return {page: client.get(f"{HISTORY}&page={page}").status for page in pages}

    forwards = drawn(list(range(1, 30)))
    assert drawn(list(range(29, 0, -1))) == forwards
    assert set(forwards.values()) == {200, 502}


def test_wrong_pages_of_one_list_leave_the_others_alone() -> None:
    client = staged("count=+5@/sync/history, repeat=1, count=+9@/sync/watchlist x1")

    assert announced(client) == 65
    assert [announced(client, "/sync/watchlist") for _ in range(2)] == [19, 10]
    assert ids(client, 1)[-1] == ids(client, 2)[0], "what is said of all lists is true of this one too"


@pytest.mark.parametrize("path", ["/sync/ratings", "/sync/watchlist", "/users/me/watched", "/sync/history"])
def test_one_list_lags_alone(path: str) -> None:
    client = staged(f"lag=60@{path}")
    account, movies = client.simulator.account, client.simulator.catalogue.movies
    rooms = ("/sync/ratings?limit=5", "/sync/watchlist", "/users/me/watched/movies?extended=min", HISTORY)
    before = [announced(client, room) for room in rooms]
    known = {*account.plays.titles("movie"), *account.ratings, *account.watchlist}
    film = next(film for film in movies if film not in known)
    account.watch(film)
    account.rate(film, 5)
    account.put_on_watchlist(film)
    after = [announced(client, room) for room in rooms]

    grown = [room for room, old, new in zip(rooms, before, after, strict=True) if new == old + 1]
    assert grown == [room for room in rooms if not room.startswith(path)]


def test_another_device_can_remove_rows_too() -> None:
    client = staged("change=remove")
    pages = [ids(client, page) for page in (1, 2)]

    assert plays(client) == 57
    assert len(client.simulator.account.watchlist) == 7
    assert len(client.simulator.account.ratings) == 17
    assert len({*pages[0], *pages[1]}) == 20


def test_a_slow_answer_is_lost_on_a_client_that_is_less_patient() -> None:
    client = staged("slow=20")
    sent = SimulatorTransport(client.simulator).send(request(client, HISTORY))

    assert isinstance(sent.failure(), AnswerLost)
    assert clock(client).monotonic() == 15


def test_slow_goes_with_other_faults() -> None:
    client = staged("slow=2, 502")

    assert client.get(HISTORY).status == 502
    assert clock(client).monotonic() == 2


# --- on the wire


def test_on_the_wire_bodies_are_cut_connections_reset_and_answers_slow() -> None:
    simulator = seeded(SystemClock(), plays=60, ratings=20, watchlist=10, movies=60, shows=4)
    spec = "cut@/sync/ratings, reset@/sync/history, lost@/users, slow=0.2@/sync/watchlist"
    stage(simulator, parse_spec(spec).unwrap())
    with serve(simulator) as server:
        address = urlsplit(server.base_url)

        def get(path: str) -> bytes:
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
            try:
                connection.request("GET", path, headers=simulator.headers())
                return connection.getresponse().read()
            finally:
                connection.close()

        with pytest.raises(http.client.IncompleteRead):
            get("/sync/ratings")
        with pytest.raises(ConnectionResetError) as reset:
            get("/sync/history")
        with pytest.raises(http.client.RemoteDisconnected):
            get("/users/settings")
        begun = time.perf_counter()
        rows = get("/sync/watchlist")
        took_s = time.perf_counter() - begun

    assert not isinstance(reset.value, http.client.RemoteDisconnected)
    assert len(msgspec.json.decode(rows)) == 10
    assert took_s >= 0.2


def clock(client: Client) -> ManualClock:
    assert isinstance(client.simulator, Simulator)
    found = client.simulator.clock._clock
    assert isinstance(found, ManualClock)
    return found


def request(client: Client, path: str) -> Request:
    return Request("GET", f"{BASE_URL}{path}", client.simulator.headers())
