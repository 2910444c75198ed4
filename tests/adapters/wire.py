"""A server that writes bytes as they are, to answer as no decent server would."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeAlias

Behaviour: TypeAlias = Callable[[socket.socket], None]  # what is done once a whole request is there


class Wire:
    """Listens on this machine; behaves as it was last told to. A connection ends with its behaviour."""

    def __init__(
        self,
        behave: Behaviour | None = None,
        wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain,
    ) -> None:
        self.behave = behave or sends(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.keeps_connections = False
        self.answers_at_once = b""  # before it has read anything
        self._wrap = wrap
        self.received: list[bytes] = []  # one entry for each request that came whole
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cut(self) -> None:
        """End every connection, and go on listening."""
        for one in self._open:
            _shut(one)
        for thread in self._threads[1:]:
            thread.join()

    def close(self) -> None:
        """Stop, so that nothing listens on the port."""
        _shut(self._listener)
        self._threads[0].join()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # it was shut
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            plain.sendall(self.answers_at_once)
            connection = self._wrap(plain)
        except OSError:  # the client does not trust us
            plain.close()
            return
        with connection:
            try:
                while request := _read_request(connection):
                    kept = self.keeps_connections  # as it was when the answer left
                    self.received.append(request)
                    self.behave(connection)
                    if not kept:
                        return
            except OSError:  # the client is gone, or we cut it
                return


def sends(answer: bytes) -> Behaviour:
    """Write these bytes; then the connection is closed."""
    return lambda connection: connection.sendall(answer)


def resets_after(answer: bytes = b"") -> Behaviour:
    """Write these bytes, then reset the connection."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return behave


def stalls_after(answer: bytes = b"") -> Behaviour:
    """Write these bytes, then nothing more until the client gives up."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.recv(1)

    return behave


def _shut(end: socket.socket) -> None:
    with suppress(OSError):  # closed already
        end.shutdown(socket.SHUT_RDWR)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _read_request(connection: socket.socket) -> bytes:
    """The next request with its body; empty at the end of the connection."""
    request = b""
    while b"\r\n\r\n" not in request:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        request += piece
    head, _, body = request.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
