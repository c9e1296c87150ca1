"""Calls of the service's methods: opened by their headers, answered when their message has arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping

from grpc import StatusCode

from serving.admission.request_memory import HeldBytes
from serving.grpc.fast.headers import HeaderBlock
from serving.grpc.fast.message import COMPRESSED, only_message, seconds
from serving.grpc.methods import Methods, UnaryMethod
from serving.grpc.service import (
    INFER_PATH,
    MAX_MESSAGE_BYTES,
    MAX_SMALL_MESSAGE_BYTES,
    TOO_MUCH_METADATA,
    UNKNOWN_METHOD,
)
from serving.grpc.session import OpenSession
from serving.inference.answering import Answering
from serving.inference.call import Call, Headers
from serving.inference.exchange import Exchange
from serving.inference.failures import Failure, failure_of
from serving.observation import logs
from serving.v2.errors import RequestError
from serving.v2.grpc_exchange import GrpcExchange

Reply = bytes | Failure
"""A message, or an error."""
Send = Callable[[Reply], None]


NOT_GRPC = Failure(415, StatusCode.UNKNOWN, "not a gRPC call")
"""Sent as an HTTP status: the client does not speak gRPC."""


class IncomingCall:
    """A call whose message has not arrived yet; subclasses answer."""

    __slots__ = ("_encoding", "refused", "request_id")

    max_bytes = MAX_MESSAGE_BYTES
    """Largest size of a message."""

    def __init__(self, named: Mapping[bytes, bytes], refused: Failure | None = None) -> None:
        self.request_id = logs.take_or_make_id(named.get(b"x-request-id", b"").decode("latin-1"))
        self._encoding = named.get(b"grpc-encoding", b"")
        self.refused = refused
        """The error to answer whatever the message is, if the headers decide it."""

    def failed(self, error: Exception) -> Failure:
        """The answer to a call whose message could not be read."""
        return failure_of(error)

    def answer(self, body: bytes, held: HeldBytes, send: Send) -> None:
        """Answer a unary call.

        Args:
            body: all that the client sent.
            held: counts the memory of the call.
            send: called once on the event loop, perhaps before this returns.
        """
        try:
            message = self.message(body, held)
        except Exception as error:  # every error becomes a status
            send(self.failed(error))
            return
        self._answer(message, held, send)

    def message(self, body: bytes, held: HeldBytes) -> bytes:
        """The message in ``body``, decompressed; counted in ``held`` if it was compressed.

        Raises:
            RequestError: it is not one message.
            RefusedError: its compression is not supported, or there is no memory for it.
        """
        message = only_message(body, self._encoding, self.max_bytes)
        if body[0]:
            held.add(len(message))
        return message

    def _answer(self, _: bytes, __: HeldBytes, send: Send) -> None:
        send(UNKNOWN_METHOD)


class InferenceCall(IncomingCall):
    """A call of ``ModelInfer``; its headers decide whether it is admitted."""

    __slots__ = ("_answering", "_call", "_tasks")

    def __init__(
        self,
        named: Mapping[bytes, bytes],
        headers: Headers,
        peer: str,
        answering: Answering,
        tasks: set[asyncio.Task[None]],
    ) -> None:
        super().__init__(named)
        self._answering = answering
        self._tasks = tasks
        self._call = call = Call("gRPC", INFER_PATH, "", None, headers, self.request_id, peer)
        timeout = named.get(b"grpc-timeout")
        if timeout is not None:
            try:
                call.deadline = call.started + seconds(timeout)
            except RequestError as error:
                self.refused = answering.failed(call, error)
                return
        self.refused = answering.admit(call)

    def failed(self, error: Exception) -> Failure:
        return self._answering.failed(self._call, error)

    def answer(self, body: bytes, held: HeldBytes, send: Send) -> None:
        if body[:1] == COMPRESSED:
            _run(self._answer_compressed(body, held.hand_over(), send), self._tasks)
        else:
            super().answer(body, held, send)

    async def _answer_compressed(self, body: bytes, held: HeldBytes, send: Send) -> None:
        """Decompress the message on a thread: megabytes may be made from it, or nothing for a long time.

        The count is this method's own, for the client may give up the call meanwhile.
        """

        def send_and_release(reply: Reply) -> None:
            held.release()
            send(reply)

        try:
            message = await asyncio.to_thread(only_message, body, self._encoding, self.max_bytes)
            held.add(len(message))
        except Exception as error:  # every error becomes a status
            send_and_release(self.failed(error))
        else:
            self._answer(message, held, send_and_release)

    def _answer(self, message: bytes, held: HeldBytes, send: Send) -> None:
        self._call.held = held
        exchange: Exchange[Reply] = GrpcExchange(message)
        self._answering.answer(self._call, exchange, send)


class OtherCall(IncomingCall):
    """A call of another unary method."""

    __slots__ = ("_method", "_tasks")

    max_bytes = MAX_SMALL_MESSAGE_BYTES

    def __init__(self, named: Mapping[bytes, bytes], method: UnaryMethod, tasks: set[asyncio.Task[None]]) -> None:
        super().__init__(named)
        self._method = method
        self._tasks = tasks

    def _answer(self, message: bytes, __: HeldBytes, send: Send) -> None:
        async def run() -> None:
            send(await self._method.answer(message, self.request_id))

        _run(run(), self._tasks)


class StreamingCall(IncomingCall):
    """A call of a streaming method; ``open_session`` opens what answers it."""

    __slots__ = ("open_session",)

    max_bytes = MAX_SMALL_MESSAGE_BYTES

    def __init__(self, named: Mapping[bytes, bytes], open_session: OpenSession) -> None:
        super().__init__(named)
        self.open_session = open_session


class Calls:
    """Opens calls.

    Args:
        methods: all methods besides inference.
    """

    def __init__(self, answering: Answering, methods: Methods) -> None:
        self._answering = answering
        self._unary = {path.encode(): method for path, method in methods.unary.items()}
        self._streaming = {path.encode(): method for path, method in methods.streaming.items()}
        self._refused = {path.encode(): failure for path, failure in methods.refused.items()}
        self._infer = INFER_PATH.encode()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, block: HeaderBlock, peer: str) -> IncomingCall:
        """Open a call by its headers."""
        named = block.named
        if block.too_large:
            return IncomingCall(named, TOO_MUCH_METADATA)
        if named[b":method"] != b"POST" or not named.get(b"content-type", b"").startswith(b"application/grpc"):
            return IncomingCall(named, NOT_GRPC)
        path = named[b":path"]
        if path == self._infer:
            return InferenceCall(named, block.headers, peer, self._answering, self._tasks)
        if path in self._unary:
            return OtherCall(named, self._unary[path], self._tasks)
        if path in self._streaming:
            return StreamingCall(named, self._streaming[path])
        return IncomingCall(named, self._refused.get(path, UNKNOWN_METHOD))

    def body(self) -> HeldBytes:
        """The count of a call's memory, to be held until it is answered."""
        return self._answering.request_memory.open()


def _run(work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)  # the event loop holds only a weak reference
    task.add_done_callback(tasks.discard)
