"""KServe's data plane and repository, with what a network client may not do taken out."""

from __future__ import annotations

from typing import Any, NoReturn

from kserve.errors import InvalidInput
from kserve.model_repository import ModelRepository
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.model_repository_extension import ModelRepositoryExtension

from serving.inference.models import Models
from serving.v2.errors import quote
from tenure import __version__

PLATFORM = "tenure_onnx"


class ChurnDataPlane(DataPlane):  # type: ignore[misc]  # it has no type stubs
    """Knows what a bundle says of itself."""

    def __init__(self, repository: ModelRepository, models: Models) -> None:
        super().__init__(repository)
        self.models = models
        self._draining = False

    def drain(self) -> None:
        """Say from now on that nothing is ready; requests are answered all the same."""
        self._draining = True

    async def ready(self) -> bool:
        return not self._draining

    async def model_ready(self, model_name: str, disable_predictor_health_check: bool = False) -> bool:
        """Whether a model is ready for more requests; KServe's V1 and V2 routes and its gRPC service ask this."""
        ready: bool = await super().model_ready(model_name, disable_predictor_health_check)
        return ready and not self._draining

    def metadata(self) -> dict[str, Any]:
        """Who answers, and which extensions of V2 it speaks, by Triton's names for them."""
        return {"name": "tenure", "version": __version__, "extensions": ["binary_tensor_data", "parameters"]}

    async def model_metadata(self, model_name: str) -> dict[str, Any]:
        """KServe's, with platform and version."""
        metadata = await super().model_metadata(model_name)
        version = self.models.find(model_name).bundle.version
        return {**metadata, "platform": PLATFORM, "versions": [version]}

    def decode(self, *_: Any, **__: Any) -> NoReturn:
        """Requests of KServe's own V1 routes end here, whatever their bodies hold: there is ``:explain`` left."""
        raise InvalidInput("of V1 this server speaks :predict alone; reasons come with the parameter 'explain'")


class FixedRepository(ModelRepositoryExtension):  # type: ignore[misc]  # it has no type stubs
    """The models are those of the command line: no client may load or unload one."""

    async def load(self, model_name: str) -> None:
        raise InvalidInput(f"model {quote(model_name)} cannot be loaded over the network")

    async def unload(self, model_name: str) -> None:
        raise InvalidInput(f"model {quote(model_name)} cannot be unloaded over the network")
