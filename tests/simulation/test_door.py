"""What a request must carry, and what it is told otherwise."""

import pytest

from tests.simulation.client import AUTH_URL, Client, fresh


@pytest.fixture
def trakt() -> Client:
    return fresh()


def test_a_well_behaved_request_passes(trakt: Client) -> None:
    answer = trakt.get("/sync/last_activities")

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert {"date", "x-request-id", "x-runtime"} <= set(answer.headers)


@pytest.mark.parametrize("agent", ["", "python-requests/2.34", "Python-urllib/3.11", "curl/8.1", "okhttp/4"])
def test_the_cdn_refuses_a_library_as_user_agent_in_html(trakt: Client, agent: str) -> None:
    answer = trakt.get("/sync/last_activities", User_Agent=agent)

    assert answer.status == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "x-request-id" not in answer.headers


def test_a_missing_user_agent_is_refused_on_the_sign_in_host_too(trakt: Client) -> None:
    answer = trakt.send("POST", "/oauth/device/code", {}, without="User-Agent", host=AUTH_URL)

    assert answer.status == 403


def test_a_write_that_is_not_json_is_412(trakt: Client) -> None:
    assert trakt.send("POST", "/sync/history", {}, without="Content-Type").status == 412
    assert trakt.send("POST", "/sync/history", {}, Content_Type="text/plain").status == 412
    assert trakt.send("GET", "/sync/history", without="Content-Type").status == 200


def test_without_its_version_a_request_is_412(trakt: Client) -> None:
    assert trakt.send("GET", "/sync/history", without="trakt-api-version").status == 412


def test_a_wrong_api_key_is_403_without_json(trakt: Client) -> None:
    for answer in (
        trakt.get("/sync/history", trakt_api_key="another"),
        trakt.send("GET", "/movies/1", without="trakt-api-key"),
    ):
        assert (answer.status, answer.body) == (403, b"")


def test_a_deleted_app_is_403_on_public_paths_too(trakt: Client) -> None:
    film = trakt.simulator.catalogue.movie()
    trakt.simulator.app_deleted = True

    assert trakt.get(f"/movies/{film.trakt}").status == 403
    assert trakt.get("/sync/history").status == 403


def test_private_data_wants_a_good_token(trakt: Client) -> None:
    film = trakt.simulator.catalogue.movie()

    assert trakt.send("GET", "/sync/history", without="Authorization").status == 401
    assert trakt.get("/sync/history", Authorization="Bearer wrong").status == 401
    assert trakt.send("GET", f"/movies/{film.trakt}", without="Authorization").status == 200


def test_a_locked_or_deactivated_account_is_423(trakt: Client) -> None:
    account = trakt.simulator.account
    account.locked = True
    locked = trakt.get("/sync/last_activities")
    account.locked, account.deactivated = False, True
    deactivated = trakt.post("/sync/history", {})

    assert locked.status == deactivated.status == 423
    assert locked.headers["x-account-locked"] == deactivated.headers["x-account-deactivated"] == "true"
    assert locked.headers["x-account-deactivated"] == deactivated.headers["x-account-locked"] == "false"


def test_an_unknown_path_is_404_and_a_wrong_method_405(trakt: Client) -> None:
    assert trakt.get("/sync/nothing").status == 404
    assert trakt.get("/sync/history/books").status == 404
    assert trakt.send("DELETE", "/sync/history").status == 405
    assert trakt.get("/oauth/token").status == 405


@pytest.mark.parametrize("body", [b"", b"{", b'["movies"]', b'"text"', b"\xff"])
def test_a_body_that_is_no_json_object_is_400(trakt: Client, body: bytes) -> None:
    assert trakt.send("POST", "/sync/history", raw=body).status == 400
    assert trakt.send("POST", "/oauth/token", raw=body, host=AUTH_URL).status == 400


def test_requests_are_remembered_without_secrets(trakt: Client) -> None:
    trakt.get("/sync/history?page=2&limit=10")
    trakt.get("/nothing")

    assert [(one.method, one.path, one.query, one.status) for one in trakt.simulator.requests] == [
        ("GET", "/sync/history", "page=2&limit=10", 200),
        ("GET", "/nothing", "", 404),
    ]
    assert trakt.simulator.account.access_token not in repr(trakt.simulator.requests)


def test_head_is_answered_as_get_without_the_body(trakt: Client) -> None:
    """As trakt.py asks how many pages there are."""
    head, get = trakt.send("HEAD", "/sync/history?limit=5"), trakt.get("/sync/history?limit=5")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["x-pagination-limit"] == get.headers["x-pagination-limit"] == "5"
    assert head.headers["etag"] == get.headers["etag"]


def test_slashes_that_are_doubled_count_once(trakt: Client) -> None:
    """As pytrakt signs in."""
    assert trakt.send("POST", "//oauth/device/code", {"client_id": trakt.simulator.client_id}).status == 200
    assert trakt.get("//sync//history?start_at=a//b").status == 200
    assert [one.path for one in trakt.simulator.requests] == ["/oauth/device/code", "/sync/history"]
