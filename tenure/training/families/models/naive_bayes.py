"""Naive Bayes: indicators by their shares, other columns as normal, all independent within a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tenure.explanation import QuadraticTerms
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters, Rows
from tenure.training.families.imbalance import balance, suggest_imbalance
from tenure.training.families.standardize import Scaling, scaling_of
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


@dataclass(frozen=True)
class NaiveBayesModel:
    """Two fitted estimators over disjoint columns; their log-odds add up, with the prior counted once."""

    gaussian: Any | None
    bernoulli: Any | None
    indicator: NDArray[np.bool_]
    """Shape (f,): columns of the second; the others are the first's."""
    prior: Floats
    """Logarithm of the classes' shares, shape (2,)."""
    scaling: Scaling
    training: Matrix
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        joint = self.prior.copy()
        if self.gaussian is not None:
            wide = self.scaling.apply(matrix)[:, ~self.indicator]
            joint = joint + self.gaussian.predict_joint_log_proba(wide) - self.prior
        if self.bernoulli is not None:
            joint = joint + self.bernoulli.predict_joint_log_proba(matrix[:, self.indicator]) - self.prior
        difference = joint[:, 1] - joint[:, 0]
        result: Floats = np.exp(-np.logaddexp(0.0, -difference))
        return result

    def terms(self) -> QuadraticTerms:
        """Log-odds as parabolas around the training means.

        A normal column with means m_c and variances v_c of the scaled value adds, for d = x - mean, s = scale and
        a_c = (mean - scaling mean) / s - m_c,  -(d/s + a_c)² / (2 v_c) - log(v_c) / 2  for class 1 less class 0.
        An indicator adds x · log(p) + (1 - x) · log(1 - p), as the library has it for any x.
        """
        mean = self.training.mean(axis=0, dtype=np.float64)
        weights, curvatures = np.zeros(len(mean)), np.zeros(len(mean))
        intercept = float(self.prior[1] - self.prior[0])
        if self.gaussian is not None:
            columns = ~self.indicator
            scale = self.scaling.scale[columns]
            away = (mean - self.scaling.mean)[columns] / scale - self.gaussian.theta_
            precision = 1.0 / self.gaussian.var_
            curvatures[columns] = -0.5 * (precision[1] - precision[0]) / scale**2
            weights[columns] = -(away[1] * precision[1] - away[0] * precision[0]) / scale
            constant = -0.5 * (away**2 * precision - np.log(precision)).sum(axis=1)
            intercept += float(constant[1] - constant[0])
        if self.bernoulli is not None:
            present = self.bernoulli.feature_log_prob_
            absent = np.log1p(-np.exp(present))
            slope = (present - absent)[1] - (present - absent)[0]
            weights[self.indicator] = slope
            absent_both = absent.sum(axis=1)
            intercept += float(absent_both[1] - absent_both[0]) + float(slope @ mean[self.indicator])
        return QuadraticTerms(weights, curvatures, intercept, mean, self.training.var(axis=0, dtype=np.float64))


class NaiveBayes:
    name: ClassVar[str] = "naive_bayes"
    cost: ClassVar[float] = 1.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "alpha": 1.0, "var_smoothing": 1e-3}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {
            **suggest_imbalance(trial),
            "alpha": trial.suggest_float("alpha", 0.1, 100.0, log=True),
            "var_smoothing": trial.suggest_float("var_smoothing", 1e-6, 1.0, log=True),
        }

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> NaiveBayesModel:
        from sklearn.naive_bayes import BernoulliNB, GaussianNB

        with limited(threads):
            balanced = balance(rows, parameters["imbalance"], seed)
            matrix, label, weight = balanced
            indicator = ((matrix == 0.0) | (matrix == 1.0)).all(axis=0)
            # Scaled, as the smoothing is a share of the largest variance of all columns.
            scaling = scaling_of(matrix)
            gaussian = bernoulli = None
            if not indicator.all():
                gaussian = GaussianNB(var_smoothing=parameters["var_smoothing"])
                gaussian.fit(scaling.apply(matrix)[:, ~indicator], label, sample_weight=weight)
            if indicator.any():
                bernoulli = BernoulliNB(alpha=parameters["alpha"], binarize=None)
                bernoulli.fit(matrix[:, indicator], label, sample_weight=weight)
            share = np.bincount(label.astype(np.int64), weights=weight, minlength=2)
        return NaiveBayesModel(gaussian, bernoulli, indicator, np.log(share / share.sum()), scaling, rows.matrix)


FAMILY = NaiveBayes()
