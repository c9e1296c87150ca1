"""Calls of streaming methods: messages in and out while the stream is open."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING

from serving.admission.refusal import OverloadedError
from serving.grpc.fast import replies
from serving.grpc.fast.calls import StreamingCall
from serving.grpc.fast.frames import Http2Error
from serving.grpc.fast.message import first_message, prefixed
from serving.grpc.fast.rpc import Rpc
from serving.grpc.fast.streams import Stream
from serving.grpc.service import STREAMING_CALLS_A_CONNECTION
from serving.inference.failures import Failure

if TYPE_CHECKING:
    from serving.grpc.fast.rpcs import Rpcs

_MAX_UNREAD_BYTES = 256 * 1024
"""Limit for the answers of a call that the client has not read."""


class Streaming:
    """The streaming calls of one connection.

    Args:
        rpcs: all its calls.
        read_timeout_s: seconds that a client may take between messages, until it ends its side.
    """

    def __init__(self, rpcs: Rpcs, read_timeout_s: float) -> None:
        self._rpcs = rpcs
        self._timeout_s = read_timeout_s
        self._loop = asyncio.get_running_loop()

    def open(self, stream: Stream, call: StreamingCall) -> None:
        """Open a call's session.

        Raises:
            OverloadedError: the connection has too many.
        """
        streams = self._rpcs.http2.streams.values()
        if sum(stream.owner.session is not None for stream in streams) >= STREAMING_CALLS_A_CONNECTION:
            raise OverloadedError("too many streaming calls on one connection")
        rpc: Rpc = stream.owner
        rpc.session = call.open_session(partial(self._send, stream), partial(self._finish, stream))

    def receive(self, stream: Stream) -> None:
        """Pass the complete messages that arrived to the session."""
        rpc: Rpc = stream.owner
        session = rpc.session
        assert session is not None  # noqa: S101 the caller checked it
        try:
            while end := first_message(rpc.body, rpc.call.max_bytes):
                # A short message is answered by hundreds of bytes, which the client need not read.
                self._rpcs.http2.spend()
                content, rpc.body = bytes(rpc.body[:end]), rpc.body[end:]
                session.receive(rpc.call.message(content, rpc.held))
                if not self._rpcs.is_open(stream):
                    return
                self.wait(stream)
                rpc.held.release()
                rpc.held.add(rpc.head_bytes + len(rpc.body))
        except Http2Error:
            raise
        except Exception as error:  # every error becomes a status
            self._rpcs.send(stream, rpc.call.failed(error))

    def half_close(self, stream: Stream) -> None:
        """The client sends no more messages."""
        rpc: Rpc = stream.owner
        session = rpc.session
        assert session is not None  # noqa: S101 the caller checked it
        try:
            session.half_close()
        except Exception as error:  # every error becomes a status
            self._rpcs.send(stream, rpc.call.failed(error))

    def wait(self, stream: Stream) -> None:
        """Wait for the client's next message, if it may send one."""
        stream.owner.due_at = math.inf if stream.ended else self._loop.time() + self._timeout_s

    def _send(self, stream: Stream, message: bytes) -> None:
        rpc: Rpc = stream.owner
        self._start(stream)
        waiting = b"" if rpc.unsent is None else bytes(rpc.unsent)
        if len(waiting) > _MAX_UNREAD_BYTES:
            self._rpcs.reset(stream)
            return
        rpc.unsent = memoryview(waiting + prefixed(message))
        self._rpcs.send_more(stream)
        self._rpcs.on_output()

    def _finish(self, stream: Stream, failure: Failure | None) -> None:
        rpc: Rpc = stream.owner
        if failure is not None:
            self._rpcs.send(stream, failure)
            return
        self._start(stream)
        rpc.trailers = replies.trailers(rpc.call.request_id)
        if rpc.unsent is None:
            self._rpcs.end(stream, rpc.trailers)
        self._rpcs.on_output()

    def _start(self, stream: Stream) -> None:
        rpc: Rpc = stream.owner
        if not rpc.started:
            self._rpcs.http2.sender.headers(stream.number, replies.HEADERS)
            rpc.started = True
