"""What requests makes of wires, names, certificates, proxies and settings of this machine."""

import gzip
import importlib
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from returns.pipeline import is_successful

from crosswatch_trakt.adapters.http import RequestsTransport, open_session
from crosswatch_trakt.application.ports import Request, Response
from crosswatch_trakt.domain.problems import AnswerLost, NotSent
from tests.adapters.wire import Behaviour, Wire, free_port, resets_after, sends, stalls_after

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD = b"HTTP/1.1 200 OK\r\n"
PACKED = gzip.compress(b'{"a": 1}' * 100)
# Valid for localhost until 2036, and signed by nobody but itself. Made for this test, of no use elsewhere.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPY30s4RGDrFV1rG+
PpOLItd5SeYSwUYYUZIxkAcyuAKhRANCAATQDnR0plSM/HWjU9AgACAvAh7+/N9H
D2OIaEDD2NVRK0/APaSYi75L5gpZz/o/pQrTAGDL8oMlpHs0SxH1PdjE
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBkjCCATmgAwIBAgIUA3Il3NGzJBfBoMgH2JCNFiQmhmswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyNDIzMzkzNFoXDTM2MTEyMTIz
MzkzNFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE0A50dKZUjPx1o1PQIAAgLwIe/vzfRw9jiGhAw9jVUStPwD2kmIu+S+YK
Wc/6P6UK0wBgy/KDJaR7NEsR9T3YxKNpMGcwHQYDVR0OBBYEFChL3uzPg4SuzP9b
+tr6KWpngYdXMB8GA1UdIwQYMBaAFChL3uzPg4SuzP9b+tr6KWpngYdXMA8GA1Ud
EwEB/wQFMAMBAf8wFAYDVR0RBA0wC4IJbG9jYWxob3N0MAoGCCqGSM49BAMCA0cA
MEQCIGkKsdEHDV0juRTYwbaXrCCmxqt1TqCjb9bgoOS6th0EAiBM6QQpf52agiaO
aTPaP5ikKBALZgYH6WGoF8ev7M5R6A==
-----END CERTIFICATE-----
"""


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(sends(OK)) as running:
        running.keeps_connections = True
        yield running


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Iterator[RequestsTransport]:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with open_session(4) as session:
        yield RequestsTransport(session)


# --- what goes out


def test_a_request_arrives_as_it_was_made(transport: RequestsTransport, httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/sync/history/remove",
        method="POST",
        query_string="page=1&limit=250&q=a%20b%2Fc",
        headers={"Authorization": "Bearer token", "User-Agent": "ours/1", "Content-Type": "application/json"},
        data=b'{"movies": []}',
    ).respond_with_data(b"done", status=201)
    url = httpserver.url_for("/sync/history/remove?page=1&limit=250&q=a%20b%2Fc")
    headers = {"Authorization": "Bearer token", "User-Agent": "ours/1", "Content-Type": "application/json"}

    answer = transport.send(Request("POST", url, headers, b'{"movies": []}')).unwrap()
    assert (answer.status, answer.body) == (201, b"done")


def test_a_netrc_of_this_user_adds_no_credentials(
    transport: RequestsTransport, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\ndefault login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    transport.send(Request("GET", wire.url, {"Authorization": "Bearer ours"})).unwrap()
    transport.send(Request("GET", wire.url, {})).unwrap()
    assert b"Authorization: Bearer ours\r\n" in wire.received[0]
    assert b"authorization" not in wire.received[1].lower()


def test_no_cookie_is_kept_or_sent(transport: RequestsTransport, wire: Wire) -> None:
    wire.behave = sends(HEAD + b"Set-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n")

    assert all(is_successful(transport.send(Request("GET", wire.url, {}))) for _ in range(2))
    transport.session.get(wire.url, timeout=5)  # what requests itself would keep
    transport.send(Request("GET", wire.url, {})).unwrap()
    assert not any(b"cookie" in request.lower() for request in wire.received)
    assert list(transport.session.cookies) == []


def test_connections_are_kept_and_a_closed_one_is_made_anew(transport: RequestsTransport, wire: Wire) -> None:
    for connections in (1, 2, 3):
        assert all(is_successful(transport.send(Request("GET", wire.url, {}))) for _ in range(3))
        assert wire.connections == connections
        wire.cut()


# --- what comes back


def test_a_fresh_request_goes_by_a_connection_of_its_own(transport: RequestsTransport, wire: Wire) -> None:
    for fresh in (False, False, True):
        transport.send(Request("POST", wire.url, {}, b"{}", fresh=fresh)).unwrap()

    assert (len(wire.received), wire.connections) == (3, 2)


def test_headers_sent_twice_are_joined_and_odd_bytes_are_kept(
    transport: RequestsTransport, wire: Wire
) -> None:
    wire.behave = sends(HEAD + b"X-A: 1\r\nx-a: 2\r\nX-B: \xe9\r\nContent-Length: 0\r\n\r\n")

    headers = transport.send(Request("GET", wire.url, {})).unwrap().headers
    assert (headers["x-a"], headers["x-b"]) == ("1, 2", "\xe9")


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n320\r\n" + b'{"a": 1}' * 100 + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"\r\n" + b'{"a": 1}' * 100,
    ],
    ids=["packed", "in chunks", "until the end"],
)
def test_a_body_is_given_whole_and_unpacked(transport: RequestsTransport, wire: Wire, answer: bytes) -> None:
    wire.behave, wire.keeps_connections = sends(answer), False

    assert transport.send(Request("GET", wire.url, {})).unwrap().body == b'{"a": 1}' * 100


LOST: dict[str, Behaviour] = {
    "no answer": stalls_after(),
    "a reset": resets_after(),
    "an end": sends(b""),
    "a stalled head": stalls_after(HEAD),
    "a reset head": resets_after(HEAD + b"Content-"),
    "a short body": sends(HEAD + b"Content-Length: 10\r\n\r\nabc"),
    "a stalled body": stalls_after(HEAD + b"Content-Length: 10\r\n\r\nabc"),
    "a reset body": resets_after(HEAD + b"Content-Length: 10\r\n\r\nabc"),
    "a short chunk": sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc"),
    "no last chunk": sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    "a bad chunk": sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
    "a bad packing": sends(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
    "a bad length": sends(HEAD + b"Content-Length: 3, 4\r\n\r\nabc"),
    "another protocol": sends(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "a bad status": sends(b"HTTP/1.1 abc OK\r\n\r\n"),
    "an endless line": sends(b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n"),
    "too many headers": sends(HEAD + b"A: b\r\n" * 200 + b"\r\n"),
}


@pytest.mark.parametrize("behave", LOST.values(), ids=LOST)
@pytest.mark.parametrize("kept", [False, True])
def test_whatever_is_not_a_whole_answer_is_doubt_and_is_not_asked_for_again(
    transport: RequestsTransport, wire: Wire, behave: Behaviour, *, kept: bool
) -> None:
    """On a fresh connection and on one that served before."""
    if kept:
        transport.send(Request("GET", wire.url, {})).unwrap()
    wire.behave, wire.keeps_connections = behave, False
    request = Request("POST", f"{wire.url}/sync?code=SECRET", {"X-Key": "SECRET"}, b"SECRET", timeout_s=0.15)
    problem = transport.send(request).failure()

    assert type(problem) is AnswerLost
    assert problem.request == f"POST {wire.url}/sync"
    assert problem.cause
    assert "SECRET" not in repr(problem)
    assert len(wire.received) == 1 + kept


def test_a_head_that_is_cut_gives_no_body_rather_than_a_part_of_one(
    transport: RequestsTransport, wire: Wire
) -> None:
    """http.client takes the end for the end of the head. An empty body cannot pass for a list of rows."""
    wire.behave, wire.keeps_connections = sends(HEAD + b"X-Pagination-Item-Count: 3\r\n"), False

    assert transport.send(Request("GET", wire.url, {})).unwrap().body == b""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=40).map(lambda part: HEAD + part),
        st.binary(max_size=40).map(lambda part: HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + part),
        st.binary(max_size=40).map(lambda part: HEAD + b"Content-Encoding: gzip\r\n\r\n" + part),
        st.binary(max_size=40).map(lambda part: b"HTTP/1.1 302 Found\r\nLocation: " + part + b"\r\n\r\n"),
    )
)
def test_no_garbage_raises_or_passes_for_nothing_sent(
    transport: RequestsTransport, wire: Wire, garbage: bytes
) -> None:
    wire.behave, wire.keeps_connections = sends(garbage), False
    result = transport.send(Request("GET", wire.url, {}, timeout_s=5))

    assert isinstance(result.value_or(None) or result.failure(), Response | AnswerLost)


# --- what never went out


def test_a_refused_connection_sent_nothing_and_says_so(transport: RequestsTransport) -> None:
    problem = transport.send(Request("GET", f"http://127.0.0.1:{free_port()}/a?b=SECRET", {})).failure()

    assert isinstance(problem, NotSent)
    assert problem.cause == "ConnectionError: Connection refused"


def test_a_name_that_nobody_knows_sent_nothing(
    transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    problem = transport.send(Request("GET", "https://api.trakt.tv/a?b=SECRET", {})).failure()

    assert problem == NotSent("GET https://api.trakt.tv/a", "ConnectionError: Name or service not known")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_not_made_in_time_sent_nothing(transport: RequestsTransport, scheme: str) -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for other in (first, second):  # they fill its queue, so that the next is left to wait
            other.setblocking(False)
            other.connect_ex(listener.getsockname())
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/a?b=SECRET"
        problem = transport.send(Request("GET", url, {}, timeout_s=0.2)).failure()

    assert isinstance(problem, NotSent)
    assert problem.cause.startswith("ConnectTimeout")
    assert "SECRET" not in repr(problem)


BAD_URLS = [
    "api.trakt.tv/a?b=SECRET",
    "/a?b=SECRET",
    "",
    "ftp://api.trakt.tv/?b=SECRET",
    "http://?b=SECRET",
    "http://[::1?b=SECRET",
    "http://a:port/?b=SECRET",
    "http://a:99999999/?b=SECRET",
    "http://*.trakt.tv/?b=SECRET",
    "http://" + "a" * 70 + ".tv/?b=SECRET",
    "http://a..b/?b=SECRET",
    "http://user:SECRET@[/",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_is_none_sent_nothing(transport: RequestsTransport, url: str) -> None:
    problem = transport.send(Request("GET", url, {})).failure()

    assert type(problem) is NotSent
    assert "SECRET" not in repr(problem)


@pytest.mark.parametrize(
    "headers", [{"X-Key": "SECRET\r\nX-More: 1"}, {"X-Key": " SECRET"}, {"X Key\n": "SECRET"}]
)
def test_a_header_that_cannot_be_sent_sent_nothing(
    transport: RequestsTransport, wire: Wire, headers: dict[str, str]
) -> None:
    problem = transport.send(Request("GET", wire.url, headers)).failure()

    assert isinstance(problem, NotSent)
    assert "SECRET" not in repr(problem)
    assert wire.connections == 0


def test_an_address_is_told_without_its_userinfo(transport: RequestsTransport) -> None:
    port = free_port()
    problem = transport.send(Request("GET", f"http://user:SECRET@127.0.0.1:{port}/a", {})).failure()

    assert problem.request == f"GET http://127.0.0.1:{port}/a"


# --- certificates


@pytest.fixture
def secure_wire(tmp_path: Path) -> Iterator[Wire]:
    """A server whose certificate nobody vouches for."""
    (tmp_path / "pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    with Wire(sends(OK), wrap=lambda plain: context.wrap_socket(plain, server_side=True)) as running:
        yield running


@pytest.mark.parametrize("verify", [True, False])
def test_a_certificate_is_always_checked_and_a_bad_one_is_sent_nothing(
    transport: RequestsTransport, secure_wire: Wire, *, verify: bool
) -> None:
    transport.session.verify = verify
    problem = transport.send(Request("POST", f"https://localhost:{secure_wire.port}/a", {}, b"x")).failure()

    assert isinstance(problem, NotSent)
    assert "certificate verify failed" in problem.cause
    assert secure_wire.received == []


def test_a_certificate_that_this_machine_vouches_for_is_good(
    transport: RequestsTransport, secure_wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca").write_text(CERTIFICATE[CERTIFICATE.index("-----BEGIN CERT") :])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca"))

    answer = transport.send(Request("POST", f"https://localhost:{secure_wire.port}/a", {}, b"x")).unwrap()
    assert answer.body == b"ok"
    assert secure_wire.received[0].startswith(b"POST /a HTTP/1.1")


def test_a_server_that_speaks_no_tls_is_doubt(transport: RequestsTransport, wire: Wire) -> None:
    wire.answers_at_once = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    problem = transport.send(
        Request("POST", f"https://127.0.0.1:{wire.port}/a", {}, b"x", timeout_s=1)
    ).failure()

    assert isinstance(problem, AnswerLost)


# --- proxies


def test_a_proxy_that_cannot_be_reached_sent_nothing(
    transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", f"http://user:SECRET@127.0.0.1:{free_port()}")
        problem = transport.send(Request("POST", f"{scheme}://api.trakt.tv/a?b=SECRET", {}, b"x")).failure()

        assert isinstance(problem, NotSent)
        assert problem.request == f"POST {scheme}://api.trakt.tv/a"
        assert "SECRET" not in repr(problem)


def test_a_proxy_that_makes_no_tunnel_sent_nothing(
    transport: RequestsTransport, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", wire.url)
    wire.behave = sends(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    problem = transport.send(Request("POST", "https://api.trakt.tv/a", {}, b"x")).failure()

    assert isinstance(problem, NotSent)
    assert "407" in problem.cause
    assert wire.received[0].startswith(b"CONNECT api.trakt.tv:443")


@pytest.mark.parametrize("behave", [resets_after(), sends(b""), stalls_after(), sends(b"garbage\r\n\r\n")])
@pytest.mark.parametrize("kept", [False, True])
def test_a_proxy_that_took_the_request_and_gave_no_answer_is_doubt(
    transport: RequestsTransport,
    wire: Wire,
    behave: Behaviour,
    monkeypatch: pytest.MonkeyPatch,
    *,
    kept: bool,
) -> None:
    """urllib3 calls a reset after the request `Unable to connect to proxy` here."""
    monkeypatch.setenv("http_proxy", wire.url)
    if kept:
        transport.send(Request("GET", "http://api.trakt.tv/", {})).unwrap()
    wire.behave, wire.keeps_connections = behave, False
    problem = transport.send(Request("POST", "http://api.trakt.tv/a", {}, b"x", timeout_s=0.15)).failure()

    assert isinstance(problem, AnswerLost)
    assert wire.received[-1].startswith(b"POST http://api.trakt.tv/a")


# --- what is not an answer at all


ERRORS = importlib.import_module("requests.exceptions")  # the linter leaves `requests` to its adapter


def _raises(transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def send(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(transport.session.get_adapter("http://"), "send", send)


def test_an_interrupt_passes_through(transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    _raises(transport, monkeypatch, KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        transport.send(Request("GET", "http://127.0.0.1/", {}))


@pytest.mark.parametrize(
    "make",
    [
        ERRORS.ConnectionError,
        ERRORS.SSLError,
        ERRORS.ProxyError,
        ERRORS.InvalidHeader,
        ERRORS.RetryError,
        ERRORS.ReadTimeout,
        ERRORS.Timeout,
        ERRORS.RequestException,
        OSError,
        ssl.SSLEOFError,
    ],
)
def test_an_error_that_proves_nothing_is_doubt(
    transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Exception]
) -> None:
    _raises(transport, monkeypatch, make())

    assert isinstance(transport.send(Request("POST", "http://127.0.0.1/", {})).failure(), AnswerLost)
