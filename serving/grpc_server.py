"""The gRPC side: KServe's service, with our own inference method, errors and log.

Methods are registered with their raw bytes: a broken message becomes the client's error instead of ours, and no
interceptor stands between the wire and the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.servicer import InferenceServicer

from serving import logs
from serving.answering import Answering
from serving.call import Call
from serving.dataplane import ChurnDataPlane, FixedRepository
from serving.failures import Failure, failure_of
from serving.tls import Certificate
from serving.v2.errors import RequestError
from serving.v2.grpc_exchange import GrpcExchange
from tenure.errors import ServingError

MAX_MESSAGE_BYTES = 32 * 1024 * 1024

_HAND_OVER_S = 0.1
_CONNECTION_AGE_S = 300.0
_CONNECTION_AGE_GRACE_S = 30.0
_CALLS_A_CONNECTION = 256

_SERVICE = "inference.GRPCInferenceService"
_INFER_PATH = f"/{_SERVICE}/ModelInfer"
_BROKEN = "the message is not what its method takes: it is cut off or broken"
_OTHER_METHODS = (
    "ServerLive",
    "ServerReady",
    "ServerMetadata",
    "ModelReady",
    "ModelMetadata",
    "RepositoryModelLoad",
    "RepositoryModelUnload",
)

Metadata = tuple[tuple[str, str | bytes], ...]


class ChurnServicer(InferenceServicer):  # type: ignore[misc]  # it has no type stubs
    """KServe's servicer; metadata with the version."""

    def __init__(self, dataplane: ChurnDataPlane, repository: FixedRepository) -> None:
        super().__init__(dataplane, repository)
        self._dataplane = dataplane

    async def ModelMetadata(  # noqa: N802 (the service's name for it)
        self, request: pb.ModelMetadataRequest, _: grpc.aio.ServicerContext
    ) -> pb.ModelMetadataResponse:
        """KServe's, with the version."""
        self._dataplane.models.find(request.name, request.version or None)
        return pb.ModelMetadataResponse(**await self._dataplane.model_metadata(request.name))


class Inference:
    """``ModelInfer``, by the one path."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._held: asyncio.Event | None = None

    def hold(self) -> asyncio.Event:
        """Make answers from now on, and send them when the event is set."""
        self._held = asyncio.Event()
        return self._held

    async def answer(self, raw: bytes, context: grpc.aio.ServicerContext) -> pb.ModelInferResponse:
        """Answer one call, or abort it with a status and a line."""
        metadata: Metadata = tuple(context.invocation_metadata() or ())
        request_id = _request_id(metadata)
        try:
            message = pb.ModelInferRequest.FromString(raw)
        except DecodeError:
            message = None
        sent = await self._sent(message, self._call(message, metadata, request_id, context))
        if self._held is not None:
            await self._held.wait()
        if isinstance(sent, Failure):
            context.set_trailing_metadata(
                (("x-request-id", request_id), *((name.lower(), value) for name, value in sent.headers))
            )
            await context.abort(sent.grpc, sent.message)
        context.set_trailing_metadata((("x-request-id", request_id),))
        return sent

    async def _sent(self, message: pb.ModelInferRequest | None, call: Call) -> pb.ModelInferResponse | Failure:
        refused = self._answering.admit(call)
        if refused is not None:
            return refused
        if message is None:
            return self._answering.failed(call, RequestError(_BROKEN))
        return await self._answering.answered(call, GrpcExchange(message))

    @staticmethod
    def _call(
        message: pb.ModelInferRequest | None, metadata: Metadata, request_id: str, context: grpc.aio.ServicerContext
    ) -> Call:
        name, version = ("", None) if message is None else (message.model_name, message.model_version or None)
        headers = tuple((name.encode(), _as_bytes(value)) for name, value in metadata)
        call = Call("gRPC", _INFER_PATH, name, version, headers, request_id, context.peer())
        remaining_s = context.time_remaining()
        if remaining_s is not None:
            call.deadline = call.started + remaining_s
        return call


class OtherMethod:
    """A method of KServe's: with an id, errors as statuses, and a line in the log."""

    def __init__(
        self, name: str, parse: Callable[[bytes], Any], behaviour: Callable[[Any, Any], Awaitable[Any]]
    ) -> None:
        self._path = f"/{_SERVICE}/{name}"
        self._parse = parse
        self._behaviour = behaviour

    async def answer(self, raw: bytes, context: grpc.aio.ServicerContext) -> Any:
        """Answer one call, or abort it with a status and a line."""
        request_id = _request_id(tuple(context.invocation_metadata() or ()))
        token = logs.request_id.set(request_id)
        context.set_trailing_metadata((("x-request-id", request_id),))
        failure: Failure | None = None
        answer = None
        try:
            answer = await self._behaviour(self._parse(raw), context)
        except DecodeError:
            failure = failure_of(RequestError(_BROKEN))
        except Exception as error:  # every error becomes a status
            failure = failure_of(error)
        status = grpc.StatusCode.OK if failure is None else failure.grpc
        logs.access.debug("request", extra={"fields": {"method": "gRPC", "path": self._path, "status": status.name}})
        logs.request_id.reset(token)
        if failure is not None:
            await context.abort(failure.grpc, failure.message)
        return answer


class GrpcServer:
    """Listens on one address."""

    def __init__(
        self,
        servicer: ChurnServicer,
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
                # Without this a second server on the same port would take half of the calls, silently.
                ("grpc.so_reuseport", int(shared_port)),
                # What else would end a call whose message never comes? Clients are told in time, and connect anew.
                ("grpc.max_connection_age_ms", int(1000 * _CONNECTION_AGE_S)),
                ("grpc.max_connection_age_grace_ms", int(1000 * _CONNECTION_AGE_GRACE_S)),
                ("grpc.max_concurrent_streams", _CALLS_A_CONNECTION),
            ],
        )
        self._inference = Inference(answering)
        handlers = {"ModelInfer": self._inference.answer}
        for name in _OTHER_METHODS:
            parse = getattr(pb, f"{name}Request").FromString
            handlers[name] = OtherMethod(name, parse, getattr(servicer, name)).answer
        methods = {
            name: grpc.unary_unary_rpc_method_handler(behaviour, None, _serialize)
            for name, behaviour in handlers.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, methods),))

    async def start(self, host: str, port: int) -> int:
        """Start to listen; returns the port.

        Raises:
            ServingError: the address is taken or is none.
        """
        try:
            address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            bound: int = (
                self._server.add_insecure_port(address)
                if self._certificate is None
                else self._server.add_secure_port(address, self._certificate.grpc_credentials())
            )
        except RuntimeError:
            raise ServingError(f"cannot listen on {host}:{port}: Address already in use, or none") from None
        await self._server.start()
        return bound

    async def stop(self, grace_s: float) -> None:
        """Take no more calls; wait for those that run.

        gRPC's core cancels the calls that it has read, and not yet handed to us, when it is told to stop. So for a
        moment no answer is sent: clients that wait for one send no other call, and those that came are handed over.
        Then the core tells them to go elsewhere, and only then they get their answers.
        """
        held = self._inference.hold()
        await asyncio.sleep(_HAND_OVER_S)
        stopping = asyncio.create_task(self._server.stop(grace_s))
        await asyncio.sleep(_HAND_OVER_S)
        held.set()
        await stopping


def _request_id(metadata: Metadata) -> str:
    given = next((value for name, value in metadata if name == "x-request-id"), None)
    return logs.take_or_make_id(given if isinstance(given, str) else None)


def _serialize(message: Any) -> bytes:
    content: bytes = message.SerializeToString()
    return content


def _as_bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
