"""HTTP/1.1 over a socket, byte for byte: what a client library would not send."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

INFER, PREDICT, READY = "/v2/models/telco/infer", "/v1/models/telco:predict", "/v2/models/telco/ready"


class Answer(NamedTuple):
    """An answer; names of headers in lower case, the last of a name counts."""

    status: int
    headers: dict[str, str]
    content: bytes


class Line:
    """A connection."""

    def __init__(self, port: int, timeout_s: float = 10.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reading = self.socket.makefile("rb")

    def send(self, *parts: bytes) -> None:
        """Send the parts; a server that has closed the connection is no error."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                self.socket.sendall(part)

    def answer(self, method: str = "POST") -> Answer | None:
        """The next answer, an interim one too; None if the connection was closed."""
        try:
            line = self._reading.readline()
            if not line:
                return None
            status, headers = int(line.split()[1]), {}
            while (field := self._reading.readline().strip()) != b"":
                name, _, value = field.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
            return Answer(status, headers, self._reading.read(length))
        except ConnectionResetError:
            return None

    def is_closed(self) -> bool:
        """Whether the server ends the connection without another answer."""
        try:
            return self._reading.read(1) == b""
        except ConnectionResetError:
            return True


@contextlib.contextmanager
def line(port: int, timeout_s: float = 10.0) -> Iterator[Line]:
    """A connection, closed at the end."""
    opened = Line(port, timeout_s)
    try:
        yield opened
    finally:
        opened.socket.close()


def head(method: str, path: str, *fields: str, version: str = "1.1", host: str | None = "x") -> bytes:
    """A request's head."""
    lines = [f"{method} {path} HTTP/{version}", *([] if host is None else [f"Host: {host}"]), *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def post(path: str, body: bytes, *fields: str) -> bytes:
    """A request with a Content-Length."""
    return head("POST", path, f"Content-Length: {len(body)}", *fields) + body


def chunked(body: bytes, size: int = 1000, extension: bytes = b"") -> bytes:
    """A body in chunks."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts) + b"0\r\n\r\n"


def drip(opened: Line, data: bytes, seconds: float, pieces: int = 20) -> None:
    """Send data slowly."""
    size = max(1, len(data) // pieces)
    for start in range(0, len(data), size):
        opened.send(data[start : start + size])
        time.sleep(seconds / pieces)
