"""Fitting calibrations, and choosing one by cross-validated log loss. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenure.decision.calibration import Calibration, Floats, Method, Scale, log_odds, log_share, sigmoid
from tenure.errors import DataError

METHODS: tuple[Method, ...] = ("none", "sigmoid", "beta", "isotonic")
"""From the stiffest to the most flexible."""

FOLDS = 5
NEWTON_STEPS = 100


@dataclass(frozen=True)
class CalibrationChoice:
    """The calibration chosen, and the cross-validated log loss of every method."""

    calibration: Calibration
    log_loss: dict[str, float]


def choose_calibration(
    margin: Floats,
    probability: Floats,
    label: NDArray,
    *,
    link: Literal["logit", "identity"],
    seed: int,
    customer: NDArray[np.int64] | None = None,
) -> CalibrationChoice:
    """Fit the simplest calibration that no more flexible one beats clearly.

    Each method is scored by the log loss of ``FOLDS`` stratified folds, with all rows of a customer in one. A more
    flexible method replaces a stiffer one only if its loss is lower by more than one standard error of the paired
    differences over rows (the one-standard-error rule of Breiman et al. 1984, section 3.4.3): with some hundred rows
    the lowest loss alone is often luck.

    Args:
        margin, probability: the model's raw outputs on rows it was not fitted on, shape (n,).
        label: 0 or 1, shape (n,).
        link: ``identity`` if the margin is itself a probability.
        seed: of the division into folds.
        customer: of ``tenure.stats.clusters.customers_of``, shape (n,).

    Raises:
        DataError: if a class has rows of fewer than two customers.
    """
    # A server, which only applies calibrations, does not load these.
    from tenure.stats.clusters import standard_error
    from tenure.stats.fold_numbers import fold_numbers

    y = np.asarray(label, dtype=np.float64)
    smallest = require_rows(y, customer)
    scale: Scale = "margin" if link == "logit" else "probability"
    folds = fold_numbers(y, min(FOLDS, smallest), seed, customer)
    losses: dict[Method, Floats] = {}
    for method in METHODS:
        held_out = np.empty(len(y))
        for fold in range(int(folds.max()) + 1):
            rest, held = folds != fold, folds == fold
            fitted = fit(method, margin[rest], probability[rest], y[rest], scale)
            held_out[held] = fitted.apply(margin[held], probability[held])
        losses[method] = _row_log_loss(held_out, y)
    chosen: Method = METHODS[0]
    for method in METHODS[1:]:
        gain = losses[chosen] - losses[method]
        if gain.mean() > standard_error(gain, customer):
            chosen = method
    return CalibrationChoice(
        fit(chosen, margin, probability, y, scale), {method: float(loss.mean()) for method, loss in losses.items()}
    )


def require_rows(label: NDArray[np.generic], customer: NDArray[np.int64] | None = None) -> int:
    """Rows of the smaller class, of labels 0 or 1, shape (n,); by ``customer``, shape (n,), customers with such rows.

    Raises:
        DataError: if a class has fewer than two.
    """
    from tenure.stats.clusters import count_customers

    smallest = min(count_customers(customer, label == kind) for kind in (0, 1))
    if smallest < 2:
        what = "rows" if customer is None else "customers"
        raise DataError(f"calibration needs two {what} of each class among the rows held out, one class has {smallest}")
    return smallest


def fit(method: Method, margin: Floats, probability: Floats, label: Floats, scale: Scale) -> Calibration:
    """Fit one method; arguments as in ``choose_calibration``."""
    if method == "none":
        return Calibration()
    if method == "isotonic":
        x, y = centered_isotonic(probability, label)
        return Calibration(method="isotonic", x=tuple(x.tolist()), y=tuple(y.tolist()))
    if method == "beta":
        rise, fall, intercept = beta(probability, label)
        return Calibration(method="beta", rise=rise, fall=fall, intercept=intercept)
    slope, intercept = platt(margin if scale == "margin" else log_odds(probability), label)
    return Calibration(method="sigmoid", scale=scale, slope=slope, intercept=intercept)


def platt(z: Floats, label: Floats) -> tuple[float, float]:
    """Slope and intercept of Platt's sigmoid, by Newton's method with backtracking.

    Targets are smoothed as in Platt 1999, section 2.2; the iteration is that of Lin, Lin and Weng 2007, algorithm 1.
    The slope is held at 0 or above: a model that ranks backwards gets one probability for all.
    """
    positives = label.sum()
    negatives = len(label) - positives
    target = np.where(label > 0, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    flat = float(np.log(target.mean()) - np.log1p(-target.mean()))
    spread = z.std()
    if spread == 0.0:
        return 0.0, flat
    center = z.mean()
    design = np.column_stack([(z - center) / spread, np.ones(len(z))])
    beta = np.array([0.0, flat])
    loss = _cross_entropy(design @ beta, target)
    for _ in range(NEWTON_STEPS):
        p = sigmoid(design @ beta)
        gradient = design.T @ (p - target)
        if np.abs(gradient).max() < 1e-9 * len(z):
            break
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-10:
            candidate = _cross_entropy(design @ (beta - size * step), target)
            if candidate <= loss - 1e-4 * size * (gradient @ step):
                break
            size /= 2.0
        else:
            break
        beta, loss = beta - size * step, candidate
    if beta[0] <= 0.0:
        return 0.0, flat
    slope = float(beta[0] / spread)
    return slope, float(beta[1] - slope * center)


def beta(probability: Floats, label: Floats) -> tuple[float, float, float]:
    """Exponents of p and of 1 - p, and the intercept, of a beta calibration: the logistic regression of the label on
    log(p) and -log(1 - p), both exponents at least 0 so that the map rises (Kull et al. 2017, section 4).
    """
    from scipy.optimize import minimize

    rising, falling = log_share(probability)
    design = np.column_stack([rising, -falling, np.ones(len(label))])

    def loss(x: Floats) -> tuple[float, Floats]:
        z = design @ x
        return _cross_entropy(z, label) / len(label), design.T @ (sigmoid(z) - label) / len(label)

    found = minimize(
        loss, np.array([1.0, 1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (0.0, None), (None, None)]
    )
    rise, fall, intercept = found.x.tolist()
    return rise, fall, intercept


def centered_isotonic(x: Floats, label: Floats) -> tuple[Floats, Floats]:
    """Knots of a centered isotonic regression (Oron and Flournoy 2017): rising and piecewise linear.

    The blocks of the pool-adjacent-violators fit shrink to their mean points, so that the map rises between them
    where plain isotonic regression has steps: customers keep an order, and a contact limit can cut anywhere.
    Knots stay half a row away from 0 and 1, where a log loss would be infinite.
    """
    order = np.argsort(x, kind="stable")
    points, starts = np.unique(x[order], return_index=True)
    weights = np.diff(np.append(starts, len(x))).astype(np.float64)
    sums = np.add.reduceat(label[order], starts)
    blocks: list[tuple[float, float, float]] = []  # weight, sum of labels, weighted sum of x
    for point, weight, total in zip(points, weights, sums, strict=True):
        block = (float(weight), float(total), float(weight * point))
        while blocks and blocks[-1][1] * block[0] >= block[1] * blocks[-1][0]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    table = np.array(blocks)
    edge = 0.5 / len(x)
    knots, values = table[:, 2] / table[:, 0], np.clip(table[:, 1] / table[:, 0], edge, 1.0 - edge)
    # Two means of neighbouring blocks can round to one float.
    distinct = np.append(True, np.diff(knots) > 0)
    return knots[distinct], values[distinct]


def _cross_entropy(z: Floats, target: Floats) -> float:
    return float((np.logaddexp(0.0, z) - target * z).sum())


def _row_log_loss(probability: Floats, label: Floats) -> Floats:
    p = np.clip(probability, 1e-15, 1.0 - 1e-15)
    loss: Floats = -np.where(label > 0, np.log(p), np.log1p(-p))
    return loss
