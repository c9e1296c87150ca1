"""One HTTP connection: uvicorn's, with limits on its number and on its client's patience."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.listening.limits import ConnectionLimits

KEEP_ALIVE_S = 65.0
"""Longer than the 60 s after which common gateways close an idle connection: they shall, not we."""

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-type: application/json\r\n"
    b'content-length: 37\r\n\r\n{"error":"too many open connections"}'
)
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\n"
    b'content-length: 45\r\n\r\n{"error":"the request took too long to come"}'
)


class HttpConnection(HttpToolsProtocol):
    """Takes one request after the other."""

    def __init__(self, *args: Any, limits: ConnectionLimits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._in_request = False
        self._due_at = math.inf
        """By the loop's clock: until then the client must have sent what it owes us."""
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
            # It was answered before it was here as a whole.
            self._wait_for_request(KEEP_ALIVE_S)
        else:
            self._due_at = math.inf

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._due_at == math.inf:
            self._wait_for_request(KEEP_ALIVE_S)

    def close_if_overdue(self, now: float) -> None:
        """Close it if its client let the time pass; called now and then."""
        if now < self._due_at or self.transport.is_closing():
            return
        if self._in_request and (self.cycle is None or self.cycle.response_complete or not self.cycle.response_started):
            self.transport.write(_LATE)
        self.transport.close()

    def make_last(self) -> None:
        """Let the answer that is being made be the last."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def idle_s(self, now: float) -> float:
        """Seconds since the last answer, or since it was opened; 0 while there is a request."""
        return 0.0 if self._in_request else now - self._idle_since

    def _wait_for_request(self, time_s: float) -> None:
        now = self.loop.time()
        self._in_request = False
        self._idle_since = now
        self._due_at = now + time_s
