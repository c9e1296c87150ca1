"""Multi-layer perceptron on standardized columns that predicts a mean."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.network import NetworkModel, network_settings, suggest_network
from tenure.training.families.standardize import label_scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class MlpRegression:
    name: ClassVar[str] = "mlp_regression"
    cost: ClassVar[float] = 20.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"hidden": 32, "layers": 1, "alpha": 0.1, "learning_rate": 1e-2, "epochs": 40}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return suggest_network(trial)

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
        from sklearn.neural_network import MLPRegressor

        with limited(threads), warnings.catch_warnings():
            # See ``network_settings``.
            warnings.simplefilter("ignore", ConvergenceWarning)
            scaling, label = scaling_of(rows.matrix), label_scaling(rows.label)
            estimator = MLPRegressor(**network_settings(parameters, len(rows.label), seed))
            estimator.fit(scaling.apply(rows.matrix), label.apply(rows.label))
        return NetworkModel(estimator, scaling, rows.matrix, label)


FAMILY = MlpRegression()
