"""What a model predicts, as a distribution: probabilities, or the values of a regression."""

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
    """The reference: predictions for rows that the model had not learnt from."""

    rows: int
    mean: float
    bins: NumberProfile
    """Between the deciles."""

    @classmethod
    def of(cls, scores: NDArray[np.float64]) -> ScoreProfile:
        """The profile of predictions, shape (n,), n > 0."""
        return cls(len(scores), float(scores.mean()), of_numbers(scores))

    def distance(self, scores: NDArray[np.float64]) -> float:
        """PSI of other predictions, shape (m,), m > 0."""
        now, _ = bin_shares(scores, self.bins.edges)
        return psi(np.array(self.bins.shares), np.array(now), self.rows, len(scores))

    def to_dict(self) -> dict[str, Any]:
        """JSON values only; ``from_dict`` reads it back to an equal profile."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Any) -> ScoreProfile:
        """
        Raises:
            DataError: ``document`` is no profile.
        """
        try:
            return cls(int(document["rows"]), float(document["mean"]), numbers_from(document["bins"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"not a profile of predictions: {type(error).__name__}: {error}") from error
