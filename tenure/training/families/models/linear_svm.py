"""Linear support vector machine on standardized columns, its margin turned into log-odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tenure.explanation import LinearTerms
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.standardize import Scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class SvmModel:
    """The fitted machine, and the sigmoid over its margin."""

    machine: Any
    sigmoid: Any
    scaling: Scaling
    training_mean: Floats
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        margin = self.machine.decision_function(self.scaling.apply(matrix))
        result: Floats = self.sigmoid.predict_proba(margin[:, None])[:, 1]
        return result

    def terms(self) -> LinearTerms:
        """Sigmoid and scaling folded in."""
        slope, offset = float(self.sigmoid.coef_.item()), float(self.sigmoid.intercept_.item())
        weights = slope * self.machine.coef_[0] / self.scaling.scale
        intercept = slope * float(self.machine.intercept_.item()) + offset - float(weights @ self.scaling.mean)
        return LinearTerms(weights, intercept, self.training_mean)


class LinearSvm:
    """Squared hinge loss with an L2 penalty.

    The sigmoid (Platt 1999) is fitted to the training rows' own margins: with far more rows than columns they are
    hardly better than fresh ones, and the bundle's calibration looks at rows of its own in any case. It puts the
    objectives that read probabilities on a par with the other families.
    """

    name: ClassVar[str] = "linear_svm"
    cost: ClassVar[float] = 3.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "C": 0.01}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {**suggest_imbalance(trial), "C": trial.suggest_float("C", 1e-4, 10.0, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> SvmModel:
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC

        with limited(threads):
            balanced = balance(rows, parameters["imbalance"], seed)
            scaling = scaling_of(balanced.matrix)
            wide = scaling.apply(balanced.matrix)
            machine = LinearSVC(C=parameters["C"], dual=False, tol=1e-6, max_iter=10_000, random_state=seed)
            machine.fit(wide, balanced.label, sample_weight=balanced.weight)
            margin = machine.decision_function(wide)[:, None]
            sigmoid = LogisticRegression(C=1e6, tol=1e-8).fit(margin, balanced.label, sample_weight=balanced.weight)
        return SvmModel(machine, sigmoid, scaling, rows.matrix.mean(axis=0, dtype="float64"))


FAMILY = LinearSvm()
