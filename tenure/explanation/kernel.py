"""A kernel machine with radial basis functions as plain arrays: its support vectors are training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import VALUE_LINK, Link, check_finite
from tenure.explanation.distances import SCALES, by_distance, freeze_kept_rows

_ARRAYS = ("rows", "coefficients", *SCALES, "background")
ARRAYS = frozenset({*_ARRAYS, "intercept"})
"""Names of the arrays of ``KernelTerms.arrays``, but for the mark of a regression."""


@dataclass(frozen=True, eq=False)
class KernelTerms:
    """``margin = intercept + Σ coefficient_i · exp(-|x - row_i|²)``, in log-odds or in the label's unit.

    ``x`` is ``(clip(row, low, high) - centre) * scale``: the width of the kernel is part of ``scale``, and a value
    beyond all training rows counts as the farthest.

    Raises:
        ValueError: shapes differ, a value is not finite, or there is no row or no feature.
    """

    rows: NDArray[np.float64]
    """Scaled support vectors, shape (n, features)."""
    coefficients: NDArray[np.float64]
    """Shape (n,)."""
    intercept: float
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """Shape (features,), as the others of these four."""
    background: NDArray[np.float32]
    """Training rows, not scaled: the baseline of the contributions, shape (background rows, features)."""
    link: Link = "logit"

    def __post_init__(self) -> None:
        freeze_kept_rows("kernel", self, ("coefficients",))
        object.__setattr__(self, "intercept", float(self.intercept))
        check_finite("kernel", np.array(self.intercept))
        if self.link == "identity":
            raise ValueError("kernel: the link 'identity' needs a probability")

    @property
    def width(self) -> int:
        """Number of features read."""
        return int(self.rows.shape[1])

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Margins, shape (n,), of rows (n, features)."""

        def of_squares(square: NDArray[np.float64]) -> NDArray[np.float64]:
            np.negative(square, out=square)
            np.exp(square, out=square)
            margin: NDArray[np.float64] = square @ self.coefficients + self.intercept
            return margin

        return by_distance(self, matrix, of_squares)

    def arrays(self) -> dict[str, NDArray]:
        """The machine as named arrays."""
        named: dict[str, NDArray] = {name: getattr(self, name) for name in _ARRAYS}
        named["intercept"] = np.array(self.intercept)
        return named | ({VALUE_LINK: np.array(True)} if self.link == "value" else {})
