"""What a fitted multi-layer perceptron is, whatever its label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tenure.explanation import Link, NetworkTerms, background_of
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters
from tenure.training.families.standardize import LabelScaling, Scaling

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


def suggest_network(trial: BaseTrial) -> dict[str, Parameter]:
    """Draw size, penalty, learning rate and epochs, as part of a family's search space."""
    return {
        "hidden": trial.suggest_int("hidden", 8, 64, log=True),
        "layers": trial.suggest_int("layers", 1, 2),
        "alpha": trial.suggest_float("alpha", 1e-4, 30.0, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 5e-4, 2e-2, log=True),
        "epochs": trial.suggest_int("epochs", 8, 40, log=True),
    }


def network_settings(parameters: Parameters, rows: int, seed: int) -> dict[str, Any]:
    """Arguments of scikit-learn's estimators.

    The number of epochs is a parameter: their warning about running out of them is to be ignored.
    """
    return {
        "hidden_layer_sizes": (parameters["hidden"],) * int(parameters["layers"]),
        "alpha": parameters["alpha"],
        "learning_rate_init": parameters["learning_rate"],
        "max_iter": parameters["epochs"],
        "batch_size": min(max(64, rows // 200), rows),
        "n_iter_no_change": int(parameters["epochs"]),
        "random_state": seed,
    }


@dataclass(frozen=True)
class NetworkModel:
    """The fitted network, with the scaling that it was fitted behind."""

    estimator: Any
    scaling: Scaling
    training: Matrix
    label: LabelScaling | None = None
    """Of a regression's label; None for a classifier."""
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        scaled = self.scaling.apply(matrix)
        if self.label is not None:
            return self.label.restore(self.estimator.predict(scaled))
        result: Floats = self.estimator.predict_proba(scaled)[:, 1]
        return result

    def terms(self) -> NetworkTerms:
        """The scaling folded into the first layer, that of a label into the last."""
        weights, biases = list(self.estimator.coefs_), list(self.estimator.intercepts_)
        weights[0] = weights[0] / self.scaling.scale[:, None]
        biases[0] = biases[0] - self.scaling.mean @ weights[0]
        link: Link = "logit"
        if self.label is not None:
            weights[-1] = weights[-1] * self.label.spread
            biases[-1], link = self.label.restore(biases[-1]), "value"
        whole = NetworkTerms(tuple(weights), tuple(biases), self.training[:1], link)
        return replace(whole, background=background_of(self.training, whole.margin(self.training)))
