"""Calls on the streams of one connection: their headers and messages in, answers out.

    headers ─ admit ─ (the message arrives) ─ answer ─ headers, message, trailers

A call that its headers refuse is answered at once, and its stream is free.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from functools import partial

from grpc import StatusCode

from serving.admission.refusal import OverloadedError
from serving.grpc.fast import replies
from serving.grpc.fast.calls import Calls, Reply, StreamingCall
from serving.grpc.fast.frames import Code
from serving.grpc.fast.headers import HeaderBlock
from serving.grpc.fast.http2 import Http2
from serving.grpc.fast.message import PREFIX_BYTES, prefixed
from serving.grpc.fast.rpc import Rpc
from serving.grpc.fast.streaming import Streaming
from serving.grpc.fast.streams import Stream
from serving.grpc.service import CALLS_A_CONNECTION, DRAINING, check_length
from serving.inference.failures import Failure, RefusedError, failure_of
from serving.listening.limits import MAX_HEAD_BYTES

_MAX_HEADS_BYTES = 64 * MAX_HEAD_BYTES
"""Limit for the heads of all open calls of a connection."""
_LARGE_HEAD_BYTES = _MAX_HEADS_BYTES // CALLS_A_CONNECTION
"""Heads up to this size cannot exceed it."""


class Rpcs:
    """The calls of one connection; handles its events.

    Args:
        calls: opens them.
        read_timeout_s: seconds that a client may take to send a message, and to read an answer.
        on_output: called when there are frames to send.
        on_idle: called when the last call is over.
        on_ping_ack: called with the payload of a ping that the client answered.
        on_goaway: called when the client opens no more calls.
    """

    def __init__(
        self,
        calls: Calls,
        read_timeout_s: float,
        *,
        on_output: Callable[[], None],
        on_idle: Callable[[], None],
        on_ping_ack: Callable[[bytes], None],
        on_goaway: Callable[[], None],
    ) -> None:
        self._calls = calls
        self._timeout_s = read_timeout_s
        self.on_output, self._on_idle = on_output, on_idle
        self.on_ping_ack, self.on_goaway = on_ping_ack, on_goaway
        self._loop = asyncio.get_running_loop()
        self.peer = ""
        """The client's address."""
        self.http2 = Http2(self, CALLS_A_CONNECTION)
        self._sender = self.http2.sender
        self._streaming = Streaming(self, read_timeout_s)

    def on_call(self, stream: Stream, block: HeaderBlock) -> None:
        call = self._calls.open(block, self.peer)
        due_at = self._loop.time() + self._timeout_s
        rpc = stream.owner = Rpc(call, due_at, self._calls.body(), block.held_bytes)
        refused = call.refused
        if refused is None:
            try:
                if block.held_bytes > _LARGE_HEAD_BYTES:
                    self._check_heads()
                rpc.held.add(block.held_bytes)
                if isinstance(call, StreamingCall):
                    self._streaming.open(stream, call)
            except RefusedError as error:
                refused = call.failed(error)
        if refused is not None:
            self.send(stream, refused)

    def on_data(self, stream: Stream, data: bytes) -> None:
        rpc: Rpc = stream.owner
        try:
            rpc.held.add(len(data))
            if rpc.session is None:
                check_length(len(rpc.body) + len(data) - PREFIX_BYTES, rpc.call.max_bytes)
        except Exception as error:  # every error becomes a status
            self.send(stream, rpc.call.failed(error))
            return
        if not rpc.body:
            rpc.body = data
        elif isinstance(rpc.body, bytes):
            rpc.body = bytearray(rpc.body + data)
        else:
            rpc.body += data
        if rpc.session is not None:
            self._streaming.receive(stream)

    def on_end(self, stream: Stream) -> None:
        rpc: Rpc = stream.owner
        rpc.due_at = math.inf
        if rpc.session is not None:
            self._streaming.half_close(stream)
            return
        body, rpc.body = rpc.body, b""
        rpc.call.answer(bytes(body), rpc.held, partial(self.send, stream))

    def on_reset(self, stream: Stream) -> None:
        self._over(stream)
        self._on_idle()

    def on_window(self, stream: Stream) -> None:
        self.send_more(stream)

    def check_timeouts(self, now: float) -> None:
        """End calls whose time is over; ``now`` is the loop's time."""
        for stream in [stream for stream in self.http2.streams.values() if now >= stream.owner.due_at]:
            rpc: Rpc = stream.owner
            if rpc.unsent is not None:
                self.reset(stream)
            else:
                late = RefusedError("the message took too long to arrive", 408, StatusCode.DEADLINE_EXCEEDED)
                self.send(stream, rpc.call.failed(late))

    def end_sessions(self) -> None:
        """End streaming calls, which could stay open for as long as the connection."""
        for stream in list(self.http2.streams.values()):
            if stream.owner.session is not None:
                self.send(stream, DRAINING)

    def discard(self) -> None:
        """Release all calls: the connection is lost."""
        for stream in self.http2.streams.values():
            self._over(stream)
        self.http2.streams.clear()

    def _check_heads(self) -> None:
        """Check the headers of all open calls together.

        Raises:
            OverloadedError: they are too large.
        """
        if sum(stream.owner.head_bytes for stream in self.http2.streams.values()) > _MAX_HEADS_BYTES:
            raise OverloadedError("the metadata of the connection's calls is too large")

    def send(self, stream: Stream, reply: Reply) -> None:
        """Send an answer, as much of it as the client's windows admit, and the end of the call."""
        if stream.number not in self.http2.streams:  # the client reset it
            return
        rpc: Rpc = stream.owner
        if isinstance(reply, Failure):
            self.end(stream, replies.error_headers(reply, rpc.call.request_id, started=rpc.started))
        else:
            self._sender.headers(stream.number, replies.HEADERS)
            rpc.started = True
            rpc.trailers = replies.trailers(rpc.call.request_id)
            rpc.unsent = memoryview(prefixed(reply))
            self.send_more(stream)
        self.on_output()

    def send_more(self, stream: Stream) -> None:
        """Send what is left of an answer, as much as the client's windows admit."""
        rpc: Rpc = stream.owner
        assert rpc.unsent is not None  # noqa: S101 callers checked it
        rpc.unsent = self._sender.data(stream, rpc.unsent)
        if not rpc.unsent:
            rpc.unsent = None
            if rpc.trailers is not None:
                self.end(stream, rpc.trailers)
            else:
                self._streaming.wait(stream)
            return
        rpc.due_at = self._loop.time() + self._timeout_s
        rpc.held.release()
        try:
            rpc.held.add(len(rpc.unsent))
        except OverloadedError as error:
            self.end(stream, replies.error_headers(failure_of(error), rpc.call.request_id, started=True))

    def is_open(self, stream: Stream) -> bool:
        """Whether a call is neither answered nor given up by the client."""
        return self.http2.streams.get(stream.number) is stream

    def end(self, stream: Stream, block: bytes) -> None:
        """End a call with headers or trailers."""
        self._over(stream)
        self.http2.end(stream, block)
        self._on_idle()

    def reset(self, stream: Stream) -> None:
        """End a call whose answer the client does not read."""
        self._over(stream)
        self.http2.reset(stream, Code.CANCEL)
        self._on_idle()

    def _over(self, stream: Stream) -> None:
        rpc: Rpc = stream.owner
        rpc.held.release()
        if rpc.session is not None:
            rpc.session.close()
