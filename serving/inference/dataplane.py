"""What KServe's endpoints, REST and gRPC, ask a server besides inference: liveness, readiness, metadata, models.

These classes have the methods that the endpoints call, and inherit nothing: KServe's own ``DataPlane`` decodes requests
and calls models, which is the work of ``serving.inference.answering`` here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from serving.inference.models import Models
from serving.v2.errors import RequestError, quote
from tenure import __version__

PLATFORM = "tenure_onnx"


class DataPlane:
    """State and metadata of a server and its models.

    Args:
        models: the models served; KServe's endpoints list them from ``model_registry``.
    """

    def __init__(self, models: Models) -> None:
        self.model_registry = models
        self.draining = False
        """Nothing is ready any more; requests are answered all the same."""
        self._drain_listeners: list[Callable[[], None]] = []

    def drain(self) -> None:
        """Report from now on that nothing is ready."""
        self.draining = True
        for listener in self._drain_listeners:
            listener()

    def on_drain(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` on the event loop when ``drain`` is called."""
        self._drain_listeners.append(listener)

    async def live(self) -> dict[str, str]:
        """Liveness, in the words that KServe's endpoints expect."""
        return {"status": "alive"}

    async def ready(self) -> bool:
        """Whether the server takes more requests."""
        return not self.draining

    async def model_ready(self, model_name: str) -> bool:
        """Whether a model takes more requests.

        Raises:
            UnknownModelError: no model has this name.
        """
        self.model_registry.find(model_name)
        return not self.draining

    def metadata(self) -> dict[str, Any]:
        """Name and version of the server, and the extensions of V2 that it supports, by Triton's names for them."""
        return {"name": "tenure", "version": __version__, "extensions": ["binary_tensor_data", "parameters"]}

    async def model_metadata(self, model_name: str) -> dict[str, Any]:
        """A model's version, inputs and outputs, as V2's model metadata.

        Raises:
            UnknownModelError: no model has this name.
        """
        model = self.model_registry.find(model_name)
        return {
            "name": model_name,
            "platform": PLATFORM,
            "versions": [model.bundle.version],
            "inputs": model.input_types(),
            "outputs": model.output_types(),
        }


class FixedRepository:
    """V2's model repository extension, for models that the command line names: no client loads or unloads one."""

    async def load(self, model_name: str) -> NoReturn:
        """Refuse.

        Raises:
            RequestError: always.
        """
        raise RequestError(f"model {quote(model_name)} cannot be loaded over the network")

    async def unload(self, model_name: str) -> NoReturn:
        """Refuse.

        Raises:
            RequestError: always.
        """
        raise RequestError(f"model {quote(model_name)} cannot be unloaded over the network")
