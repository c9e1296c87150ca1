"""Contributions to a linear model's margin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.model import LinearTerms


class LinearExplainer:
    """Exact contributions for independent features: ``w * (x - mean)`` (Lundberg and Lee 2017, corollary 1)."""

    def __init__(self, terms: LinearTerms) -> None:
        self._terms = terms
        self.expected = float(terms.means @ terms.weights) + terms.intercept
        """Margin of the average row: the baseline of the contributions."""

    def contributions(self, row: NDArray[np.float32]) -> NDArray[np.float64]:
        """Contribution of every feature of one row, shape (features,); their sum is ``margin - expected``."""
        contribution: NDArray[np.float64] = self._terms.weights * (row - self._terms.means)
        return contribution
