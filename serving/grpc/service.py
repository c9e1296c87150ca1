"""KServe's gRPC service on either server: its limits, and its methods besides inference."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf.message import DecodeError
from grpc import StatusCode
from grpc.aio import ServicerContext
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.servicer import InferenceServicer

from serving.inference.dataplane import DataPlane, FixedRepository
from serving.inference.failures import Failure, failure_of
from serving.observation import logs
from serving.v2.errors import RequestError
from serving.v2.grpc_exchange import BROKEN

SERVICE = "inference.GRPCInferenceService"
INFER = "ModelInfer"
INFER_PATH = f"/{SERVICE}/{INFER}"

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
CALLS_A_CONNECTION = 256
CONNECTION_AGE_S = 300.0
"""Age at which a connection is drained, so that clients reconnect: new servers get their share of them, and a call
whose message never arrives ends."""
CONNECTION_AGE_GRACE_S = 30.0

_OTHER_METHODS = (
    "ServerLive",
    "ServerReady",
    "ServerMetadata",
    "ModelReady",
    "ModelMetadata",
    "RepositoryModelLoad",
    "RepositoryModelUnload",
)


class ChurnServicer(InferenceServicer):  # type: ignore[misc]  # it has no type stubs
    """KServe's servicer, with versions in the model metadata."""

    def __init__(self, dataplane: DataPlane, repository: FixedRepository) -> None:
        super().__init__(dataplane, repository)
        self._dataplane = dataplane

    async def ModelMetadata(  # noqa: N802 (the service's name for it)
        self, request: pb.ModelMetadataRequest, _: ServicerContext | None
    ) -> pb.ModelMetadataResponse:
        """Model metadata with the version, which KServe's servicer leaves out."""
        self._dataplane.model_registry.find(request.name, request.version or None)
        return pb.ModelMetadataResponse(**await self._dataplane.model_metadata(request.name))


class OtherMethod:
    """A method of KServe's servicer, with a request id, errors as statuses, and a line in the log."""

    def __init__(
        self, name: str, parse: Callable[[bytes], Any], behaviour: Callable[[Any, None], Awaitable[Any]]
    ) -> None:
        self._path = f"/{SERVICE}/{name}"
        self._parse = parse
        self._behaviour = behaviour

    async def answer(self, content: bytes, request_id: str) -> bytes | Failure:
        """The answer's bytes, or an error."""
        token = logs.request_id.set(request_id)
        sent: bytes | Failure
        try:
            # KServe's methods take a gRPC context, and use it for inference only.
            sent = (await self._behaviour(self._parse(content), None)).SerializeToString()
        except DecodeError:
            sent = failure_of(RequestError(BROKEN))
        except Exception as error:  # every error becomes a status
            sent = failure_of(error)
        status = sent.grpc if isinstance(sent, Failure) else StatusCode.OK
        logs.access.debug("request", extra={"fields": {"method": "gRPC", "path": self._path, "status": status.name}})
        logs.request_id.reset(token)
        return sent


def other_methods(servicer: ChurnServicer) -> dict[str, OtherMethod]:
    """The servicer's methods besides inference, by name."""
    return {
        name: OtherMethod(name, getattr(pb, f"{name}Request").FromString, getattr(servicer, name))
        for name in _OTHER_METHODS
    }
