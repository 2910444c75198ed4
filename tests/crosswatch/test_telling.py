"""What CrossWatch hears while we work, and how its user's stop reaches us."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crosswatch_trakt import TraktError
from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.telling import CancellableClock, PacedTransport, Teller
from crosswatch_trakt.adapters.simulator import Fault, SimulatorTransport
from crosswatch_trakt.application.ports import ApiHit, Request, SnapshotProgress
from tests.crosswatch.calling import AT, DAY_S, MINUTE, Called, calling
from tests.crosswatch.host import SyncCancelled
from tests.crosswatch.pairs import environment
from tests.crosswatch.trakt import theirs
from tests.crosswatch.values import Form, Item


@dataclass
class Context:
    """What the engine injects."""

    told: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def emit(self, event: str, **fields: object) -> None:
        self.told.append((event, fields))

    def of(self, event: str) -> list[dict[str, object]]:
        """The fields of these events."""
        return [fields for name, fields in self.told if name == event]


class BrokenContext:
    """One whose events go nowhere."""

    def emit(self, event: str, **fields: object) -> None:
        raise RuntimeError("no listener")


def filled(cw: Called, plays: int = 0) -> Called:
    cw.account.rate(cw.films[1], 8, MINUTE)
    for number in range(plays):
        cw.account.watch(cw.films[number % 10], MINUTE + number * DAY_S)
    cw.account.put_on_watchlist(cw.films[2])
    return cw


def items_of(cw: Called) -> list[Item]:
    return [{**theirs(cw.films[3]), "watched_at": AT, "rating": 5}]


# --- requests


def test_requests_are_told_of_only_where_they_are_asked_for(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.ops.ctx = context = Context()
        cw.ops.build_index(filled(cw).view(), feature="watchlist")
        assert context.of("api:hit") == []
        with environment(CW_API_HITS="1"):
            cw.ops.build_index(cw.view(), feature="ratings")
        assert context.of("api:hit")


def test_requests_have_the_labels_of_crosswatchs(tmp_path: Path) -> None:
    with calling(tmp_path) as cw, environment(CW_API_HITS="1"):
        cw.ops.ctx = context = Context()
        filled(cw, plays=2)
        for feature in ("watchlist", "ratings", "history"):
            cw.ops.build_index(cw.view(), feature=feature)
            cw.ops.add(cw.view(), items_of(cw), feature=feature)
            cw.ops.remove(cw.view(), items_of(cw), feature=feature)
        hits = context.of("api:hit")

        labels = {str(hit["feature"]) for hit in hits}
        for feature in ("watchlist", "ratings", "history"):
            assert {f"{feature}:index", f"{feature}:add", f"{feature}:remove"} <= labels
        assert "activities" in labels
        assert len(hits) == cw.asked()
        assert {hit["provider"] for hit in hits} == {"TRAKT"}
        fields = {"provider", "feature", "endpoint", "method", "status", "ms"}
        assert all(hit.keys() == fields for hit in hits)


def test_a_refused_request_is_a_line_in_the_log(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.simulator.fail_next(Fault(status=503), "GET", "/sync/watchlist")
        cw.ops.build_index(filled(cw).view(), feature="watchlist")
        line = cw.said("http_failed")[0]

        assert (line.level, line.feature) == ("warn", "watchlist")
        assert (line.fields["status"], line.fields["path"]) == (503, "/sync/watchlist")


def test_a_long_wait_is_a_line_in_the_log(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.simulator.fail_next(
            Fault(status=429, headers={"retry-after": "20", "x-request-id": "1"}), "GET", "/sync/watchlist"
        )
        cw.ops.build_index(filled(cw).view(), feature="watchlist")
        line = cw.said("rate_limit")[0]

        assert (line.level, line.fields["seconds"]) == ("warn", 20)


def test_the_lines_users_look_for_are_there(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        view = filled(cw).view()
        cw.ops.build_index(view, feature="watchlist")
        cw.ops.build_index(view, feature="watchlist")
        cw.ops.add(view, items_of(cw), feature="watchlist")
        cw.ops.add(view, items_of(cw), feature="watchlist")
        cw.ops.add(view, [{"type": "movie", "ids": {"tmdb": "88888888"}}], feature="watchlist")

        assert [(line.level, line.fields["count"]) for line in cw.said("index_done")] == [
            ("info", 1),
            ("debug", 1),
        ]
        assert [line.fields["confirmed"] for line in cw.said("write_done")] == [1]
        assert [line.fields["skipped"] for line in cw.said("write_skipped")] == [1]
        assert [line.fields["unresolved"] for line in cw.said("write_failed")] == [1]


# --- progress of a reading


def progress(*events: SnapshotProgress) -> list[tuple[object, object, bool]]:
    context = Context()
    teller = Teller(lambda: context)
    for event in events:
        teller.tell(event)
    told = context.of("snapshot:progress")
    assert all((one["dst"], one["feature"]) == ("TRAKT", "history") for one in told)
    return [(one["done"], one.get("total"), "final" in one) for one in told]


def at(done: int, total: int | None = 1000, *, final: bool = False) -> SnapshotProgress:
    return SnapshotProgress("history", done, total, final)


def test_progress_is_told_at_the_beginning_each_hundred_rows_and_at_the_end() -> None:
    steps = [at(done) for done in range(0, 1000, 25)]

    told = progress(*steps, at(1000), at(1000, final=True))

    assert told[0] == (0, 1000, False)
    assert [done for done, _, _ in told] == [*range(0, 1001, 100), 1000]
    assert told[-1] == (1000, 1000, True)
    assert [final for *_, final in told[:-1]] == [False] * 11


def test_a_second_reading_begins_anew_and_an_unknown_total_is_left_out() -> None:
    once = [at(0), at(50), at(250, final=True)]

    assert progress(*once, *once) == [(0, 1000, False), (250, 1000, True)] * 2
    assert progress(at(0, None), at(400, None)) == [(0, None, False), (400, None, False)]


def test_a_real_reading_tells_its_progress(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cw.ops.ctx = context = Context()
        cw.ops.build_index(filled(cw, plays=600).view(), feature="history")
        told = context.of("snapshot:progress")

        assert "final" in told[-1]
        assert told[-1]["done"] == 600
        assert len(told) <= 10


# --- what goes wrong there


@pytest.mark.parametrize("context", [None, object(), BrokenContext()])
def test_what_goes_wrong_in_telling_stops_nothing(tmp_path: Path, context: object) -> None:
    with calling(tmp_path) as cw, environment(CW_API_HITS="1"):
        cw.ops.ctx = context
        assert len(cw.ops.build_index(filled(cw).view(), feature="watchlist")) == 1
        del cw.ops.ctx  # newer engines take it back
        assert cw.ops.ctx is None
        assert cw.ops.add(cw.view(), items_of(cw), feature="history")["ok"]


def test_a_log_that_breaks_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise TypeError("not JSON")

    with calling(tmp_path) as cw:
        monkeypatch.setattr("providers.sync._log.log", broken)
        assert len(cw.ops.build_index(filled(cw).view(), feature="watchlist")) == 1
        assert cw.ops.add(cw.view(), items_of(cw), feature="watchlist")["ok"]


def test_no_line_and_no_event_holds_a_secret(tmp_path: Path) -> None:
    with calling(tmp_path, Form.NEW) as cw, environment(CW_API_HITS="1"):
        cw.ops.ctx = context = Context()
        secrets = [cw.account.access_token, cw.account.refresh_token]
        view = filled(cw).view(client_secret="the-own-secret", timeout="soon")
        for status in (503, 401, 403, 429, 420):
            cw.simulator.fail_next(Fault(status=status))
            for feature in ("watchlist", "ratings", "history"):
                try:
                    cw.ops.build_index(view, feature=feature)
                    cw.ops.add(view, items_of(cw), feature=feature)
                except TraktError:
                    pass
            cw.ops.health(view)
            cw.clock.advance(600)
        cw.simulator.oauth.expire_all()
        cw.ops.health(view)
        secrets += [cw.account.access_token, cw.account.refresh_token, "the-own-secret"]
        said = repr((cw.host.logs, context.told))

        assert len(cw.host.logs) > 10
        assert not [secret for secret in secrets if secret in said]


# --- the user's stop


def cancelled_at(cw: Called, method: str, path: str) -> None:
    """Let the user stop while this request is on its way."""

    def stop(sent: str, there: str, query: object) -> None:
        if sent == method and there.startswith(path):
            cw.host.cancelled = True

    cw.simulator.on_request(stop)


@pytest.mark.parametrize("feature", ["watchlist", "ratings", "history"])
def test_a_stop_ends_a_reading_and_the_next_one_is_whole(tmp_path: Path, feature: str) -> None:
    with calling(tmp_path) as cw:
        filled(cw, plays=1200)  # pages are read by threads
        cancelled_at(cw, "GET", f"/sync/{feature}")
        with pytest.raises(SyncCancelled):
            cw.ops.build_index(cw.view(), feature=feature)
        asked = cw.asked()
        assert asked < 12

        cw.simulator.forgive()
        cw.host.cancelled = False
        cw.simulator._hooks.clear()
        whole = cw.ops.build_index(cw.view(), feature=feature)
        assert len(whole) == {"watchlist": 1, "ratings": 1, "history": 1200}[feature]


def test_a_stop_ends_a_wait() -> None:
    class Host:
        waits = 0

    class Clock(CancellableClock):
        def monotonic(self) -> float:
            return float(Host.waits)

    def stop() -> None:
        Host.waits += 1
        if Host.waits == 3:
            raise SyncCancelled("stop")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crosswatch_trakt.adapters.crosswatch.host.raise_if_cancelled", stop)
        patch.setattr("crosswatch_trakt.adapters.clock.SystemClock.sleep", lambda self, seconds: None)
        with pytest.raises(SyncCancelled):
            Clock().sleep(1000)


@pytest.mark.parametrize("feature", ["watchlist", "ratings", "history"])
def test_a_stop_during_a_write_does_not_lose_its_answer(tmp_path: Path, feature: str) -> None:
    with calling(tmp_path) as cw:
        cw.ops.build_index(cw.view(), feature=feature)
        cancelled_at(cw, "POST", "/sync")
        result = cw.ops.add(cw.view(), items_of(cw), feature=feature)

        assert result["confirmed_keys"]
        assert cw.asked("POST") == 1


def test_a_stop_before_anything_was_sent_ends_a_write(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        cancelled_at(cw, "GET", "/")
        with pytest.raises(SyncCancelled):
            cw.ops.add(cw.view(), items_of(cw), feature="history")
        assert cw.asked("POST") == 0


@pytest.mark.parametrize("obeyed", [True, False])
def test_a_stop_in_a_doubt_leaves_the_play_to_a_later_call_and_doubles_nothing(
    tmp_path: Path, obeyed: bool
) -> None:
    with calling(tmp_path) as cw:
        cw.ops.build_index(cw.view(), feature="history")
        cw.simulator.fail_next(Fault(lost=True, before=not obeyed), "POST", "/sync/history")
        cancelled_at(cw, "POST", "/sync")
        with pytest.raises(SyncCancelled):
            cw.ops.add(cw.view(), items_of(cw), feature="history")
        cw.host.cancelled = False
        cw.simulator._hooks.clear()
        again = cw.ops.add(cw.view(), items_of(cw), feature="history")

        assert again["ok"] is obeyed
        assert list(cw.held.values()) == [1] * obeyed
        for _ in range(2):
            cw.clock.advance(3600)
            last = cw.ops.add(cw.view(), items_of(cw), feature="history")
        assert last["skipped_keys"]
        assert list(cw.held.values()) == [1]


# --- the host's own budget


def test_requests_go_through_the_hosts_own_budget_where_it_has_one(tmp_path: Path) -> None:
    with calling(tmp_path, Form.NEW) as cw:
        paced = PacedTransport(SimulatorTransport(cw.simulator))
        headers = {**cw.simulator.headers(), "trakt-api-key": cw.simulator.client_id}
        sent = paced.send(Request("GET", "https://api.trakt.tv/sync/last_activities", headers, None))

        assert sent.unwrap().status == 200
        passed, answered = cw.host.gate_uses
        assert (passed.method, passed.token) == ("GET", cw.account.access_token)
        assert (answered.status, answered.client_id) == (200, cw.simulator.client_id)


def test_a_budget_that_fails_after_a_request_takes_its_answer_from_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be that of a write, or a new pair of tokens."""

    def fail(*_: object) -> None:
        raise TypeError("of another version")

    with calling(tmp_path, Form.NEW) as cw:
        monkeypatch.setattr(host, "record_response", fail)
        request = Request("POST", "https://api.trakt.tv/sync/history", cw.simulator.headers(), b"{}")

        assert PacedTransport(SimulatorTransport(cw.simulator)).send(request).unwrap().status == 201


def test_an_older_host_has_none_and_nothing_is_missed(tmp_path: Path) -> None:
    with calling(tmp_path) as cw:
        paced = PacedTransport(SimulatorTransport(cw.simulator))
        request = Request("GET", "https://api.trakt.tv/sync/last_activities", cw.simulator.headers(), None)

        assert paced.send(request).unwrap().status == 200
        assert cw.host.gate_uses == []


def test_a_hit_tells_nothing_without_a_host() -> None:
    Teller(lambda: None).tell(ApiHit("history", "GET", "/sync/history", 200, 3, 1))
