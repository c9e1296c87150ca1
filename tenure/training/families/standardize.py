"""Scaling of columns to mean 0 and standard deviation 1, to be folded into what is exported."""

from __future__ import annotations

from typing import NamedTuple

from tenure.training.families.family import Floats, Matrix


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
