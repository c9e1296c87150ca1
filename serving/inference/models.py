"""The models that are served, by name. A new bundle takes a name over in one step."""

from __future__ import annotations

from collections.abc import Iterator

from kserve.errors import ModelNotReady
from kserve.model_repository import ModelRepository

from serving.inference.model import ChurnModel
from serving.observation import metrics
from serving.v2.errors import UnknownModelError, quote


class Models:
    """Finds models by name and version.

    Requests hold on to the model that they found: those in flight while ``replace`` runs finish on the old one.
    """

    def __init__(self, repository: ModelRepository) -> None:
        self._repository = repository
        self._models: dict[str, ChurnModel] = {}

    def __iter__(self) -> Iterator[ChurnModel]:
        return iter(tuple(self._models.values()))

    def replace(self, model: ChurnModel) -> ChurnModel | None:
        """Serve ``model`` under its name from now on; returns the one that was served before."""
        before = self._models.get(model.name)
        self._models[model.name] = model
        self._repository.update(model)
        if before is not None:
            metrics.retired(before.name, before.bundle)
        metrics.served(model.name, model.bundle)
        return before

    def find(self, name: str, version: str | None = None) -> ChurnModel:
        """The model of this name, in this version if one is given.

        Raises:
            UnknownModelError: there is none.
            ModelNotReady: it was stopped.
        """
        model = self._models.get(name)
        if model is None:
            raise UnknownModelError(f"no model {quote(name)}; there are {', '.join(self._models)}")
        if version and version != model.bundle.version:
            raise UnknownModelError(f"model '{name}' has version {model.bundle.version}, not {quote(version)}")
        if not model.ready:
            raise ModelNotReady(name)
        return model
