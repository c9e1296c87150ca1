"""The models that are served, by name. A new bundle takes a name over in one step."""

from __future__ import annotations

from collections.abc import Iterator

from serving.inference.model import ChurnModel
from serving.observation import metrics
from serving.v2.errors import UnknownModelError, quote


class Models:
    """Finds models by name and version.

    A request keeps the model that it found: requests in flight while ``replace`` runs finish on the old one.
    """

    def __init__(self) -> None:
        self._models: dict[str, ChurnModel] = {}

    def __iter__(self) -> Iterator[ChurnModel]:
        return iter(tuple(self._models.values()))

    def get_models(self) -> dict[str, ChurnModel]:
        """The models by name; KServe's endpoints list them by this method."""
        return self._models

    def replace(self, model: ChurnModel) -> ChurnModel | None:
        """Serve ``model`` under its name from now on; returns the one that was served before."""
        before = self._models.get(model.name)
        self._models[model.name] = model
        if before is not None:
            metrics.retired(before.name, before.bundle)
        metrics.served(model.name, model.bundle)
        return before

    def find(self, name: str, version: str | None = None) -> ChurnModel:
        """The model of this name, in this version if one is given.

        Raises:
            UnknownModelError: there is no such model, or not in this version.
        """
        model = self._models.get(name)
        if model is None:
            raise UnknownModelError(f"no model {quote(name)}; served: {', '.join(self._models)}")
        if version and version != model.bundle.version:
            raise UnknownModelError(f"model '{name}' has version {model.bundle.version}, not {quote(version)}")
        return model
