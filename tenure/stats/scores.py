"""The distribution of a model's predictions: probabilities, or the values of a regression."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError
from tenure.stats.profile import NumberProfile, bin_shares, numbers_from, of_numbers
from tenure.stats.psi import psi


@dataclass(frozen=True)
class ScoreProfile:
    """The reference: predictions for rows that the model was not trained on."""

    rows: int
    mean: float
    bins: NumberProfile
    """Its edges are the deciles."""

    @classmethod
    def of(cls, scores: NDArray[np.float64]) -> ScoreProfile:
        """The profile of predictions, shape (n,), n > 0."""
        return cls(len(scores), float(scores.mean()), of_numbers(scores))

    def shares(self, scores: NDArray[np.float64]) -> tuple[float, ...]:
        """Share of other predictions, shape (m,), m > 0, in each bin; (bins,)."""
        return bin_shares(scores, self.bins.edges)[0]

    def distance(self, scores: NDArray[np.float64]) -> float:
        """PSI of other predictions, shape (m,), m > 0."""
        return psi(np.array(self.bins.shares), np.array(self.shares(scores)), self.rows, len(scores))

    def to_dict(self) -> dict[str, Any]:
        """JSON values only; ``from_dict`` reads it back to an equal profile."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Any) -> ScoreProfile:
        """
        Raises:
            DataError: ``document`` is not a profile.
        """
        try:
            return cls(int(document["rows"]), float(document["mean"]), numbers_from(document["bins"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"not a profile of predictions: {type(error).__name__}: {error}") from error
