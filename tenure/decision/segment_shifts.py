"""Calibration by segment: a shift of the log-odds of a segment, where the common calibration is off there.

The shifts of all segments are estimates around 0, the common calibration, of which chance makes some large. They are
shrunk towards 0 by empirical Bayes: the variance between segments is estimated by the method of moments (DerSimonian
and Laird 1986, equation 9, with the mean known to be 0), and each shift is multiplied by that variance over its sum
with the shift's own. A shift moves all customers of a segment alike, so that their order within it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.decision.by_column import Gain
from tenure.decision.calibration import Floats, Method, Scale, log_odds, sigmoid
from tenure.decision.fit_calibration import FOLDS, fit, require_rows
from tenure.decision.segments import MAX_SHIFT, Bools
from tenure.stats.clusters import count_customers, customers_within, standard_error
from tenure.stats.fold_numbers import fold_numbers

NEWTON_STEPS = 30


@dataclass(frozen=True)
class Shift:
    """The shift of a segment, and how much lower it makes the cross-validated log loss."""

    value: float
    """Shrunk, of all rows; in log-odds."""
    gain: Gain

    @property
    def used(self) -> float:
        """The shift, or 0 where the gain is not clear."""
        # One standard error: Breiman et al. 1984, section 3.4.3.
        return self.value if self.gain.exceeds(1.0) else 0.0


def choose_shifts(
    margin: Floats,
    probability: Floats,
    label: NDArray[np.generic],
    segments: Sequence[Bools],
    *,
    method: Method,
    scale: Scale,
    seed: int,
    customer: NDArray[np.int64] | None = None,
) -> list[Shift]:
    """A shift for each segment.

    In each of ``FOLDS`` folds the common calibration and the shifts are fitted to the other rows.

    Args:
        margin, probability: the model's raw outputs on rows it was not fitted on, shape (n,).
        label: 0 or 1, shape (n,).
        segments: whether a row is in each segment, shape (n,) each; no row is in two.
        method, scale: of the common calibration.
        seed: of the division into folds.
        customer: of ``tenure.stats.clusters.customers_of``, shape (n,).

    Raises:
        DataError: a class has rows of fewer than two customers.
    """
    y = np.asarray(label, dtype=np.float64)
    folds = fold_numbers(y, min(FOLDS, require_rows(y, customer)), seed, customer)
    gain = np.zeros(len(y))
    for fold in range(int(folds.max()) + 1):
        rest, held = folds != fold, folds == fold
        z = log_odds(fit(method, margin[rest], probability[rest], y[rest], scale).apply(margin, probability))
        shifts = shrunk_shifts(z[rest], y[rest], [rows[rest] for rows in segments], customers_within(customer, rest))
        for rows, shift in zip(segments, shifts, strict=True):
            there = rows & held
            gain[there] = _loss(z[there], y[there]) - _loss(z[there] + shift, y[there])
    z = log_odds(fit(method, margin, probability, y, scale).apply(margin, probability))
    return [
        Shift(shift, Gain.of(gain[rows], customers_within(customer, rows), count_customers(customer, rows)))
        for rows, shift in zip(segments, shrunk_shifts(z, y, segments, customer), strict=True)
    ]


def shrunk_shifts(
    z: Floats, label: Floats, segments: Sequence[Bools], customer: NDArray[np.int64] | None = None
) -> list[float]:
    """The shifts of segments, shrunk towards 0.

    Args:
        z: log-odds by the common calibration, shape (n,).
        label: 0 or 1, shape (n,).
        segments, customer: as for ``choose_shifts``.
    """
    found = [_estimate(z[rows], label[rows], customers_within(customer, rows)) for rows in segments]
    shift, variance = (np.array([each[place] for each in found]) for place in (0, 1))
    between = max(0.0, float(((shift**2 / variance).sum() - len(found)) / (1.0 / variance).sum())) if found else 0.0
    return np.clip(shift * between / (between + variance), -MAX_SHIFT, MAX_SHIFT).tolist()


def _estimate(z: Floats, label: Floats, customer: NDArray[np.int64] | None) -> tuple[float, float]:
    """The shift of highest likelihood, and its variance by the sandwich estimator, which knows rows of one customer.

    Half a churner and half a stayer are added, so that a segment with rows of one class has a finite shift.
    """
    shift, spread = 0.0, 0.0
    for _ in range(NEWTON_STEPS):
        p = sigmoid(z + shift)
        extra = float(sigmoid(np.array([shift]))[0])
        spread = float((p * (1.0 - p)).sum()) + extra * (1.0 - extra)
        step = (float((label - p).sum()) + 0.5 - extra) / spread
        shift = float(np.clip(shift + np.clip(step, -1.0, 1.0), -2.0 * MAX_SHIFT, 2.0 * MAX_SHIFT))
        if abs(step) < 1e-9:
            break
    if len(label) < 2:
        return shift, np.inf
    error = len(label) * standard_error(label - sigmoid(z + shift), customer)
    return shift, max((error / spread) ** 2, 1e-12)


def _loss(z: Floats, label: Floats) -> Floats:
    loss: Floats = np.logaddexp(0.0, z) - label * z
    return loss
