"""One HTTP/1.1 connection: uvicorn's, with limits on what its client may send and on the time it takes."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.admission.body_memory import BodyMemory
from serving.admission.refusal import OverloadedError
from serving.http import closing, head
from serving.http.closing import ClosingError
from serving.listening import descriptors
from serving.listening.limits import MAX_HEAD_BYTES, MAX_HEADER_FIELDS, MAX_URL_BYTES, ConnectionLimits
from serving.observation import logs
from serving.observation.metrics import CONNECTIONS_REFUSED

KEEP_ALIVE_S = 65.0
"""Longer than the 60 s after which common gateways close an idle connection, so that they close it, not we."""
_LINGER_S = 1.0
"""A client that is refused while it sends gets this long to read the answer. Closing at once would reset the connection
and discard the answer (RFC 9112, section 9.6)."""
_SLICE_BYTES = 4096
"""The parser is given so many bytes at once, so that few pipelined requests can be in them."""
_QUEUED_BYTES = 4096
"""Memory of a request that waits for the one before it."""
_FRAMING_BYTES = 64 * 1024
"""Of a chunked body beyond its content: sizes, extensions and trailers, and as much again as the content has."""
_LATE = closing.written(ClosingError(408, "the request took too long to arrive").answer)
_BUSY = closing.written(ClosingError(503, "too many open connections", closing.RETRY).answer)
_EXHAUSTED = closing.written(ClosingError(503, "the server has no file descriptor left", closing.RETRY).answer)

_BETWEEN, _HEAD, _CONTENT = range(3)
"""What is read next: a request's first byte, more of its head, or more of its content."""


class HttpConnection(HttpToolsProtocol):
    """Answers one request after the other.

    A client may send requests before earlier ones are answered. Few of them are parsed at a time; the rest waits.

    Args:
        memory: counts heads that arrive slowly and requests that wait for an earlier one.
    """

    def __init__(self, *args: Any, limits: ConnectionLimits, memory: BodyMemory, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._held = memory.open()
        self._part = _BETWEEN
        self._head_bytes = 0
        """Of the head that is being read, without the last slice."""
        self._content_left = 0
        """Bytes of content still expected; 0 for a chunked body."""
        self._framing_left: int | None = None
        """Bytes that a chunked body may still have beyond its content; None for other bodies."""
        self._fields: head.Fields = {}
        self._unfed = b""
        """What a client sent after requests that are not answered yet."""
        self._closing = False
        """Nothing more is read."""
        self._last_answer = b""
        """Sent after the answers to earlier requests; then the connection is closed."""
        self._due_at = math.inf
        """By the loop's clock: when the client must have sent the next part of a request."""
        self._idle_since = 0.0
        self._unsent = (0, 0.0)
        """Bytes that the client has not taken, and since when their number is the same."""

    # The parts of a connection's life

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        refusal = b""
        if len(self.connections) >= self._limits.max_connections:
            refusal = _BUSY
            CONNECTIONS_REFUSED.labels("connections").inc()
        elif descriptors.scarce(transport):
            refusal = _EXHAUSTED
        if refusal:
            self.transport = transport
            self._closing = True
            transport.write(refusal)
            transport.close()
            return
        super().connection_made(transport)
        self._wait_for_request(self._limits.read_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._unfed = b""
        self._held.release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        try:
            if self._unfed:
                self._held.add(len(data))
                self._unfed += data
                self.flow.pause_reading()
            elif len(data) <= _SLICE_BYTES:
                self._feed(data)
            else:
                self._feed_slices(memoryview(data))
        except ClosingError as error:
            self.refuse(error)
        except OverloadedError as error:
            self.refuse(ClosingError(503, str(error), closing.RETRY))

    # Reading

    def _feed_slices(self, data: memoryview) -> None:
        start = 0
        while start < len(data) and not self._closing and not self.transport.is_closing():
            if self.pipeline:
                self._unfed = bytes(data[start:])
                self._held.add(len(self._unfed))
                self.flow.pause_reading()
                return
            # Content of a known length contains no other request.
            stop = start + max(_SLICE_BYTES, self._content_left)
            self._feed(data[start:stop])
            start = stop

    def _feed(self, data: bytes | memoryview) -> None:
        part = self._part
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as paused:
            self._ignore_upgrade(data[paused.args[0] :])
            return
        except httptools.HttpParserError as error:
            raise self._reason(error, data) from None
        if self._part == _HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                raise ClosingError(431, head.TOO_LARGE_HEAD)
            self._held.add(len(data))
        elif part == _CONTENT and self._framing_left is not None:
            self._framing_left -= len(data)
            if self._framing_left < 0:
                raise ClosingError(400, "the chunks of the body are too small, or have too many extensions or trailers")

    def _ignore_upgrade(self, rest: bytes | memoryview) -> None:
        """Read the request again without ``Upgrade``, which a server may ignore (RFC 9110, section 7.8).

        The parser takes what follows such a head for another protocol; it may be the request's content.
        """
        fields = [b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade"]
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._feed(b"".join((line, *fields, b"\r\n")))
        if rest:
            self._feed_slices(memoryview(rest))

    def _reason(self, error: httptools.HttpParserError, data: bytes | memoryview) -> ClosingError:
        """Why the parser stopped."""
        cause = error.__context__
        if isinstance(cause, ClosingError):
            return cause
        if isinstance(cause, OverloadedError):
            return ClosingError(503, str(cause), closing.RETRY)
        if cause is not None and not isinstance(cause, httptools.HttpParserError):
            logs.server.error("unexpected error", exc_info=cause)
            return ClosingError(500, "the server failed; the log has the reason")
        if bytes(data[:16]).startswith(b"PRI * HTTP/2.0\r\n"):
            return ClosingError(505, "this port speaks HTTP/1.1; HTTP/2 is spoken on the port of gRPC only")
        return ClosingError(400, f"the request is not valid HTTP/1.1: {' '.join(str(error).split()) or 'syntax'}")

    # What the parser finds

    def on_message_begin(self) -> None:
        self._part = _HEAD
        self._head_bytes = 0
        self._framing_left = None
        self._due_at = self.loop.time() + self._limits.read_timeout_s
        self.url = b""
        self.headers = []

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > MAX_URL_BYTES:
            raise ClosingError(414, head.TOO_LONG_URL)

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self.headers
        if self._part == _CONTENT:  # a trailer: nothing here acts on one (RFC 9110, section 6.5.1)
            return
        if len(headers) >= MAX_HEADER_FIELDS:
            raise ClosingError(431, head.TOO_MANY_FIELDS)
        headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser = self.parser
        if self._head_bytes and len(self.url) + head.length_of(self.headers) > MAX_HEAD_BYTES:
            raise ClosingError(431, head.TOO_LARGE_HEAD)
        if parser.should_upgrade():
            if parser.get_method() == b"CONNECT":
                raise ClosingError(405, "this server is not a proxy", ((b"allow", b"GET, HEAD, OPTIONS, POST"),))
            return
        version = parser.get_http_version()
        self._fields = fields = head.read_fields(self.headers, version)
        self._content_left = int(fields.get(b"content-length", 0))
        if b"transfer-encoding" in fields:
            self._framing_left = _FRAMING_BYTES
        self._due_at = self.loop.time() + self._limits.read_timeout_s
        self.expect_100_continue = version == "1.1" and head.expects_continue(fields)
        self.on_request(version)
        self._part = _CONTENT

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
            self._held.add(_QUEUED_BYTES)
        super().on_headers_complete()
        if self._limits.draining:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self.count_content(len(body))
        super().on_body(body)

    def count_content(self, size: int) -> None:
        """Note that ``size`` bytes of content arrived."""
        if self._framing_left is None:
            self._content_left -= size
        else:
            # Once for the bytes themselves, and once more for the framing that they allow.
            self._framing_left += 2 * size

    def on_message_complete(self) -> None:
        if self._part == _HEAD:  # to be read again, without Upgrade
            return
        self.on_content_complete()
        super().on_message_complete()
        if self.cycle.response_complete:
            # It was answered before its content had arrived.
            self._wait_for_request(KEEP_ALIVE_S)

    def on_content_complete(self) -> None:
        """Note that a request has arrived."""
        self._part = _BETWEEN
        self._content_left = 0
        self._due_at = math.inf

    # Answering

    @property
    def is_idle(self) -> bool:
        """Whether nothing was sent after the last request."""
        return self._part == _BETWEEN and not (self.pipeline or self._unfed or self._closing)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        waiting = bool(self.pipeline)
        if waiting:
            self._start_asgi_task(*self.pipeline.pop())
        if self.pipeline:
            return
        if self._closing:
            if self._last_answer and not waiting:
                self._close_with(self._last_answer)
            return
        self.flow.resume_reading()
        if self._unfed:
            self._held.release()
            unfed, self._unfed = self._unfed, b""
            self._due_at = self.loop.time() + self._limits.read_timeout_s
            self.data_received(unfed)
        elif self._part != _BETWEEN:  # the client could not send while reading was paused
            self._due_at = self.loop.time() + self._limits.read_timeout_s
        elif waiting:
            self._due_at = math.inf
        else:
            self._wait_for_request(KEEP_ALIVE_S)

    def refuse(self, error: ClosingError) -> None:
        """Answer what is being read with an error, after the answers to earlier requests, and close the connection."""
        CONNECTIONS_REFUSED.labels(str(error.answer.status)).inc()
        self._refuse(closing.written(error.answer))

    def _refuse(self, answer: bytes) -> None:
        self._closing = True
        self._unfed = b""
        cycle = self.cycle
        if self._part != _CONTENT:
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
        self._due_at = math.inf

    def give_up(self) -> None:
        """Called when the request that is being read is refused: it needs no other answer."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()

    def _close_with(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        self._held.release()
        self.transport.write(answer)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._due_at = self.loop.time() + _LINGER_S

    # Time

    def close_if_overdue(self, now: float) -> None:
        """Close the connection if its client is late; called periodically with the loop's time."""
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent[0]:
            self._unsent = unsent, now
        elif unsent and now - self._unsent[1] > KEEP_ALIVE_S:
            self.transport.abort()
            return
        if now < self._due_at or self.transport.is_closing():
            return
        if self._part == _BETWEEN or self._closing:
            self.transport.close()
        else:
            self._refuse(_LATE)

    def drain(self) -> None:
        """Close the connection after the answer in progress, which says so."""
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def idle_s(self, now: float) -> float:
        """Seconds since the last answer, or since the connection was opened; 0 during a request."""
        return now - self._idle_since if self._part == _BETWEEN and self._due_at != math.inf else 0.0

    def has_unread(self) -> bool:
        """Whether bytes have arrived that were not read yet."""
        return descriptors.is_readable(self.transport)

    def _wait_for_request(self, time_s: float) -> None:
        now = self.loop.time()
        self._held.release()
        self._idle_since = now
        self._due_at = now + time_s
