"""Calls of the service's methods: opened by their headers, answered when their message has arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from grpc import StatusCode

from serving.admission.body_memory import BodyBytes
from serving.grpc.fast.message import only_message, seconds
from serving.grpc.service import INFER_PATH, SERVICE, OtherMethod
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
    """A call whose message has not arrived yet. This class is a call of an unknown method; subclasses answer."""

    __slots__ = ("_encoding", "refused", "request_id")

    def __init__(self, named: Mapping[bytes, bytes]) -> None:
        self.request_id = logs.take_or_make_id(named.get(b"x-request-id", b"").decode("latin-1"))
        self._encoding = named.get(b"grpc-encoding", b"")
        self.refused: Failure | None = None
        """The error to answer whatever the message is, if the headers decide it."""

    def failed(self, error: Exception) -> Failure:
        """The answer to a call whose message could not be read."""
        return failure_of(error)

    def answer(self, body: bytes, send: Send) -> None:
        """Answer the call; ``send`` is called once on the event loop, perhaps before this returns."""
        if self.refused is not None:
            send(self.refused)
            return
        try:
            message = only_message(body, self._encoding)
        except Exception as error:  # every error becomes a status
            send(self.failed(error))
            return
        self._answer(message, send)

    def _answer(self, _: bytes, send: Send) -> None:
        send(Failure(501, StatusCode.UNIMPLEMENTED, "Method not found!"))


class InferenceCall(IncomingCall):
    """A call of ``ModelInfer``; its headers decide whether it is admitted."""

    __slots__ = ("_answering", "_call")

    def __init__(self, named: Mapping[bytes, bytes], headers: Headers, peer: str, answering: Answering) -> None:
        super().__init__(named)
        self._answering = answering
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

    def _answer(self, message: bytes, send: Send) -> None:
        exchange: Exchange[Reply] = GrpcExchange(message)
        self._answering.answer(self._call, exchange, send)


class OtherCall(IncomingCall):
    """A call of one of KServe's other methods."""

    __slots__ = ("_method", "_tasks")

    def __init__(self, named: Mapping[bytes, bytes], method: OtherMethod, tasks: set[asyncio.Task[None]]) -> None:
        super().__init__(named)
        self._method = method
        self._tasks = tasks

    def _answer(self, message: bytes, send: Send) -> None:
        async def run() -> None:
            send(await self._method.answer(message, self.request_id))

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)  # the event loop holds only a weak reference
        task.add_done_callback(self._tasks.discard)


class Calls:
    """Opens calls.

    Args:
        others: KServe's methods besides inference, by name.
    """

    def __init__(self, answering: Answering, others: Mapping[str, OtherMethod]) -> None:
        self._answering = answering
        self._others = {f"/{SERVICE}/{name}".encode(): method for name, method in others.items()}
        self._infer = INFER_PATH.encode()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, named: Mapping[bytes, bytes], headers: Headers, peer: str) -> IncomingCall:
        """Open a call.

        Args:
            named: the first value of every header by its name, pseudo-headers included.
            headers: all headers.
        """
        if named[b":method"] != b"POST" or not named.get(b"content-type", b"").startswith(b"application/grpc"):
            call = IncomingCall(named)
            call.refused = NOT_GRPC
            return call
        path = named[b":path"]
        if path == self._infer:
            return InferenceCall(named, headers, peer, self._answering)
        method = self._others.get(path)
        return IncomingCall(named) if method is None else OtherCall(named, method, self._tasks)

    def body(self) -> BodyBytes:
        """The count of a message's bytes, to be held until the call is answered."""
        return self._answering.body_memory.open()
