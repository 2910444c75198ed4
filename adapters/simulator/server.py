"""The simulator as an HTTP server on this machine.

HTTP/1.1 with kept connections; each answer leaves in one piece, since head and body in two would wait
40 ms for a delayed acknowledgement. API and sign-in stand on one origin. Not for a network: whoever
reaches it may do all.
"""

import math
import socket
import socketserver
import struct
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from crosswatch_trakt.adapters.simulator import activation
from crosswatch_trakt.adapters.simulator.faults import (
    ConnectionCut,
    ConnectionNotMade,
    ConnectionReset,
    NoAnswerInTime,
)
from crosswatch_trakt.adapters.simulator.simulator import Simulator
from crosswatch_trakt.application.ports import Request, Response

BODY_BYTES_MAX = 64 * 1024 * 1024
IDLE_S = 60  # after which a kept connection is closed


class RunningServer:
    """A server in the background, to be closed. Closing ends kept connections too."""

    def __init__(self, simulator: Simulator, host: str, port: int) -> None:
        self.simulator = simulator
        self._server = _Server((host, port), _Handler)
        self._server.simulator = simulator
        name, bound = self._server.server_address[0], self._server.server_address[1]
        self.base_url = f"http://{name!s}:{bound}"
        self.auth_url = self.base_url
        simulator.oauth.verification_url = f"{self.base_url}{activation.PATH}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def wait(self) -> None:
        """Until it is closed, by another thread or an interrupt."""
        while self._thread.is_alive():
            self._thread.join(timeout=0.5)

    def close(self) -> None:
        """Stop listening and cut what is open. May be called twice."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_all()
        self._thread.join()


def serve(simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
    """Start one; port 0 takes a free one. A login is then approved on the server's own page."""
    return RunningServer(simulator, host, port)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    simulator: Simulator

    def __init__(self, address: tuple[str, int], handler: "type[_Handler]") -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's asks the name service first

    def entered(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.add(connection)

    def left(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.discard(connection)

    def cut_all(self) -> None:
        with self._open_lock:
            for connection in self._open:
                _shut(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_S
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.entered(self.connection)

    def finish(self) -> None:
        self.server.left(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # the client is gone

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            self._write(Response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {}, b""), last=True)
            return
        url = f"http://{self.headers.get('host', 'localhost')}{self.path}"
        try:
            answer = self.server.simulator.answer(
                Request(self.command, url, dict(self.headers), body, timeout_s=math.inf)
            )
        except (ConnectionCut, ConnectionNotMade) as fault:
            if isinstance(fault, NoAnswerInTime):
                self.connection.recv(1)  # nothing more comes: until the client hangs up, or IDLE_S
            self.close_connection = True
            if isinstance(fault, ConnectionReset):
                _reset(self.connection)
            else:
                _shut(self.connection)
            return
        self._write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _answer

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            return None
        return self.rfile.read(int(length))

    def _write(self, answer: Response, *, last: bool = False) -> None:
        """Head and body in one piece; no `Date` of this machine, the simulator has its own.

        An answer that announces more bytes than it has is cut there.
        """
        self.close_connection = self.close_connection or last
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = "Unknown"  # 420, 520 …
        lines = [f"HTTP/1.1 {answer.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        announced = answer.headers.get("content-length")
        if announced is None and answer.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            lines.append(f"content-length: {len(answer.body)}")
        if self.close_connection:
            lines.append("connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head + (b"" if self.command == "HEAD" else answer.body))
        self.close_connection |= announced is not None and int(announced) > len(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def _reset(connection: socket.socket) -> None:
    """End it as a host that died would: without lingering, the client is told by a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.close(connection.detach())
