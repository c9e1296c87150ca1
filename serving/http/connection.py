"""One HTTP connection: uvicorn's, with a limit on open connections and on the time a client takes to send."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.listening.limits import ConnectionLimits

KEEP_ALIVE_S = 65.0
"""Longer than the 60 s after which common gateways close an idle connection, so that they close it, not we."""


def _closing_answer(status: bytes, error: bytes, headers: bytes = b"") -> bytes:
    """An answer after which the connection is closed, without the application."""
    body = b'{"error":"%b"}' % error
    return b"HTTP/1.1 %b\r\nconnection: close\r\n%bcontent-type: application/json\r\n" % (
        status,
        headers,
    ) + b"content-length: %d\r\n\r\n%b" % (len(body), body)


_BUSY = _closing_answer(b"503 Service Unavailable", b"too many open connections", b"retry-after: 1\r\n")
_LATE = _closing_answer(b"408 Request Timeout", b"the request took too long to arrive")


class HttpConnection(HttpToolsProtocol):
    """Answers one request after the other."""

    def __init__(self, *args: Any, limits: ConnectionLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._in_request = False
        self._due_at = math.inf
        """By the loop's clock: when the client must have sent the next part of a request."""
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= self._limits.max_connections:
            self.transport = transport
            transport.write(_BUSY)
            transport.close()
            return
        super().connection_made(transport)
        self._wait_for_request(self._limits.read_timeout_s)

    def on_message_begin(self) -> None:
        self._in_request = True
        self._due_at = self.loop.time() + self._limits.read_timeout_s
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._due_at = self.loop.time() + self._limits.read_timeout_s
        super().on_headers_complete()
        if self._limits.draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            # It was answered before its body had arrived.
            self._wait_for_request(KEEP_ALIVE_S)
        else:
            self._due_at = math.inf

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._due_at == math.inf:
            self._wait_for_request(KEEP_ALIVE_S)

    def close_if_overdue(self, now: float) -> None:
        """Close the connection if its client is late; called periodically with the loop's time."""
        if now < self._due_at or self.transport.is_closing():
            return
        if self._in_request and (self.cycle is None or self.cycle.response_complete or not self.cycle.response_started):
            self.transport.write(_LATE)
        self.transport.close()

    def drain(self) -> None:
        """Close the connection after the answer in progress."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def idle_s(self, now: float) -> float:
        """Seconds since the last answer, or since the connection was opened; 0 during a request."""
        return 0.0 if self._in_request else now - self._idle_since

    def _wait_for_request(self, time_s: float) -> None:
        now = self.loop.time()
        self._in_request = False
        self._idle_since = now
        self._due_at = now + time_s
