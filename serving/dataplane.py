"""KServe's data plane and repository, with what a network client may not do taken out."""

from __future__ import annotations

from typing import Any, NoReturn, cast

from kserve.errors import InvalidInput, ModelNotReady
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.model_repository_extension import ModelRepositoryExtension

from serving.model import ChurnModel
from serving.v2.errors import UnknownModelError, quote

PLATFORM = "tenure_onnx"


class ChurnDataPlane(DataPlane):  # type: ignore[misc]  # it has no type stubs
    """Finds models by name and version."""

    def find(self, name: str, version: str | None) -> ChurnModel:
        """The model of this name, in this version if one is given.

        Raises:
            UnknownModelError: there is none.
            ModelNotReady: it was stopped.
        """
        model = self.model_registry.get_model(name)
        if model is None:
            raise UnknownModelError(f"no model {quote(name)}; there are {', '.join(self.model_registry.get_models())}")
        found = cast(ChurnModel, model)
        if version and version != found.bundle.version:
            raise UnknownModelError(f"model '{name}' has version {found.bundle.version}, not {quote(version)}")
        if not found.ready:
            raise ModelNotReady(name)
        return found

    async def model_metadata(self, model_name: str) -> dict[str, Any]:
        """KServe's, with platform and version."""
        metadata = await super().model_metadata(model_name)
        version = self.find(model_name, None).bundle.version
        return {**metadata, "platform": PLATFORM, "versions": [version]}

    def decode(self, *_: Any, **__: Any) -> NoReturn:
        """Requests of the V1 protocol end here, whatever their bodies hold."""
        raise InvalidInput("this server speaks the V2 protocol: POST /v2/models/{name}/infer")


class FixedRepository(ModelRepositoryExtension):  # type: ignore[misc]  # it has no type stubs
    """The models are those of the command line: no client may load or unload one."""

    async def load(self, model_name: str) -> None:
        raise InvalidInput(f"model {quote(model_name)} cannot be loaded over the network")

    async def unload(self, model_name: str) -> None:
        raise InvalidInput(f"model {quote(model_name)} cannot be unloaded over the network")
