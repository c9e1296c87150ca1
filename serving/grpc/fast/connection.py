"""One gRPC connection: gRPC's calls on top of HTTP/2, answered where they are parsed.

    headers ─ admit ─ (the message arrives) ─ answer ─ headers, message, trailers

What is answered in one turn of the event loop goes out in one write. A client that does not read is not read from
either, so what waits for it in this process is bounded.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from functools import partial

from grpc import StatusCode

from serving.admission.reception import Held
from serving.grpc.fast.calls import NO_GRPC, Calls, IncomingCall, Reply
from serving.grpc.fast.frames import MAX_NUMBER, Code, Http2Error, literal
from serving.grpc.fast.http2 import Block, Http2, Stream
from serving.grpc.fast.message import ENCODINGS, PREFIX_BYTES, check_length, percent_encoded, prefixed
from serving.grpc.service import CALLS_A_CONNECTION, CONNECTION_AGE_GRACE_S, CONNECTION_AGE_S
from serving.inference.failures import Failure, RefusedError
from serving.listening.limits import ConnectionLimits

_LAST_WORDS_S = 1.0
"""After the last answer the client may take so long to close the connection: closing it while something that it sent
is unread would throw away what it has not read."""

_HEADERS = b"".join(
    literal(name, value)
    for name, value in (
        (b":status", b"200"),
        (b"content-type", b"application/grpc"),
        (b"grpc-accept-encoding", ENCODINGS),
    )
)
_NO_GRPC = literal(b":status", b"415")
_SUCCEEDED = literal(b"grpc-status", b"0")
_LAST_PING = b"last one"


@dataclass(slots=True, eq=False)
class _Rpc:
    """A call, and what of its message and of its answer is on its way."""

    call: IncomingCall
    due_at: float
    """By the loop's clock: until then the client must have sent its message, or read its answer."""
    held: Held
    body: bytes | bytearray = b""
    unsent: memoryview | None = None
    """What is left of the answer, for which the client's windows had no room."""


class GrpcConnection(asyncio.Protocol):
    """Takes calls, many at a time.

    Args:
        calls: of the service.
        limits: of every connection.
        connections: it is in there while it is open.
    """

    def __init__(self, calls: Calls, limits: ConnectionLimits, connections: set[GrpcConnection]) -> None:
        self._calls = calls
        self._limits = limits
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._peer = ""
        self._http2 = Http2(self, CALLS_A_CONNECTION)
        self._flushing = False
        self._said_all = False
        self._is_last = False
        """The client knows that it is to begin no other call here."""
        self._end_at = math.inf
        """By the loop's clock: then it ends, whatever is left."""
        self._stuck_since = math.inf
        """By the loop's clock: since then the client has read nothing of what waits for it."""
        self._waiting_bytes = 0

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
        self._old_at = now + CONNECTION_AGE_S
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
            self._flush()  # why, for the client
            self._transport.close()
            return
        self._flush()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._stuck_since = self._loop.time()
        self._waiting_bytes = self._transport.get_write_buffer_size()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._stuck_since = math.inf
        self._transport.resume_reading()

    def make_last(self) -> None:
        """Let the client begin no other call here; those that it began are answered, and then the connection ends.

        A client that is told so may have begun calls meanwhile. By its answer to a ping it has been told (RFC 9113,
        section 6.8).
        """
        if self._end_at < math.inf:
            return
        self._end_at = self._loop.time() + CONNECTION_AGE_GRACE_S
        self._http2.go_away(MAX_NUMBER, Code.NO_ERROR)
        self._http2.ping(_LAST_PING)
        self._flush()

    def abort(self) -> None:
        """End it now, whatever is left."""
        self._transport.abort()

    def look(self, now: float) -> None:
        """End what takes too long; called now and then."""
        patience_s = self._limits.read_timeout_s
        if self._stuck_since < math.inf and self._transport.get_write_buffer_size() < self._waiting_bytes:
            self._stuck_since = now
            self._waiting_bytes = self._transport.get_write_buffer_size()
        if (
            now >= self._end_at
            or now >= self._stuck_since + patience_s
            or (not self._http2.spoken and now >= self._due_at)
        ):
            self._transport.abort()
            return
        if now >= self._old_at:
            self.make_last()
        for stream in [stream for stream in self._http2.streams.values() if now >= stream.owner.due_at]:
            rpc: _Rpc = stream.owner
            if rpc.unsent is not None:
                self._http2.reset(stream, Code.CANCEL)
                self._end_if_idle()
            else:
                late = RefusedError("the message took too long to come", 408, StatusCode.DEADLINE_EXCEEDED)
                self._send(stream, rpc.call.failed(late))
        self._flush()

    def on_call(self, stream: Stream, block: Block) -> None:
        named = block.named
        call = self._calls.begin(named, block.headers, self._peer)
        stream.owner = _Rpc(call, self._loop.time() + self._limits.read_timeout_s, self._calls.expect())

    def on_data(self, stream: Stream, data: bytes, more: bool) -> None:
        rpc: _Rpc = stream.owner
        if rpc.call.refused is not None:
            if more:  # and else it ends now
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

    def on_room(self, stream: Stream) -> None:
        if stream.owner.unsent is not None:
            self._send_more(stream)

    def on_pong(self, payload: bytes) -> None:
        if payload == _LAST_PING and self._end_at < math.inf and not self._is_last:
            self._http2.go_away(self._http2.last_number, Code.NO_ERROR)
            self._http2.closed_to_calls = True
            self.on_go_away()

    def on_go_away(self) -> None:
        self._is_last = True
        self._end_if_idle()

    def _send(self, stream: Stream, reply: Reply) -> None:
        """Send an answer, and with it the end of the call; as much as there is room for."""
        if self._http2.streams.get(stream.number) is not stream:  # the client gave it up
            return
        rpc: _Rpc = stream.owner
        if isinstance(reply, Failure):
            self._http2.end(stream, _NO_GRPC if reply is NO_GRPC else _failed(reply, rpc.call.request_id))
            rpc.held.release()
            self._end_if_idle()
        else:
            rpc.held.release()
            self._http2.respond(stream, _HEADERS)
            rpc.unsent = memoryview(prefixed(reply))
            self._send_more(stream)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _send_more(self, stream: Stream) -> None:
        rpc: _Rpc = stream.owner
        assert rpc.unsent is not None  # noqa: S101 it is called for no other
        rpc.unsent = self._http2.send(stream, rpc.unsent)
        if rpc.unsent:
            rpc.due_at = self._loop.time() + self._limits.read_timeout_s
            return
        self._http2.end(stream, _SUCCEEDED + literal(b"x-request-id", rpc.call.request_id.encode()))
        self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._is_last and not self._http2.streams:
            self._loop.call_soon(self._end)

    def _end(self) -> None:
        self._flush()
        if self._said_all or self._transport.is_closing():
            return
        if self._transport.can_write_eof():
            self._said_all = True
            self._transport.write_eof()
            self._end_at = self._loop.time() + _LAST_WORDS_S
        else:
            self._transport.close()

    def _flush(self) -> None:
        self._flushing = False
        data = self._http2.to_send()
        if data and not self._said_all and not self._transport.is_closing():
            self._transport.write(data)


def _failed(failure: Failure, request_id: str) -> bytes:
    fields = [
        (b"grpc-status", b"%d" % failure.grpc.value[0]),
        (b"grpc-message", percent_encoded(failure.message)),
        (b"x-request-id", request_id.encode()),
        *((name.lower().encode(), value.encode()) for name, value in failure.headers),
    ]
    return _HEADERS + b"".join(literal(name, value) for name, value in fields)
