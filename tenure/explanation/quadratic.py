"""A sum of quadratic functions, one a feature: naive Bayes with normal and Bernoulli features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import Link, check_finite, freeze

_ARRAYS = ("weights", "curvatures", "means", "variances")


@dataclass(frozen=True, eq=False)
class QuadraticTerms:
    """``margin = intercept + d @ weights + d² @ curvatures`` with ``d = x - means``, in log-odds.

    Centred for numerical precision with features far from zero.

    Raises:
        ValueError: lengths differ, a value is not finite, a variance is negative or there is no feature.
    """

    weights: NDArray[np.float64]
    """Shape (features,)."""
    curvatures: NDArray[np.float64]
    """Shape (features,)."""
    intercept: float
    means: NDArray[np.float64]
    """Mean of every feature over the training rows, shape (features,)."""
    variances: NDArray[np.float64]
    """Variance of every feature over the training rows, shape (features,): the mean of ``d²``."""

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            freeze(self, name, np.float64)
            if getattr(self, name).shape != self.weights.shape or self.weights.ndim != 1 or not len(self.weights):
                raise ValueError(f"quadratic terms: '{name}' has shape {getattr(self, name).shape}, not (features,)")
        object.__setattr__(self, "intercept", float(self.intercept))
        check_finite("quadratic terms", *(getattr(self, name) for name in _ARRAYS), np.array(self.intercept))
        if (self.variances < 0).any():
            raise ValueError("quadratic terms: a variance is negative")

    @property
    def link(self) -> Link:
        return "logit"

    @property
    def width(self) -> int:
        """Number of features read."""
        return len(self.weights)

    def arrays(self) -> dict[str, NDArray]:
        """The terms as named arrays."""
        return {name: getattr(self, name) for name in _ARRAYS} | {"intercept": np.array(self.intercept)}


class QuadraticExplainer:
    """Exact contributions for independent features: each feature's term less its mean over the training rows."""

    def __init__(self, terms: QuadraticTerms) -> None:
        self._terms = terms
        self.expected = terms.intercept + float(terms.curvatures @ terms.variances)
        """Mean margin over the training rows: the baseline of the contributions."""

    def contributions(self, row: NDArray[np.float32]) -> NDArray[np.float64]:
        """Contribution of every feature of one row, shape (features,); their sum is ``margin - expected``."""
        terms = self._terms
        d = row - terms.means
        contribution: NDArray[np.float64] = terms.weights * d + terms.curvatures * (d * d - terms.variances)
        return contribution
