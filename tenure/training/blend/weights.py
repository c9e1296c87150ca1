"""Weights of the members of a blend, from their margins for rows that they were not fitted on.

Log-odds are weighted to predict a class, values to predict a number. From the simplest to the most flexible:

equal    a vote of all members
greedy   members are added one at a time, with replacement, whichever helps most (Caruana et al. 2004, "Ensemble
         selection from libraries of models")
fitted   weights that are not negative (Breiman 1996, "Stacked regressions"), with an intercept. They need not add up to
         1: so they take up what the members' treatment of imbalance did to their base rates. With few rows they are
         drawn towards equal shares (LeBlanc and Tibshirani 1996): what they gain by being fitted is then less than what
         it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.decision.calibration import sigmoid

Floats = NDArray[np.float64]

GREEDY_STEPS = 25
"""Weights are multiples of 1/25."""

SMALLEST_WEIGHT = 0.02
"""A member with less is left out, and the others weighted anew: it would cost its whole time in serving."""

EQUAL_PULL = 30.0
"""Strength of the pull to equal weights, over the number of rows: at 1,000 rows about as strong as the data where
members differ by a unit of log-odds, at 100,000 hardly felt."""


class Weights(NamedTuple):
    """``margin = intercept + Σ weight · margin of the member``."""

    weights: Floats
    """Shape (members,), not negative."""
    intercept: float = 0.0

    def apply(self, margins: Floats) -> Floats:
        """The blend's margins, shape (n,), from those of the members, shape (n, members)."""
        total: Floats = margins @ self.weights + self.intercept
        return total


class Loss(NamedTuple):
    """What weights are chosen by."""

    rows: Callable[[Floats, Floats], Floats]
    """Of margin and label, shape (n,) each: the loss of each row."""
    slope: Callable[[Floats, Floats], Floats]
    """Its derivative by the margin."""
    scale: Callable[[Floats], float]
    """Of the label: what makes the loss comparable with the pull to equal weights."""


def _log_loss(margin: Floats, label: Floats) -> Floats:
    return np.logaddexp(0.0, margin) - label * margin


def _log_loss_slope(margin: Floats, label: Floats) -> Floats:
    return sigmoid(margin) - label


LOG_LOSS = Loss(_log_loss, _log_loss_slope, lambda label: 1.0)  # noqa: ARG005 log-odds have a scale of their own
SQUARED_ERROR = Loss(
    lambda margin, label: 0.5 * (margin - label) ** 2,
    lambda margin, label: margin - label,
    lambda label: float(max(label.var(), np.finfo(np.float64).tiny)),
)


def equal(margins: Floats, label: Floats, loss: Loss) -> Weights:  # noqa: ARG001 they depend on neither
    """The same share for every member; margins (n, members)."""
    members = margins.shape[1]
    return Weights(np.full(members, 1.0 / members))


def greedy(margins: Floats, label: Floats, loss: Loss) -> Weights:
    """Shares of ``GREEDY_STEPS`` additions; margins (n, members), label (n,)."""
    counts = np.zeros(margins.shape[1])
    total = np.zeros(len(label))
    for step in range(1, GREEDY_STEPS + 1):
        losses = [loss.rows((total + column) / step, label).mean() for column in margins.T]
        best = int(np.argmin(losses))
        counts[best] += 1.0
        total += margins[:, best]
    return Weights(counts / GREEDY_STEPS)


def fitted(margins: Floats, label: Floats, loss: Loss) -> Weights:
    """Weights ≥ 0 and the intercept with the smallest mean loss and pull; margins (n, members), label (n,)."""
    keep = np.arange(margins.shape[1])
    found = _fitted(margins, label, loss)
    while len(keep) > 1 and found.weights.min() < SMALLEST_WEIGHT:
        keep = np.delete(keep, int(np.argmin(found.weights)))
        found = _fitted(margins[:, keep], label, loss)
    weights = np.zeros(margins.shape[1])
    weights[keep] = np.maximum(found.weights, SMALLEST_WEIGHT)
    return Weights(weights, found.intercept)


METHODS: Mapping[str, Callable[[Floats, Floats, Loss], Weights]] = {
    "equal": equal,
    "greedy": greedy,
    "fitted": fitted,
}
"""From the simplest to the most flexible."""


def _fitted(margins: Floats, label: Floats, loss: Loss) -> Weights:
    from scipy.optimize import minimize

    count = margins.shape[1]
    share, scale = 1.0 / count, loss.scale(label)
    pull = EQUAL_PULL / len(label) * scale

    def objective(x: Floats) -> tuple[float, Floats]:
        margin, away = margins @ x[:count] + x[count], x[:count] - share
        residual = loss.slope(margin, label) / len(label)
        value = loss.rows(margin, label).mean() + pull * away @ away
        gradient = np.append(margins.T @ residual + 2.0 * pull * away, residual.sum())
        return float(value) / scale, gradient / scale

    start = np.append(np.full(count, share), 0.0)
    bounds = [(0.0, None)] * count + [(None, None)]
    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-8, "ftol": 1e-12}
    )
    return Weights(found.x[:count], float(found.x[count]))
