"""Tenure: churn prediction as software.

From a table to a prediction::

    import tenure

    data = tenure.load("datasets/telco")        # or a CSV, a pandas table…: a contract is drafted
    print(tenure.check(data))
    model = tenure.train(data)
    print(tenure.evaluate(model))
    print(model.predict(rows))                  # or tenure.score(model, "today.csv")

``read`` loads a model from its bundle, ``explain`` says what moved a prediction, ``monitor`` compares current customers
with those that a model was trained on. What each raises is in ``tenure.errors``; ``tenure.progress.listening`` shows
progress.

The functions are imported when they are first used (PEP 562): ``import tenure`` itself takes about a millisecond. The
library knows nothing of Kubeflow Pipelines, KServe or Kubernetes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenure.api.check import check
    from tenure.api.dataset import Dataset, load
    from tenure.api.evaluate import Evaluation, evaluate
    from tenure.api.explain import Explanation, explain
    from tenure.api.model import Model, read
    from tenure.api.monitor import monitor
    from tenure.api.predictions import Predictions
    from tenure.api.score import Scores, score
    from tenure.api.train import train

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "Evaluation",
    "Explanation",
    "Model",
    "Predictions",
    "Scores",
    "check",
    "evaluate",
    "explain",
    "load",
    "monitor",
    "read",
    "score",
    "train",
]

_MODULES = {
    "Dataset": "dataset",
    "Evaluation": "evaluate",
    "Explanation": "explain",
    "Model": "model",
    "Predictions": "predictions",
    "Scores": "score",
    "check": "check",
    "evaluate": "evaluate",
    "explain": "explain",
    "load": "dataset",
    "monitor": "monitor",
    "read": "model",
    "score": "score",
    "train": "train",
}
"""Module of ``tenure.api`` that has a name."""


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'tenure' has no attribute '{name}'")
    value = getattr(import_module(f"tenure.api.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
