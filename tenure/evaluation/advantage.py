"""The outcome of a paired comparison: by how much a candidate beats a champion in one metric.

Efron & Tibshirani 1993, chapter 16. Both models' predictions for a row are drawn together, so what makes a row hard for
both cancels out, and a small difference shows on far fewer rows than two separate intervals would need.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.stats.bootstrap import Estimate, Floats


@dataclass(frozen=True)
class Advantage:
    """The advantage of a candidate over a champion on some rows."""

    metric: str
    """By which the task compares models."""
    rows: int
    difference: Estimate
    """Candidate minus champion, in the metric's own units; profit of a period."""
    gains: Floats
    """(resamples,) differences, turned so that more is better."""
    worth: float
    """How much better the champion is than knowing nothing: profit of a period against contacting nobody, ROC-AUC over
    0.5, average precision over the churn rate, Brier score and log loss under those of the churn rate as probability;
    the error of a regression under that of the label's mean."""

    @property
    def share_better(self) -> float:
        """Share of resamples in which the candidate is better."""
        return float(np.mean(self.gains > 0.0))

    @property
    def share_worse(self) -> float:
        """Share of resamples in which the candidate is worse."""
        return float(np.mean(self.gains < 0.0))

    def share_within(self, margin: float) -> float:
        """Share of resamples in which the candidate loses at most ``margin``."""
        return float(np.mean(self.gains >= -margin))

    @property
    def standard_error(self) -> float:
        """Of the difference."""
        return float(np.std(self.gains))
