"""KServe's servicer, which answers the methods besides inference. Its import takes as long as a start without it."""

from __future__ import annotations

from grpc.aio import ServicerContext
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.servicer import InferenceServicer

from serving.inference.dataplane import DataPlane, FixedRepository


class ChurnServicer(InferenceServicer):  # type: ignore[misc]  # it has no type stubs
    """KServe's servicer, with the versions of models, which it leaves out."""

    def __init__(self, dataplane: DataPlane, repository: FixedRepository) -> None:
        super().__init__(dataplane, repository)
        self._dataplane = dataplane

    async def ModelReady(  # noqa: N802 (the service's name for it)
        self, request: pb.ModelReadyRequest, _: ServicerContext | None
    ) -> pb.ModelReadyResponse:
        """Whether a model takes more requests, in the version of the request if it names one."""
        self._dataplane.model_registry.find(request.name, request.version or None)
        return pb.ModelReadyResponse(ready=await self._dataplane.model_ready(request.name))

    async def ModelMetadata(  # noqa: N802
        self, request: pb.ModelMetadataRequest, _: ServicerContext | None
    ) -> pb.ModelMetadataResponse:
        """A model's inputs, outputs and version; of the version of the request if it names one."""
        self._dataplane.model_registry.find(request.name, request.version or None)
        return pb.ModelMetadataResponse(**await self._dataplane.model_metadata(request.name))
