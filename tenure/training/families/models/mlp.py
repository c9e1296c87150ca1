"""Multi-layer perceptron on standardized columns."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tenure.explanation import NetworkTerms, background_of
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.standardize import Scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class NetworkModel:
    """The fitted network, with the scaling that it was fitted behind."""

    estimator: Any
    scaling: Scaling
    training: Matrix
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        result: Floats = self.estimator.predict_proba(self.scaling.apply(matrix))[:, 1]
        return result

    def terms(self) -> NetworkTerms:
        """The scaling folded into the first layer."""
        weights, biases = list(self.estimator.coefs_), list(self.estimator.intercepts_)
        weights[0] = weights[0] / self.scaling.scale[:, None]
        biases[0] = biases[0] - self.scaling.mean @ weights[0]
        whole = NetworkTerms(tuple(weights), tuple(biases), self.training[:1])
        return NetworkTerms(whole.weights, whole.biases, background_of(self.training, whole.margin(self.training)))


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
        return {
            **suggest_imbalance(trial),
            "hidden": trial.suggest_int("hidden", 8, 64, log=True),
            "layers": trial.suggest_int("layers", 1, 2),
            "alpha": trial.suggest_float("alpha", 1e-4, 30.0, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 5e-4, 2e-2, log=True),
            "epochs": trial.suggest_int("epochs", 8, 40, log=True),
        }

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
            # The number of epochs is a parameter: running out of them is no failure.
            warnings.simplefilter("ignore", ConvergenceWarning)
            balanced = balance(rows, parameters["imbalance"], seed)
            scaling = scaling_of(balanced.matrix)
            estimator = MLPClassifier(
                hidden_layer_sizes=(parameters["hidden"],) * int(parameters["layers"]),
                alpha=parameters["alpha"],
                learning_rate_init=parameters["learning_rate"],
                max_iter=parameters["epochs"],
                batch_size=min(max(64, len(balanced.label) // 200), len(balanced.label)),
                n_iter_no_change=int(parameters["epochs"]),
                random_state=seed,
            )
            weight = None if parameters["imbalance"] == "none" else balanced.weight
            estimator.fit(scaling.apply(balanced.matrix), balanced.label, sample_weight=weight)
        return NetworkModel(estimator, scaling, rows.matrix)


FAMILY = Mlp()
