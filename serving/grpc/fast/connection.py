"""One gRPC connection: gRPC calls over HTTP/2, answered where they are parsed.

    headers ─ admit ─ (the message arrives) ─ answer ─ headers, message, trailers

The answers of one turn of the event loop go out in one write. While a client does not read, nothing is read from it,
so the answers that wait for it are bounded.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from functools import partial

from grpc import StatusCode

from serving.admission.body_memory import BodyBytes
from serving.grpc.fast import replies
from serving.grpc.fast.calls import Calls, IncomingCall, Reply
from serving.grpc.fast.frames import MAX_NUMBER, Code, Http2Error
from serving.grpc.fast.headers import HeaderBlock
from serving.grpc.fast.http2 import Http2
from serving.grpc.fast.message import PREFIX_BYTES, check_length, prefixed
from serving.grpc.fast.streams import Stream
from serving.grpc.service import CALLS_A_CONNECTION, CONNECTION_AGE_GRACE_S, CONNECTION_AGE_S
from serving.inference.failures import Failure, RefusedError
from serving.listening.limits import ConnectionLimits

_CLOSE_WAIT_S = 1.0
"""How long the client has to close the connection after our FIN. Closing the socket while bytes of the client are
unread would reset it, and discard answers that the client has not read."""

_DRAIN_PING = b"draining"


@dataclass(slots=True, eq=False)
class _Rpc:
    """A call, the part of its message that has arrived, and the part of its answer that is not sent."""

    call: IncomingCall
    due_at: float
    """By the loop's clock: when the client must have sent its message, or read its answer."""
    held: BodyBytes
    body: bytes | bytearray = b""
    unsent: memoryview | None = None
    """The rest of the answer, which the client's windows do not admit yet."""


class GrpcConnection(asyncio.Protocol):
    """Answers calls, many at a time.

    Args:
        calls: opens the service's calls.
        limits: apply to every connection.
        connections: the set of open connections, which this one joins and leaves.
    """

    def __init__(self, calls: Calls, limits: ConnectionLimits, connections: set[GrpcConnection]) -> None:
        self._calls = calls
        self._limits = limits
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._peer = ""
        self._http2 = Http2(self, CALLS_A_CONNECTION)
        self._sender = self._http2.sender
        self._flushing = False
        self._eof_written = False
        self._no_more_calls = False
        """The client opens no more calls, by its GOAWAY or by ours."""
        self._abort_at = math.inf
        """By the loop's clock: when the connection is closed, whatever is open."""
        self._blocked_since = math.inf
        """By the loop's clock: since when the client has read nothing of the write buffer."""
        self._buffered_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        if len(self._connections) >= self._limits.max_connections:
            self._transport.abort()
            return
        self._connections.add(self)
        address = transport.get_extra_info("peername")
        self._peer = address[0] if address else ""
        now = self._loop.time()
        self._due_at = now + self._limits.read_timeout_s
        self._drain_at = now + CONNECTION_AGE_S
        self._flush()

    def connection_lost(self, _: Exception | None) -> None:
        self._connections.discard(self)
        for stream in self._http2.streams.values():
            stream.owner.held.release()
        self._http2.streams.clear()

    def data_received(self, data: bytes) -> None:
        try:
            self._http2.receive(data)
        except Http2Error:
            self._flush()  # GOAWAY with the reason
            self._transport.close()
            return
        self._flush()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._blocked_since = self._loop.time()
        self._buffered_bytes = self._transport.get_write_buffer_size()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._blocked_since = math.inf
        self._transport.resume_reading()

    def drain(self) -> None:
        """Let the client open no more calls here; the open ones are answered, and then the connection is closed.

        The client may have opened calls before it reads this GOAWAY, so the stream number that ends the calls is sent
        in a second one, when the client has answered a ping (RFC 9113, section 6.8).
        """
        if self._abort_at < math.inf:
            return
        self._abort_at = self._loop.time() + CONNECTION_AGE_GRACE_S
        self._sender.goaway(MAX_NUMBER, Code.NO_ERROR)
        self._sender.ping(_DRAIN_PING)
        self._flush()

    def abort(self) -> None:
        """Close the connection now, whatever is open."""
        self._transport.abort()

    def check_timeouts(self, now: float) -> None:
        """Close calls, and the connection, whose time is over; called periodically with the loop's time."""
        timeout_s = self._limits.read_timeout_s
        if self._blocked_since < math.inf and self._transport.get_write_buffer_size() < self._buffered_bytes:
            self._blocked_since = now
            self._buffered_bytes = self._transport.get_write_buffer_size()
        if (
            now >= self._abort_at
            or now >= self._blocked_since + timeout_s
            or (not self._http2.established and now >= self._due_at)
        ):
            self._transport.abort()
            return
        if now >= self._drain_at:
            self.drain()
        for stream in [stream for stream in self._http2.streams.values() if now >= stream.owner.due_at]:
            rpc: _Rpc = stream.owner
            if rpc.unsent is not None:
                self._http2.reset(stream, Code.CANCEL)
                self._end_if_idle()
            else:
                late = RefusedError("the message took too long to arrive", 408, StatusCode.DEADLINE_EXCEEDED)
                self._send(stream, rpc.call.failed(late))
        self._flush()

    def on_call(self, stream: Stream, block: HeaderBlock) -> None:
        call = self._calls.open(block.named, block.headers, self._peer)
        stream.owner = _Rpc(call, self._loop.time() + self._limits.read_timeout_s, self._calls.body())

    def on_data(self, stream: Stream, data: bytes, more: bool) -> None:
        rpc: _Rpc = stream.owner
        if rpc.call.refused is not None:
            if more:  # on_end answers otherwise
                self._send(stream, rpc.call.refused)
            return
        try:
            check_length(len(rpc.body) + len(data) - PREFIX_BYTES)
            rpc.held.add(len(data))
        except Exception as error:  # every error becomes a status
            self._send(stream, rpc.call.failed(error))
            return
        if not rpc.body:
            rpc.body = data
        elif isinstance(rpc.body, bytes):
            rpc.body = bytearray(rpc.body + data)
        else:
            rpc.body += data

    def on_end(self, stream: Stream) -> None:
        rpc: _Rpc = stream.owner
        rpc.due_at = math.inf
        body, rpc.body = rpc.body, b""
        rpc.call.answer(bytes(body), partial(self._send, stream))

    def on_reset(self, stream: Stream) -> None:
        stream.owner.held.release()
        self._end_if_idle()

    def on_window(self, stream: Stream) -> None:
        if stream.owner.unsent is not None:
            self._send_more(stream)

    def on_ping_ack(self, payload: bytes) -> None:
        if payload == _DRAIN_PING and self._abort_at < math.inf and not self._no_more_calls:
            self._sender.goaway(self._http2.last_number, Code.NO_ERROR)
            self._http2.refuses_streams = True
            self.on_goaway()

    def on_goaway(self) -> None:
        self._no_more_calls = True
        self._end_if_idle()

    def _send(self, stream: Stream, reply: Reply) -> None:
        """Send an answer, as much of it as the client's windows admit, and the end of the call."""
        if self._http2.streams.get(stream.number) is not stream:  # the client reset it
            return
        rpc: _Rpc = stream.owner
        rpc.held.release()
        if isinstance(reply, Failure):
            self._http2.end(stream, replies.error_headers(reply, rpc.call.request_id))
            self._end_if_idle()
        else:
            self._sender.headers(stream.number, replies.HEADERS)
            rpc.unsent = memoryview(prefixed(reply))
            self._send_more(stream)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _send_more(self, stream: Stream) -> None:
        rpc: _Rpc = stream.owner
        assert rpc.unsent is not None  # noqa: S101 callers checked it
        rpc.unsent = self._sender.data(stream, rpc.unsent)
        if rpc.unsent:
            rpc.due_at = self._loop.time() + self._limits.read_timeout_s
            return
        self._http2.end(stream, replies.trailers(rpc.call.request_id))
        self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._no_more_calls and not self._http2.streams:
            self._loop.call_soon(self._end)

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

    def _flush(self) -> None:
        self._flushing = False
        data = self._sender.take()
        if data and not self._eof_written and not self._transport.is_closing():
            self._transport.write(data)
