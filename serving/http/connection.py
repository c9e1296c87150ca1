"""One HTTP/1.1 connection: uvicorn's, with limits on what its client may send and on the time it takes."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.admission.refusal import OverloadedError
from serving.admission.request_memory import RequestMemory
from serving.http import closing
from serving.http.closing import ClosingError
from serving.http.reading import BETWEEN, CONTENT, HEAD, BoundedReader
from serving.listening import descriptors
from serving.observation.metrics import CONNECTIONS_REFUSED

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

KEEP_ALIVE_S = 65.0
"""Longer than the 60 s after which common gateways close an idle connection, so that they close it, not we."""
_LINGER_S = 1.0
"""A client that is refused while it sends gets this long to read the answer. Closing at once would reset the connection
and discard the answer (RFC 9112, section 9.6)."""
_QUEUED_BYTES = 4096
"""Memory of a request that waits for the one before it."""
_LATE = closing.written(ClosingError(408, "the request took too long to arrive").answer)
_BUSY = closing.written(ClosingError(503, "too many open connections", closing.RETRY).answer)
_EXHAUSTED = closing.written(ClosingError(503, "the server has no file descriptor left", closing.RETRY).answer)


class HttpConnection(BoundedReader):
    """Answers one request after the other.

    Args:
        limits, memory: as of ``BoundedReader``.
    """

    def __init__(self, *args: Any, memory: RequestMemory, **kwargs: Any) -> None:
        super().__init__(*args, memory=memory, **kwargs)
        self._running: RequestResponseCycle | None = None
        """The request that the application answers; ``cycle`` may be a later one."""
        self._last_answer = b""
        """Sent after the answers to earlier requests; then the connection is closed."""
        self._idle_since = 0.0
        self._unsent = (0, 0.0)
        """Bytes that the client has not taken, and since when their number is the same."""
        self._unsent_held = memory.open()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        refusal = b""
        if len(self.connections) >= self.limits.max_connections:
            refusal = _BUSY
            CONNECTIONS_REFUSED.labels("connections").inc()
        elif descriptors.scarce(transport):
            refusal = _EXHAUSTED
        if refusal:
            self.transport = transport
            self.is_closing = True
            transport.write(refusal)
            transport.close()
            return
        super().connection_made(transport)
        self._wait_for_request(self.limits.read_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closing = True
        self.unfed = b""
        self.held.release()
        self._unsent_held.release()
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_request(self, version: str) -> None:
        """Called with every request's head: let the application answer it."""
        self.scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "root_path": self.root_path,
            "headers": self.headers,
            "state": self.app_state.copy(),
        }  # type: ignore[typeddict-item]
        if self.url == b"*":
            if self.parser.get_method() != b"OPTIONS":
                raise ClosingError(400, "the URL * is for OPTIONS only")
            self.url = b"/"
        if self.cycle is not None and not self.cycle.response_complete:
            self.held.add(_QUEUED_BYTES)
        HttpToolsProtocol.on_headers_complete(self)
        if self.limits.draining:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self.count_content(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.part == HEAD:  # to be read again, without Upgrade
            return
        self.on_content_complete()
        super().on_message_complete()
        if self.cycle.response_complete:
            # It was answered before its content had arrived.
            self._wait_for_request(KEEP_ALIVE_S)

    # Answering

    def pause_writing(self) -> None:
        """Called when the client has not taken a large part of its answer: the part counts as held."""
        super().pause_writing()
        self._unsent_held.release()
        try:
            self._unsent_held.add(self.transport.get_write_buffer_size())
        except OverloadedError:
            # The answer has begun, so it cannot become an error.
            CONNECTIONS_REFUSED.labels("unread").inc()
            self.transport.abort()

    def resume_writing(self) -> None:
        """Called when the client has taken its answer."""
        self._unsent_held.release()
        super().resume_writing()

    @property
    def is_idle(self) -> bool:
        """Whether nothing was sent after the last request."""
        return self.part == BETWEEN and not (self.pipeline or self.unfed or self.is_closing)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._running = None
        if self.transport.is_closing():
            return
        waiting = bool(self.pipeline)
        if waiting:
            self._start_asgi_task(*self.pipeline.pop())
        if self.pipeline:
            return
        if self.is_closing:
            if self._last_answer and not waiting:
                self._close_with(self._last_answer)
            return
        self.flow.resume_reading()
        if self.unfed:
            # Not here: an application may answer while it handles an exception, which would become that of the parser.
            self.loop.call_soon(self._read_on)
        elif self.part != BETWEEN:  # the client could not send while reading was paused
            self.due_at = self.loop.time() + self.limits.read_timeout_s
        elif waiting:
            self.due_at = math.inf
        else:
            self._wait_for_request(KEEP_ALIVE_S)

    def _read_on(self) -> None:
        """Read what a client sent before the last answer."""
        unfed, self.unfed = self.unfed, b""
        if unfed:
            self.held.release()
            self.due_at = self.loop.time() + self.limits.read_timeout_s
            self.data_received(unfed)

    def refuse(self, error: ClosingError) -> None:
        """Answer what is being read with an error, after the answers to earlier requests, and close the connection."""
        CONNECTIONS_REFUSED.labels(str(error.answer.status)).inc()
        self._refuse(closing.written(error.answer))

    def _refuse(self, answer: bytes) -> None:
        self.is_closing = True
        self.unfed = b""
        cycle = self.cycle
        if self.part != CONTENT:
            if cycle is None or cycle.response_complete:
                self._close_with(answer)
            else:
                self._answer_last(answer)
        elif cycle.response_started:
            self.transport.close()
        elif self.pipeline:
            self.pipeline.popleft()
            self._answer_last(answer)
        else:
            self.give_up()
            self._close_with(answer)

    def _answer_last(self, answer: bytes) -> None:
        """Send an answer after those to earlier requests."""
        self._last_answer = answer
        self.due_at = math.inf

    def give_up(self) -> None:
        """Called when the request that is being read is refused: it needs no other answer."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()

    def _close_with(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        self.held.release()
        self.transport.write(answer)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.due_at = self.loop.time() + _LINGER_S

    # Time

    def close_if_overdue(self, now: float) -> None:
        """Close the connection if its client is late; called periodically with the loop's time."""
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent[0]:
            self._unsent = unsent, now
        elif unsent and now - self._unsent[1] > KEEP_ALIVE_S:
            self.transport.abort()
            return
        if now < self.due_at or self.transport.is_closing():
            return
        if self.part == BETWEEN or self.is_closing:
            self.transport.close()
        else:
            CONNECTIONS_REFUSED.labels("408").inc()
            self._refuse(_LATE)

    def drain(self) -> None:
        """Close the connection after the answer in progress, which says so."""
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def idle_s(self, now: float) -> float:
        """Seconds since the last answer, or since the connection was opened; 0 during a request."""
        return now - self._idle_since if self.part == BETWEEN and self.due_at != math.inf else 0.0

    def has_unread(self) -> bool:
        """Whether bytes have arrived that were not read yet."""
        return descriptors.is_readable(self.transport)

    def _wait_for_request(self, time_s: float) -> None:
        now = self.loop.time()
        self.held.release()
        self._idle_since = now
        self.due_at = now + time_s
