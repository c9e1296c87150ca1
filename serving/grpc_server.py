"""The gRPC side: KServe's service, with our own inference method, errors and log."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import add_GRPCInferenceServiceServicer_to_server
from kserve.protocol.grpc.servicer import InferenceServicer

from serving import logs
from serving.dataplane import ChurnDataPlane, FixedRepository
from serving.failures import Failure, failure_of
from serving.metrics import count_request
from serving.v2 import grpc as wire
from serving.v2.errors import RequestError
from tenure.errors import ServingError

MAX_MESSAGE_BYTES = 32 * 1024 * 1024


class ChurnServicer(InferenceServicer):  # type: ignore[misc]  # it has no type stubs
    """KServe's servicer; inference reads and writes tensors by itself."""

    def __init__(self, dataplane: ChurnDataPlane, repository: FixedRepository) -> None:
        super().__init__(dataplane, repository)
        self._models = dataplane

    async def ModelInfer(  # noqa: N802 (the service's name for it)
        self, request: pb.ModelInferRequest, _: grpc.aio.ServicerContext
    ) -> pb.ModelInferResponse:
        """Answer one request."""
        model = self._models.find(request.model_name, request.model_version or None)
        asked = wire.read_request(request)
        outputs = await model.answer(asked)
        version, answer_id = model.bundle.version, asked.id or logs.request_id.get()
        in_binary = bool(request.raw_input_contents)
        return wire.write_answer(request.model_name, version, answer_id, outputs, in_binary=in_binary)

    async def ModelMetadata(  # noqa: N802
        self, request: pb.ModelMetadataRequest, _: grpc.aio.ServicerContext
    ) -> pb.ModelMetadataResponse:
        """KServe's, with the version."""
        self._models.find(request.name, request.version or None)
        return pb.ModelMetadataResponse(**await self._models.model_metadata(request.name))


class Conduct(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # it has no type stubs
    """Gives every call its id, turns errors into statuses, and writes a line about it."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        call = _Call(handler_call_details.method, handler).answer
        # Parsed in the call, where a broken message can become the client's error instead of ours.
        return grpc.unary_unary_rpc_method_handler(call, None, handler.response_serializer)


class _Call:
    """One method of the service."""

    def __init__(self, method: str, handler: grpc.RpcMethodHandler) -> None:
        self._method = method
        self._handler = handler
        self._infers = method.endswith("/ModelInfer")

    async def answer(self, raw: bytes, context: grpc.aio.ServicerContext) -> Any:
        """Answer one call, or abort it with a status and a line."""
        given = next((value for name, value in context.invocation_metadata() or () if name == "x-request-id"), None)
        request_id = logs.take_or_make_id(given if isinstance(given, str) else None)
        token = logs.request_id.set(request_id)
        context.set_trailing_metadata((("x-request-id", request_id),))
        started = time.perf_counter()
        failure: Failure | None = None
        answer = None
        try:
            answer = await self._handler.unary_unary(_parse(self._handler, raw), context)
        except Exception as error:  # every error becomes a status
            failure = failure_of(error)
        self._note(answer, failure, time.perf_counter() - started)
        logs.request_id.reset(token)
        if failure is not None:
            await context.abort(failure.grpc, failure.message)
        return answer

    def _note(self, answer: Any, failure: Failure | None, took_s: float) -> None:
        code = grpc.StatusCode.OK if failure is None else failure.grpc
        fields = {"method": "gRPC", "path": self._method, "status": code.name, "took_ms": round(took_s * 1000, 3)}
        (logs.access.info if self._infers else logs.access.debug)("request", extra={"fields": fields})
        if self._infers:
            model = "" if answer is None else answer.model_name
            count_request(model, 200 if failure is None else failure.http, took_s)


class GrpcServer:
    """Listens on one address."""

    def __init__(self, dataplane: ChurnDataPlane, repository: FixedRepository, *, shared_port: bool) -> None:
        self._server = grpc.aio.server(
            interceptors=(Conduct(),),
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                # Without this a second server on the same port would take half of the calls, silently.
                ("grpc.so_reuseport", int(shared_port)),
            ],
        )
        add_GRPCInferenceServiceServicer_to_server(ChurnServicer(dataplane, repository), self._server)

    async def start(self, host: str, port: int) -> int:
        """Start to listen; returns the port.

        Raises:
            ServingError: the port is taken.
        """
        try:
            bound: int = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError:
            raise ServingError(f"cannot listen on {host}:{port}: Address already in use") from None
        await self._server.start()
        return bound

    async def stop(self, grace_s: float) -> None:
        """Take no more calls; wait for those that run."""
        await self._server.stop(grace_s)


def _parse(handler: grpc.RpcMethodHandler, raw: bytes) -> Any:
    try:
        return handler.request_deserializer(raw)
    except DecodeError:
        raise RequestError("the message is not what its method takes: it is cut off or broken") from None
