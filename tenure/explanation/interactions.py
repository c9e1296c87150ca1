"""A polynomial of the second degree: linear and quadratic terms, and products of two features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import VALUE_LINK, Link, check_finite, freeze

ARRAYS = ("weights", "pairs", "coefficients", "means", "variances", "low", "high")


@dataclass(frozen=True, eq=False)
class InteractionTerms:
    """``margin = intercept + d @ weights + Σ coefficient · d_i · d_j`` over pairs (i, j), with ``d = clipped - means``.

    ``clipped`` is the row with every feature clipped to ``low`` and ``high``, since a parabola does not extrapolate.
    The margin is in log-odds or in the label's unit.

    Raises:
        ValueError: lengths differ, a value is not finite, a variance is negative, or a pair names an unknown feature.
    """

    weights: NDArray[np.float64]
    """Shape (features,)."""
    pairs: NDArray[np.int32]
    """Shape (pairs, 2): features i ≤ j; i = j is a quadratic term."""
    coefficients: NDArray[np.float64]
    """Shape (pairs,)."""
    intercept: float
    means: NDArray[np.float64]
    """Mean of every feature over the training rows, shape (features,)."""
    variances: NDArray[np.float64]
    """Variance of every feature over the training rows, shape (features,): the mean of ``d²``."""
    low: NDArray[np.float64]
    """Smallest value of every feature among the training rows, shape (features,)."""
    high: NDArray[np.float64]
    """Largest value of every feature among the training rows, shape (features,)."""
    link: Link = "value"

    def __post_init__(self) -> None:
        for name in ARRAYS:
            freeze(self, name, np.int32 if name == "pairs" else np.float64)
        object.__setattr__(self, "intercept", float(self.intercept))
        for name in ("weights", "means", "variances", "low", "high"):
            if getattr(self, name).shape != self.weights.shape or self.weights.ndim != 1 or not len(self.weights):
                raise ValueError(f"interaction terms: '{name}' has shape {getattr(self, name).shape}, not (features,)")
        if self.coefficients.ndim != 1 or self.pairs.shape != (len(self.coefficients), 2):
            raise ValueError(f"interaction terms: pairs {self.pairs.shape} for {self.coefficients.shape} coefficients")
        if (self.pairs < 0).any() or (self.pairs >= len(self.weights)).any():
            raise ValueError("interaction terms: a pair names an unknown feature")
        if (self.pairs[:, 0] > self.pairs[:, 1]).any():
            raise ValueError("interaction terms: a pair is not in order")
        floats = (getattr(self, name) for name in ARRAYS if name != "pairs")
        check_finite("interaction terms", *floats, np.array(self.intercept))
        if (self.variances < 0).any() or (self.low > self.high).any():
            raise ValueError("interaction terms: a variance is negative, or a low above its high")
        if self.link == "identity":
            raise ValueError("interaction terms: the link 'identity' needs a probability")

    @property
    def width(self) -> int:
        """Features read."""
        return len(self.weights)

    def arrays(self) -> dict[str, NDArray]:
        """The terms as named arrays."""
        named: dict[str, NDArray] = {name: getattr(self, name) for name in ARRAYS}
        named["intercept"] = np.array(self.intercept)
        return named | ({VALUE_LINK: np.array(True)} if self.link == "value" else {})


class InteractionExplainer:
    """Exact contributions for independent features (Lundberg and Lee 2017, equation 8).

    A linear term belongs to its feature, as does a quadratic one less its mean over the training rows. A product of two
    centred features is shared equally by both.
    """

    def __init__(self, terms: InteractionTerms) -> None:
        self._terms = terms
        self._first, self._second = terms.pairs[:, 0], terms.pairs[:, 1]
        # The mean of a product of different independent features is 0.
        self._means = np.where(self._first == self._second, terms.variances[self._first], 0.0)
        self.expected = terms.intercept + float(terms.coefficients @ self._means)
        """Mean margin over independent features: the baseline of the contributions."""

    def contributions(self, row: NDArray[np.float32]) -> NDArray[np.float64]:
        """Contribution of every feature of one row, shape (features,); their sum is ``margin - expected``."""
        terms = self._terms
        away = np.clip(row.astype(np.float64), terms.low, terms.high) - terms.means
        shared = 0.5 * terms.coefficients * (away[self._first] * away[self._second] - self._means)
        count = len(away)
        halves = np.bincount(self._first, shared, count) + np.bincount(self._second, shared, count)
        contribution: NDArray[np.float64] = terms.weights * away + halves
        return contribution
