"""Multi-layer perceptron on standardized columns."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.network import NetworkModel, network_settings, suggest_network
from tenure.training.families.standardize import scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class Mlp:
    name: ClassVar[str] = "mlp"
    cost: ClassVar[float] = 20.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {
        "imbalance": "none",
        "hidden": 16,
        "layers": 1,
        "alpha": 1.0,
        "learning_rate": 3e-3,
        "epochs": 20,
    }

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {**suggest_imbalance(trial), **suggest_network(trial)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> NetworkModel:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        with limited(threads), warnings.catch_warnings():
            # See ``network_settings``.
            warnings.simplefilter("ignore", ConvergenceWarning)
            balanced = balance(rows, parameters["imbalance"], seed)
            scaling = scaling_of(balanced.matrix)
            estimator = MLPClassifier(**network_settings(parameters, len(balanced.label), seed))
            weight = None if parameters["imbalance"] == "none" else balanced.weight
            estimator.fit(scaling.apply(balanced.matrix), balanced.label, sample_weight=weight)
        return NetworkModel(estimator, scaling, rows.matrix)


FAMILY = Mlp()
