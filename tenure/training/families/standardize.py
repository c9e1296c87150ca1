"""Scaling of columns and labels to mean 0 and standard deviation 1, to be folded into what is exported."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.training.families.family import Floats, Matrix

_DECIMALS = 8
"""Of a scaled label."""


class Scaling(NamedTuple):
    """``(x - mean) / scale``, shape (f,) each."""

    mean: Floats
    scale: Floats
    """Standard deviation; 1 for a constant column."""

    def apply(self, matrix: Matrix) -> Floats:
        """Scaled rows, float64, shape (n, f)."""
        scaled: Floats = (matrix - self.mean) / self.scale
        return scaled


def scaling_of(matrix: Matrix) -> Scaling:
    """The scaling that standardizes the columns of ``matrix``, shape (n, f)."""
    scale = matrix.std(axis=0, dtype="float64")
    # The spread of a constant column is rounding error, and counts as 0.
    scale[matrix.min(axis=0) == matrix.max(axis=0)] = 1.0
    return Scaling(matrix.mean(axis=0, dtype="float64"), scale)


class LabelScaling(NamedTuple):
    """``(label - mean) / spread`` of a regression's label: what penalties, float32 and differences of squares suit."""

    mean: float
    spread: float
    """Standard deviation; next to 0 for a constant label, so that it is predicted whatever is fitted."""

    def apply(self, label: NDArray) -> Floats:
        """Scaled labels, shape (n,), rounded: rounding errors, which depend on the label's unit, shall decide no tie
        between two splits of a tree."""
        scaled: Floats = np.round((label - self.mean) / self.spread, _DECIMALS)
        return scaled

    def restore(self, scaled: Floats) -> Floats:
        """Values in the label's unit, any shape."""
        value: Floats = self.mean + self.spread * scaled
        return value


def label_scaling(label: NDArray) -> LabelScaling:
    """The scaling that standardizes a label, shape (n,)."""
    return LabelScaling(float(np.mean(label)), float(np.std(label)) or float(np.finfo(np.float64).tiny))
