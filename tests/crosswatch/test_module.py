"""`TRAKTModule` and its client: what CrossWatch's own tests and its playback page ask of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from crosswatch_trakt.adapters import crosswatch
from crosswatch_trakt.adapters.crosswatch import OPS, TRAKTClient, TRAKTConfig, TRAKTModule, get_manifest
from crosswatch_trakt.adapters.crosswatch.features import ListFeature
from crosswatch_trakt.adapters.simulator import Fault
from tests.crosswatch.calling import Called, calling
from tests.crosswatch.trakt import theirs
from tests.crosswatch.values import Config, Form, Item, block

SIGNED_IN: Config = {"trakt": {"client_id": "c" * 64, "access_token": "a-token"}}


# --- as CrossWatch's own tests drive it


class StandIn:
    """A feature put into `_FEATURES`."""

    def __init__(self, answer: Mapping[str, object]) -> None:
        self.answer = answer
        self.called: list[tuple[object, object]] = []

    def add(self, adapter: object, items: Sequence[Item]) -> Mapping[str, object]:
        self.called.append((adapter, items))
        return self.answer


ANSWER = {
    "ok": True,
    "count": 99,
    "confirmed_keys": ["a", "b"],
    "skipped_keys": ["c"],
    "unresolved": [{"key": "d", "hint": "why"}],
    "confirmed_destinations": {"a": {"key": "x"}},
    "what_nobody_knows": [1],
}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn(ANSWER)
    monkeypatch.setitem(crosswatch._FEATURES, "history", made)
    monkeypatch.setattr(TRAKTModule, "_is_enabled", lambda self, feature: True)
    return made


def test_whatever_a_feature_answers_is_handed_on_with_the_counts_of_its_keys(stand_in: StandIn) -> None:
    module = TRAKTModule(SIGNED_IN, connect=False)
    answer = module.add("history", [{"type": "movie"}])

    assert answer == {**ANSWER, "count": 2, "skipped": 1}
    assert stand_in.called == [(module, [{"type": "movie"}])]
    assert stand_in.answer is ANSWER
    assert ANSWER["count"] == 99, "what was answered is not changed"


def test_an_add_needs_no_more_of_its_module_than_a_test_gives_it(stand_in: StandIn) -> None:
    class Bare:
        def _is_enabled(self, feature: str) -> bool:
            return True

        def key_of(self, item: object) -> str:
            raise AssertionError("the answer has the keys")

    answer = TRAKTModule.add(Bare(), "history", [{"type": "movie"}])  # type: ignore[arg-type]

    assert (answer["count"], answer["what_nobody_knows"]) == (2, [1])


def test_an_answer_without_keys_keeps_its_count(stand_in: StandIn) -> None:
    stand_in.answer = {"ok": True, "count": 7}
    assert TRAKTModule(SIGNED_IN, connect=False).add("history", [{}])["count"] == 7


def test_nothing_to_write_asks_nobody(stand_in: StandIn) -> None:
    assert TRAKTModule(SIGNED_IN, connect=False).add("history", []) == {"ok": True, "count": 0}
    assert stand_in.called == []


@pytest.mark.parametrize("feature", ["progress", "playlists", "collection", "dreams"])
def test_what_is_not_offered_is_not_written_and_has_no_index(tmp_path: Path, feature: str) -> None:
    with calling(tmp_path) as cw:
        result = cw.ops.add(cw.view(), [theirs(cw.films[0])], feature=feature)
        assert (result["ok"], result["errors"]) == (False, 1)
        assert not cw.ops.remove(cw.view(), [theirs(cw.films[0])], feature=feature)["ok"]
        with pytest.raises(ValueError, match=feature):
            cw.ops.build_index(cw.view(), feature=feature)
        assert cw.asked() == 0


def test_a_module_needs_a_login_and_asks_nothing_before_something_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for missing in ({}, {"trakt": {"client_id": "c"}}, {"trakt": {"access_token": "a"}}):
        with pytest.raises(RuntimeError, match="not configured"):
            TRAKTModule(missing, connect=False)
    connected: list[TRAKTClient] = []
    monkeypatch.setattr(TRAKTClient, "connect", lambda self: connected.append(self))
    module = TRAKTModule(SIGNED_IN)

    assert connected == [module.client]
    assert (module.cfg.client_id, module.cfg.access_token) == ("c" * 64, "a-token")
    assert module.manifest() == get_manifest()
    assert (module.raw_cfg, module.config) == (SIGNED_IN, SIGNED_IN)
    assert (module.instance_id, module.progress_factory) == ("default", None)
    assert TRAKTModule({**SIGNED_IN, "_cw_provider_instance": "TRAKT-P01"}).instance_id == "TRAKT-P01"
    assert set(module.feature_names()) == {"watchlist", "ratings", "history"}
    assert module.supported_features()["history"] is True


def test_the_manifest_is_one_of_a_finished_module() -> None:
    manifest = get_manifest()

    assert (manifest["name"], manifest["label"], manifest["type"]) == ("TRAKT", "Trakt", "sync")
    assert float(str(manifest["version"])) >= 1
    assert manifest["version"] == crosswatch.__VERSION__
    assert all(isinstance(works, bool) for works in block(manifest, "features").values())
    can = block(manifest, "capabilities")
    assert (can["bidirectional"], can["provides_ids"], can["index_semantics"]) == (True, True, "present")
    assert block(can, "ratings", "types") == dict.fromkeys(("movies", "shows", "seasons", "episodes"), True)
    assert block(can, "history")["event_history"] is True
    assert block(can, "history", "rewatches") == {"read": True, "write": True, "account_gate": False}
    changed = block(get_manifest())
    block(changed, "features").clear()
    assert get_manifest() == manifest, "each asker has one of his own"


def test_what_others_import_is_there() -> None:
    for name in ("OPS", "TRAKTModule", "TRAKTClient", "TRAKTConfig", "get_manifest", "__VERSION__", "ctx"):
        assert hasattr(crosswatch, name)
    assert crosswatch._FEATURES.keys() == {"watchlist", "ratings", "history"}
    assert isinstance(crosswatch._FEATURES["ratings"], ListFeature)
    assert OPS.name() == "TRAKT"
    assert OPS.label() == "Trakt"
    assert OPS.is_configured(SIGNED_IN) is True
    assert OPS.is_configured({}) is False


# --- the playback page


def client(cw: Called, **trakt: object) -> TRAKTClient:
    return TRAKTModule(cw.view(by_hand=True, **trakt), connect=False, sessions=cw.ops._sessions).client


def test_the_playback_page_gets_its_answers(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        page = client(cw)
        answer = page.get(f"{page.BASE}/sync/history", params={"limit": 10, "extended": "full"})

        assert (answer.status_code, answer.ok, answer.json()) == (200, True, [])
        assert answer.text == "[]"
        assert answer.headers["X-Pagination-Limit"] == "10"
        body = {"movies": [{"ids": {"trakt": cw.films[0].trakt}}]}
        added = page.post(f"{page.BASE}/sync/watchlist", json=body)
        assert added.status_code == 201
        assert cw.films[0] in cw.account.watchlist


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("status", [404, 409, 422, 429, 401, 403, 420, 423, 426, 400, 500, 503])
def test_what_trakt_refuses_keeps_its_status(tmp_path: Path, method: str, status: int) -> None:
    with calling(tmp_path, scope=None) as cw:
        page = client(cw, max_retries=0)
        page.connect()
        headers = {"retry-after": "7000", "x-request-id": "1"} if status == 429 else {"x-request-id": "1"}
        fault = Fault(status=status, headers=headers)
        cw.simulator.fail_next(fault, path_prefix="/sync/playback", times=None)
        answer = getattr(page, method)(f"{page.BASE}/sync/playback/77")

        assert (answer.status_code, answer.ok) == (status, False)
        assert answer.text
        if status == 429:
            assert answer.headers["Retry-After"] == "7000"


def test_another_address_is_refused(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        with pytest.raises(ValueError, match="address"):
            client(cw).get("https://elsewhere.example/sync")
        assert client(cw, base_url="http://127.0.0.1:99/").BASE == "http://127.0.0.1:99"


def test_a_post_of_the_page_is_sent_once(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        page = client(cw)
        cw.simulator.fail_next(Fault(status=503), "POST", times=None)

        assert page.post(f"{page.BASE}/scrobble/pause", json={}).status_code == 503
        assert cw.asked("POST") == 1


def test_connecting_asks_who_it_is(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        page = client(cw)

        assert page.connect() is page
        assert cw.asked("GET", "/users/settings") == 1


def test_marking_watched_on_the_page_says_whether_it_was_done(tmp_path: Path) -> None:
    with calling(tmp_path, scope=None) as cw:
        module = TRAKTModule(cw.view(by_hand=True), connect=False, sessions=cw.ops._sessions)

        assert module.add("history", [theirs(cw.films[0])])["ok"] is True
        assert module.add("history", [{"type": "movie", "ids": {"tmdb": "77777777"}}])["ok"] is False


@pytest.mark.parametrize("form", list(Form))
def test_a_client_lets_crosswatch_refresh_its_own_profile(tmp_path: Path, form: Form) -> None:
    with calling(tmp_path, form) as cw:
        config = TRAKTConfig("c", "a")
        named = TRAKTClient(config, {**SIGNED_IN, "_cw_provider_instance": "TRAKT-P01"}, cw.ops._sessions)

        assert not named._try_refresh()
        assert not TRAKTClient(config, SIGNED_IN, cw.ops._sessions)._try_refresh()
        assert cw.host.auth.asked == ["TRAKT-P01", "default"]
        assert "a-token" not in repr(TRAKTConfig("c", "a-token"))
