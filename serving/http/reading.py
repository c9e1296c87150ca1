"""Reads requests from a connection within limits, which hold before any key is asked for.

The parser reports a field, or a part of the URL, when it is complete, and nothing of the framing of a chunked body. So
what it is given is counted too: a head that is not complete yet, and what a chunked body has beyond its content.
"""

from __future__ import annotations

import math
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.admission.refusal import OverloadedError
from serving.admission.request_memory import RequestMemory
from serving.http import closing, head
from serving.http.closing import ClosingError
from serving.listening.limits import MAX_HEAD_BYTES, MAX_HEADER_FIELDS, MAX_URL_BYTES, ConnectionLimits
from serving.observation import logs
from tenure.errors import one_line

_SLICE_BYTES = 4096
"""The parser is given so many bytes at once, so that few pipelined requests can be in them."""
_FRAMING_BYTES = 64 * 1024
"""Limit for the framing of a chunked body (sizes, extensions, trailers), besides as many bytes as its content has."""

BETWEEN, HEAD, CONTENT = range(3)
"""What is read next: a request's first byte, more of its head, or more of its content."""


class BoundedReader(HttpToolsProtocol):
    """The reading half of a connection.

    A client may send requests before earlier ones are answered. Few of them are parsed at a time; the rest waits.

    Args:
        memory: counts heads that arrive slowly and requests that wait for an earlier one.
    """

    def __init__(self, *args: Any, limits: ConnectionLimits, memory: RequestMemory, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = limits
        self.held = memory.open()
        self.part = BETWEEN
        self.fields: head.Fields = {}
        """The fields of the request that was read last."""
        self.unfed = b""
        """What a client sent after requests that are not answered yet."""
        self.is_closing = False
        """Nothing more is read."""
        self.due_at = math.inf
        """By the loop's clock: when the client must have sent the next part of a request."""
        self._head_bytes = 0
        """Bytes of the head that is being read, without the last slice."""
        self.content_left = 0
        """Bytes of content still expected; 0 for a chunked body."""
        self._framing_left: int | None = None
        """Bytes that a chunked body may still have beyond its content; None for other bodies."""

    def on_request(self, version: str) -> None:
        """Called with every request's head.

        Raises:
            ClosingError: the request ends the connection.
        """
        raise NotImplementedError

    def refuse(self, error: ClosingError) -> None:
        """Called when a request ends the connection."""
        raise NotImplementedError

    def data_received(self, data: bytes) -> None:
        if self.is_closing:
            return
        try:
            if self.unfed:
                self.held.add(len(data))
                self.unfed += data
                self.flow.pause_reading()
            elif len(data) <= _SLICE_BYTES:
                self._feed(data)
            else:
                self._feed_slices(memoryview(data))
        except ClosingError as error:
            self.refuse(error)
        except OverloadedError as error:
            self.refuse(ClosingError(503, str(error), closing.RETRY))

    def _feed_slices(self, data: memoryview) -> None:
        start = 0
        while start < len(data) and not self.is_closing and not self.transport.is_closing():
            if self.pipeline:
                self.unfed = bytes(data[start:])
                self.held.add(len(self.unfed))
                self.flow.pause_reading()
                return
            # Content of a known length contains no other request.
            stop = start + max(_SLICE_BYTES, self.content_left)
            self._feed(data[start:stop])
            start = stop

    def _feed(self, data: bytes | memoryview) -> None:
        part = self.part
        while data:
            upgrade_at = None
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as paused:
                upgrade_at = paused.args[0]
            except httptools.HttpParserError as error:
                raise self._reason(error, data) from None
            if upgrade_at is None:
                break
            # Outside of the except block: a refusal of this head has no other error as its context.
            data = data[upgrade_at:]
            self._read_again_without_upgrade()
            part = self.part
        if self.part == HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                raise ClosingError(431, head.TOO_LARGE_HEAD)
            self.held.add(len(data))
        elif part == CONTENT and self._framing_left is not None:
            self._framing_left -= len(data)
            if self._framing_left < 0:
                raise ClosingError(400, "the chunks of the body are too small, or have too many extensions or trailers")

    def _read_again_without_upgrade(self) -> None:
        """Read a head again without ``Upgrade``, which a server may ignore (RFC 9110, section 7.8).

        The parser takes what follows such a head for another protocol; it may be the request's content.
        """
        fields = [b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade"]
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        read = b"".join((line, *fields, b"\r\n"))
        try:
            self.parser.feed_data(read)
        except httptools.HttpParserError as error:
            raise self._reason(error, read) from None

    def _reason(self, error: httptools.HttpParserError, data: bytes | memoryview) -> ClosingError:
        """Why the parser stopped."""
        cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
        if isinstance(cause, ClosingError):
            return cause
        if isinstance(cause, OverloadedError):
            return ClosingError(503, str(cause), closing.RETRY)
        if cause is not None and not isinstance(cause, httptools.HttpParserError | UnicodeDecodeError):
            logs.server.error("unexpected error", exc_info=cause)
            return ClosingError(500, "the server failed; the log has the reason")
        if bytes(data[:16]).startswith(b"PRI * HTTP/2.0\r\n"):
            return ClosingError(505, "this port speaks HTTP/1.1; HTTP/2 is spoken on the port of gRPC only")
        return ClosingError(400, f"the request is not valid HTTP/1.1: {one_line(error) or 'syntax'}")

    def on_message_begin(self) -> None:
        self.part = HEAD
        self._head_bytes = 0
        self._framing_left = None
        self.due_at = self.loop.time() + self.limits.read_timeout_s
        self.url = b""
        self.headers = []

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > MAX_URL_BYTES:
            raise ClosingError(414, head.TOO_LONG_URL)

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self.headers
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
        self.fields = fields = head.read_fields(self.headers, version)
        self.content_left = int(fields.get(b"content-length", 0))
        if self._head_bytes:  # else it has just begun
            self.due_at = self.loop.time() + self.limits.read_timeout_s
        self.expect_100_continue = b"expect" in fields and version == "1.1"
        self.on_request(version)
        self.part = CONTENT
        if b"transfer-encoding" in fields:
            self._framing_left = _FRAMING_BYTES
            # Trailers go to another list: nothing acts on them (RFC 9110, section 6.5.1).
            self.headers = []

    def count_content(self, size: int) -> None:
        """Note that ``size`` bytes of content arrived."""
        if self._framing_left is None:
            self.content_left -= size
        else:
            # Once for the bytes themselves, and once more for the framing that they allow.
            self._framing_left += 2 * size

    def on_content_complete(self) -> None:
        """Note that a request has arrived."""
        self.part = BETWEEN
        self.content_left = 0
        self.due_at = math.inf
