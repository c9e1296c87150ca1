"""Fits under the contract's monotone features: constraints for boosters, and bounds on the weights of linear models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.training.families.family import Floats, Rows, Signs

if TYPE_CHECKING:
    from tenure.training.families.imbalance import Balanced
    from tenure.transform import Feature


def signs_of(directions: Mapping[str, int], features: Sequence[Feature]) -> Signs | None:
    """What ``Rows.monotone`` is for the columns of an encoded matrix; None if no feature is monotone.

    Args:
        directions: by input or derived feature, see ``tenure.contract.monotone``.
        features: of the matrix, in order. Flags of missing values have no direction.
    """
    signs = np.array([directions.get(each.source, 0) if each.kind == "number" else 0 for each in features], np.int8)
    return signs if signs.any() else None


def booster_constraints(rows: Rows) -> dict[str, str]:
    """Parameter of XGBoost for ``rows``."""
    if rows.monotone is None:
        return {}
    return {"monotone_constraints": f"({','.join(map(str, rows.monotone.tolist()))})"}


def tree_constraints(rows: Rows) -> list[int] | None:
    """``monotonic_cst`` of scikit-learn for ``rows``.

    A list: each tree of a forest negates an array of int8 in place.
    """
    return None if rows.monotone is None else rows.monotone.tolist()


def constrain_logistic(estimator: Any, scaled: Floats, balanced: Balanced, signs: Signs) -> None:
    """Give a fitted logistic regression the best weights of these signs, by L-BFGS-B on scikit-learn's objective.

    The objective is convex: where the free optimum has the signs already, it stays.

    Args:
        estimator: of scikit-learn, fitted to ``scaled``; changed.
        scaled: shape (n, f).
        balanced: labels and weights of these rows.
        signs: as ``Rows.monotone``.
    """
    from scipy.optimize import minimize

    weights = estimator.coef_[0]
    if (weights * signs >= 0.0).all():
        return
    width, strength = len(weights), float(estimator.C)
    label, weight = balanced.label.astype(np.float64), strength * balanced.weight
    total = weight.sum()

    def loss(x: Floats) -> tuple[float, Floats]:
        margin = scaled @ x[:width] + x[width]
        residual = weight * (np.exp(-np.logaddexp(0.0, -margin)) - label)
        value = weight @ (np.logaddexp(0.0, margin) - label * margin) + 0.5 * x[:width] @ x[:width]
        return float(value / total), np.append(scaled.T @ residual + x[:width], residual.sum()) / total

    start = np.append(np.where(weights * signs < 0.0, 0.0, weights), estimator.intercept_[0])
    options = {"gtol": 1e-8, "ftol": 1e-14, "maxiter": 5_000, "maxfun": 50_000}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*_bounds(signs), (None, None)], options=options)
    estimator.coef_ = found.x[None, :width]
    estimator.intercept_ = found.x[width:]


def constrain_ridge(estimator: Any, scaled: Floats, label: NDArray, signs: Signs) -> None:
    """As ``constrain_logistic`` for a ridge regression: bounded least squares on the normal equations.

    Args:
        estimator: of scikit-learn, fitted to ``scaled``; changed.
        scaled: shape (n, f), columns of mean 0.
        label: shape (n,).
        signs: as ``Rows.monotone``.
    """
    from scipy.optimize import lsq_linear

    if (estimator.coef_ * signs >= 0.0).all():
        return
    # |Xw - y|² + a|w|² is |L'w - L⁻¹X'y|² but for a constant, where LL' = X'X + aI.
    lower = np.linalg.cholesky(scaled.T @ scaled + float(estimator.alpha) * np.eye(len(signs)))
    target = np.linalg.solve(lower, scaled.T @ (label - label.mean()))
    # Its bounds must differ: a free weight is bounded by infinities.
    low, high = np.where(signs > 0, 0.0, -np.inf), np.where(signs < 0, 0.0, np.inf)
    estimator.coef_ = lsq_linear(lower.T, target, (low, high), method="bvls", tol=1e-12).x
    estimator.intercept_ = float(label.mean())


def _bounds(signs: Signs) -> list[tuple[float | None, float | None]]:
    return [(0.0 if sign > 0 else None, 0.0 if sign < 0 else None) for sign in signs.tolist()]
