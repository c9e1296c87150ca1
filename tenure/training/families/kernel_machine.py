"""What a fitted kernel machine with radial basis functions is, whatever its label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tenure.explanation import KernelTerms, Link, background_of
from tenure.training.families.family import Floats, Matrix, Parameter, Parameters
from tenure.training.families.platt import Sigmoid
from tenure.training.families.standardize import LabelScaling, Scaling

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

MAX_ROWS = 5_000
"""Training rows that the machine is fitted to: its time grows with their square at least, and support vectors, of which
there are nearly as many where the classes overlap, are shipped with it."""


def suggest_kernel(trial: BaseTrial) -> dict[str, Parameter]:
    """Draw the penalty, and the kernel's ``gamma`` times the number of columns, as part of a family's search space."""
    return {
        "C": trial.suggest_float("C", 0.03, 30.0, log=True),
        "gamma": trial.suggest_float("gamma", 0.03, 3.0, log=True),
    }


def kernel_settings(parameters: Parameters, columns: int) -> dict[str, Any]:
    """Arguments of scikit-learn's estimators for standardized columns."""
    return {"kernel": "rbf", "C": parameters["C"], "gamma": float(parameters["gamma"]) / columns, "cache_size": 300}


@dataclass(frozen=True)
class KernelMachine:
    """The fitted machine, with what stands before and behind it."""

    machine: Any
    scaling: Scaling
    kept: Matrix
    """The rows that it was fitted to, not scaled; a value beyond them counts as their farthest."""
    output: Sigmoid | LabelScaling
    """From its margin to log-odds, or to the label's unit."""
    rounds: None = None

    def margin(self, matrix: Matrix) -> Floats:
        """The machine's own margin, shape (n,)."""
        scaled = self.scaling.apply(np.clip(matrix, self.kept.min(axis=0), self.kept.max(axis=0)))
        score = self.machine.predict if isinstance(self.output, LabelScaling) else self.machine.decision_function
        result: Floats = score(scaled)
        return result

    def predict(self, matrix: Matrix) -> Floats:
        margin = self.margin(matrix)
        return self.output.restore(margin) if isinstance(self.output, LabelScaling) else self.output.probability(margin)

    def terms(self) -> KernelTerms:
        """The width of the kernel folded into the columns' scale, sigmoid or label's scale into the coefficients."""
        width = np.sqrt(self.machine.gamma)
        output = self.output
        link: Link
        if isinstance(output, LabelScaling):
            slope, offset, link = output.spread, output.mean, "value"
        else:
            slope, offset, link = output.slope, output.offset, "logit"
        whole = KernelTerms(
            rows=self.machine.support_vectors_ * width,
            coefficients=slope * self.machine.dual_coef_[0],
            intercept=slope * float(self.machine.intercept_.item()) + offset,
            centre=self.scaling.mean,
            scale=width / self.scaling.scale,
            low=self.kept.min(axis=0).astype(np.float64),
            high=self.kept.max(axis=0).astype(np.float64),
            background=self.kept[:1],
            link=link,
        )
        return replace(whole, background=background_of(self.kept, whole.margin(self.kept)))
