"""One gRPC connection: bytes to and from HTTP/2, its time limits, and its end.

The answers of one turn of the event loop go out in one write. While a client does not read, nothing is read from it,
so the answers that wait for it are bounded.
"""

from __future__ import annotations

import asyncio
import math

from serving.admission.refusal import OverloadedError
from serving.grpc.fast.calls import Calls
from serving.grpc.fast.frames import FRAME_BYTES, HEAD, MAX_NUMBER, Code, Http2Error
from serving.grpc.fast.rpcs import Rpcs
from serving.grpc.service import CONNECTION_AGE_GRACE_S, CONNECTION_AGE_S
from serving.listening.limits import ConnectionLimits

_CLOSE_WAIT_S = 1.0
"""How long the client has to close the connection after our FIN. Closing the socket while bytes of the client are
unread would reset it, and discard answers that the client has not read."""

_ACK_WAIT_S = 5.0
"""How long a client has to read that the connection is drained. One that does not answer would hold up the end."""
_DRAIN_PING = b"draining"


class GrpcConnection(asyncio.Protocol):
    """Answers calls, many at a time.

    Args:
        calls: opens the service's calls.
        limits: apply to every connection.
        connections: the set of open connections, which this one joins and leaves.
    """

    def __init__(self, calls: Calls, limits: ConnectionLimits, connections: set[GrpcConnection]) -> None:
        self._limits = limits
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._rpcs = Rpcs(
            calls,
            limits.read_timeout_s,
            on_output=self._flush_soon,
            on_idle=self._end_if_idle,
            on_ping_ack=self._on_ping_ack,
            on_goaway=self._on_goaway,
        )
        self._http2 = self._rpcs.http2
        self._reader = self._http2.reader
        self._sender = self._http2.sender
        self._flushing = False
        self._eof_written = False
        self._failed = False
        """The client broke the protocol: what it sends is not looked at."""
        self._no_more_calls = False
        """The client opens no more calls, by its GOAWAY or by ours."""
        self._abort_at = math.inf
        """By the loop's clock: when the connection is closed, whatever is open."""
        self._ack_due_at = math.inf
        """By the loop's clock: when the client must have answered the ping of a drain."""
        self._blocked_since = math.inf
        """By the loop's clock: since when the client has read nothing of the write buffer."""
        self._buffered_bytes = 0
        self._unfinished: object | None = None
        """The frame or header block that has begun to arrive; see ``FrameReader``."""
        self._unfinished_due_at = math.inf
        """By the loop's clock: when it must have arrived."""
        self._pending = calls.body()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        if len(self._connections) >= self._limits.max_connections:
            self._transport.abort()
            return
        self._connections.add(self)
        address = transport.get_extra_info("peername")
        self._rpcs.peer = address[0] if address else ""
        now = self._loop.time()
        self._due_at = now + self._limits.read_timeout_s
        self._drain_at = now + CONNECTION_AGE_S
        self._flush()

    def connection_lost(self, _: Exception | None) -> None:
        self._connections.discard(self)
        self._rpcs.discard()
        self._pending.release()

    def data_received(self, data: bytes) -> None:
        if self._failed:
            return
        try:
            self._http2.receive(data)
        except Http2Error:
            self._fail()
            return
        if self._reader.unfinished is not None or self._unfinished is not None:
            self._note_unfinished()
        self._flush()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._blocked_since = self._loop.time()
        self._buffered_bytes = self._transport.get_write_buffer_size()
        self._sender.paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._blocked_since = math.inf
        self._sender.paused = False
        self._transport.resume_reading()
        self._resume()

    def drain(self) -> None:
        """Let the client open no more calls here; the open ones are answered, and then the connection is closed.

        The client may have opened calls before it reads this GOAWAY, so the stream number that ends the calls is sent
        in a second one, when the client has answered a ping (RFC 9113, section 6.8).
        """
        if self._abort_at == math.inf:
            self._abort_at = self._loop.time() + CONNECTION_AGE_GRACE_S
            self._sender.goaway(MAX_NUMBER, Code.NO_ERROR)
            self._sender.ping(_DRAIN_PING)
            self._ack_due_at = self._loop.time() + _ACK_WAIT_S
        self._rpcs.end_sessions()
        self._flush()

    def abort(self) -> None:
        """Close the connection now, whatever is open."""
        self._transport.abort()

    def check_timeouts(self, now: float) -> None:
        """Close calls, and the connection, whose time is over; called periodically with the loop's time."""
        if self._blocked_since < math.inf and self._transport.get_write_buffer_size() < self._buffered_bytes:
            self._blocked_since = now
            self._buffered_bytes = self._transport.get_write_buffer_size()
        if (
            now >= self._abort_at
            or now >= self._blocked_since + self._limits.read_timeout_s
            or now >= self._unfinished_due_at
            or (not self._reader.established and now >= self._due_at)
        ):
            self._transport.abort()
            return
        if now >= self._drain_at:
            self.drain()
        if now >= self._ack_due_at:
            self._on_ping_ack(_DRAIN_PING)
        self._rpcs.check_timeouts(now)
        self._flush()

    def _note_unfinished(self) -> None:
        """A frame or header block is incomplete, or is complete now: its time and memory are limited."""
        unfinished = self._reader.unfinished
        if unfinished is not self._unfinished:
            self._unfinished = unfinished
            self._unfinished_due_at = (
                math.inf if unfinished is None else self._loop.time() + self._limits.read_timeout_s
            )
        self._pending.release()
        try:
            self._pending.add(self._reader.pending_bytes)
        except OverloadedError:
            # One frame is within any connection's means: its other calls need not suffer.
            if self._reader.pending_bytes > HEAD.size + FRAME_BYTES:
                self._sender.goaway(self._http2.last_number, Code.ENHANCE_YOUR_CALM)
                self._fail()

    def _fail(self) -> None:
        """Send what waits, GOAWAY with the reason last, and close the connection."""
        self._failed = True
        self._rpcs.discard()
        self._pending.release()
        if self._transport.is_reading():  # what the client sends further costs nothing
            self._transport.pause_reading()
        self._end()

    def _on_ping_ack(self, payload: bytes) -> None:
        if payload == _DRAIN_PING and self._abort_at < math.inf and not self._no_more_calls:
            self._ack_due_at = math.inf
            self._sender.goaway(self._http2.last_number, Code.NO_ERROR)
            self._http2.refuses_streams = True
            self._on_goaway()

    def _on_goaway(self) -> None:
        self._no_more_calls = True
        self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._no_more_calls and not self._http2.streams:
            self._loop.call_soon(self._end_unless_called)

    def _end_unless_called(self) -> None:
        """A client may open a call in the same turn as it says that it opens no more."""
        if not self._http2.streams:
            self._end()

    def _end(self) -> None:
        self._flush()
        if self._eof_written or self._transport.is_closing():
            return
        if self._transport.can_write_eof():
            self._eof_written = True
            self._transport.write_eof()
            self._abort_at = self._loop.time() + _CLOSE_WAIT_S
        else:
            self._transport.close()

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        data = self._sender.take()
        if data and not self._eof_written and not self._transport.is_closing():
            self._transport.write(data)
        if self._sender.held_back:
            self._sender.held_back = False
            self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        """Send what was held back, unless the client does not read."""
        if not self._sender.paused:
            self._http2.resume()
            self._flush()
