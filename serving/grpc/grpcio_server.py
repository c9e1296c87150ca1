"""The gRPC service on grpcio's server; ``serving.grpc.fast`` takes a third of its time.

Methods are registered for raw bytes, so that an invalid message is the client's error, and no interceptor is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import grpc

from serving.grpc.grpcio_sessions import Metadata, Sessions, fail, request_id_of, trailing
from serving.grpc.methods import Methods, UnaryMethod
from serving.grpc.service import (
    CALLS_A_CONNECTION,
    CONNECTION_AGE_GRACE_S,
    CONNECTION_AGE_S,
    INFER_PATH,
    MAX_MESSAGE_BYTES,
    TOO_MUCH_METADATA,
)
from serving.inference.answering import Answering
from serving.inference.call import Call
from serving.inference.failures import Failure
from serving.listening.limits import HEADER_FIELD_BYTES, MAX_HEAD_BYTES, MAX_HEADER_FIELDS
from serving.listening.tls import Certificate
from serving.v2.grpc_exchange import GrpcExchange
from tenure.errors import ServingError

_HAND_OVER_S = 0.1
_OWN_FIELDS = 3
"""Headers that grpcio keeps to itself: te, content-type and grpc-accept-encoding."""

Behaviour = Callable[[bytes, grpc.aio.ServicerContext], Awaitable[bytes]]


class Inference:
    """``ModelInfer``, through ``Answering``."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._held: asyncio.Event | None = None

    def hold(self) -> asyncio.Event:
        """Keep answers back from now on until the returned event is set."""
        self._held = asyncio.Event()
        return self._held

    async def answer(self, content: bytes, context: grpc.aio.ServicerContext) -> bytes:
        """Answer one call, or abort it with a status and a message."""
        metadata: Metadata = tuple(context.invocation_metadata() or ())
        request_id = request_id_of(context)
        headers = tuple((name.encode(), _as_bytes(value)) for name, value in metadata)
        call = Call("gRPC", INFER_PATH, "", None, headers, request_id, context.peer())
        remaining_s = context.time_remaining()
        if remaining_s is not None:
            call.deadline = call.started + remaining_s
        sent = await self._sent(content, call)
        if self._held is not None:
            await self._held.wait()
        return await _send(sent, request_id, context)

    async def _sent(self, content: bytes, call: Call) -> bytes | Failure:
        refused = self._answering.admit(call)
        if refused is not None:
            return refused
        return await self._answering.answered(call, GrpcExchange(content))


class GrpcServer:
    """A server on one address.

    Args:
        methods: all besides inference.
    """

    def __init__(
        self,
        methods: Methods,
        answering: Answering,
        certificate: Certificate | None,
        *,
        shared_port: bool,
    ) -> None:
        self._certificate = certificate
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                # Above the first of these calls are refused at random.
                ("grpc.max_metadata_size", MAX_HEAD_BYTES),
                ("grpc.absolute_max_metadata_size", MAX_HEAD_BYTES),
                # By default a second server on the same port would silently get half of the calls.
                ("grpc.so_reuseport", int(shared_port)),
                ("grpc.max_connection_age_ms", int(1000 * CONNECTION_AGE_S)),
                ("grpc.max_connection_age_grace_ms", int(1000 * CONNECTION_AGE_GRACE_S)),
                ("grpc.max_concurrent_streams", CALLS_A_CONNECTION),
            ],
        )
        self._inference = Inference(answering)
        self._sessions = Sessions()
        unary = {path: _behaviour(method) for path, method in methods.unary.items()}
        handlers = {
            path: grpc.unary_unary_rpc_method_handler(behaviour, None, None)
            for path, behaviour in {**unary, INFER_PATH: self._inference.answer}.items()
        }
        for path, open_session in methods.streaming.items():
            handlers[path] = grpc.stream_stream_rpc_method_handler(self._sessions.behaviour(open_session), None, None)
        for path, failure in methods.refused.items():
            handlers[path] = _refused(failure)
        self._server.add_generic_rpc_handlers((_Handlers(handlers),))

    async def start(self, host: str, port: int) -> int:
        """Start to listen; returns the port.

        Raises:
            ServingError: the address is in use or invalid.
        """
        try:
            address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            bound: int = (
                self._server.add_insecure_port(address)
                if self._certificate is None
                else self._server.add_secure_port(address, self._certificate.grpc_credentials())
            )
        except RuntimeError:
            raise ServingError(f"cannot listen on {host}:{port}: Address already in use, or invalid") from None
        await self._server.start()
        return bound

    async def stop(self, grace_s: float) -> None:
        """Accept no more calls; wait for the open ones.

        When it stops, gRPC's core cancels calls that it has read but not handed over yet. So answers are kept back for
        a moment: clients that wait for one send no further call, and the calls read are handed over. Then the core
        sends GOAWAY, and after it the answers.
        """
        held = self._inference.hold()
        await asyncio.sleep(_HAND_OVER_S)
        stopping = asyncio.create_task(self._server.stop(grace_s))
        await asyncio.sleep(_HAND_OVER_S)
        held.set()
        self._sessions.end()
        await stopping


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]  # it has no type stubs
    """Handlers by the path of their method; a call with too many headers is refused."""

    def __init__(self, by_path: Mapping[str, grpc.RpcMethodHandler]) -> None:
        self._by_path = by_path
        self._refuse = _refused(TOO_MUCH_METADATA)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The handler of a call; None answers that the method is unknown."""
        metadata = details.invocation_metadata
        size = sum(HEADER_FIELD_BYTES + len(name) + len(value) for name, value in metadata)
        if len(metadata) > MAX_HEADER_FIELDS - _OWN_FIELDS or size > MAX_HEAD_BYTES:
            return self._refuse
        return self._by_path.get(details.method)


def _behaviour(method: UnaryMethod) -> Behaviour:
    async def answer(content: bytes, context: grpc.aio.ServicerContext) -> bytes:
        request_id = request_id_of(context)
        return await _send(await method.answer(content, request_id), request_id, context)

    return answer


def _refused(failure: Failure) -> grpc.RpcMethodHandler:
    """The handler of calls that are refused without their messages."""

    async def refuse(_: object, context: grpc.aio.ServicerContext) -> None:
        await fail(failure, request_id_of(context), context)

    return grpc.stream_stream_rpc_method_handler(refuse, None, None)


async def _send(sent: bytes | Failure, request_id: str, context: grpc.aio.ServicerContext) -> bytes:
    """The answer's bytes; a failure aborts the call."""
    if isinstance(sent, Failure):
        await fail(sent, request_id, context)
        return b""  # not reached: it raises
    context.set_trailing_metadata(trailing(request_id))
    return sent


def _as_bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
