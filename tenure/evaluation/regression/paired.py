"""Candidate against champion on the same rows, for a regression: the paired bootstrap.

As ``tenure.evaluation.paired``: both models' errors on a row are drawn together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.errors import DataError
from tenure.evaluation.bootstrap import Estimate, percentile_interval
from tenure.evaluation.regression.measure import Objective
from tenure.evaluation.regression.resampling import resampled_sums
from tenure.evaluation.regression.scored import ScoredValues
from tenure.evaluation.sample import Floats


@dataclass(frozen=True)
class ValueComparison:
    """How a candidate does against a champion on the same rows; differences are candidate minus champion."""

    rows: int
    objective: Objective
    different_values: int
    """Rows on which the two predict something else."""
    rmse: Estimate
    mae: Estimate
    share_better: float
    """Share of resamples in which the candidate's objective is smaller."""
    share_worse: float
    coverage: Estimate
    interval_width: Estimate
    shortfall_resampled: Floats
    """(resamples,) differences of how far coverage falls short of the model's own level."""
    excess_resampled: Floats
    """(resamples,) by what share of the champion's the candidate's objective is larger."""

    @property
    def error(self) -> Estimate:
        """The difference of the objective."""
        return self.rmse if self.objective == "rmse" else self.mae

    def share_covered_within(self, margin: float) -> float:
        """Share of resamples in which the shortfall of coverage exceeds the champion's by at most ``margin``."""
        return float(np.mean(self.shortfall_resampled <= margin))

    def share_within(self, excess: float) -> float:
        """Share of resamples in which the objective is larger than the champion's by at most that share of it."""
        return float(np.mean(self.excess_resampled <= excess))

    def to_json(self) -> dict[str, Any]:
        estimates = {name: getattr(self, name).to_json() for name in ("rmse", "mae", "coverage", "interval_width")}
        return {
            "rows": self.rows,
            "objective": self.objective,
            "different_values": self.different_values,
            "share_better": self.share_better,
            "share_worse": self.share_worse,
            **estimates,
        }


def compare(
    label: Floats, candidate: ScoredValues, champion: ScoredValues, *, objective: Objective, samples: int, seed: int
) -> ValueComparison:
    """Paired bootstrap over rows with ``label`` (rows,).

    Raises:
        DataError: if the two have not scored the same number of rows.
    """
    if not label.size == candidate.value.size == champion.value.size:
        raise DataError(
            f"candidate and champion must score the same rows: {label.size} labels,"
            f" {candidate.value.size} and {champion.value.size} values"
        )
    levels = candidate.level, champion.level
    terms = np.hstack([np.ones((label.size, 1)), *(_terms(label, model) for model in (candidate, champion))])
    point = np.subtract(*_measures(terms.sum(axis=0)[np.newaxis, :], levels))
    chunks = [_measures(sums, levels) for sums in resampled_sums(terms, samples, seed)]
    ours, theirs = (np.concatenate(side) for side in zip(*chunks, strict=True))
    with np.errstate(invalid="ignore"):
        resampled = ours - theirs
    estimates = [percentile_interval(float(point[0, column]), resampled[:, column]) for column in range(4)]
    column = 0 if objective == "rmse" else 1
    error = resampled[:, column]
    return ValueComparison(
        rows=label.size,
        objective=objective,
        different_values=int(np.sum(candidate.value != champion.value)),
        rmse=estimates[0],
        mae=estimates[1],
        share_better=float(np.mean(error < 0.0)),
        share_worse=float(np.mean(error > 0.0)),
        coverage=estimates[2],
        interval_width=estimates[3],
        shortfall_resampled=resampled[:, 4],
        excess_resampled=_excess(error, theirs[:, column]),
    )


def _terms(label: Floats, scored: ScoredValues) -> Floats:
    with np.errstate(over="ignore"):
        error = scored.value - label
        return np.stack((error**2, np.abs(error), scored.covers(label), scored.high - scored.low), axis=1)


def _measures(sums: Floats, levels: tuple[float, float]) -> tuple[Floats, Floats]:
    """(resamples, 5) of each model: RMSE, MAE, coverage, width and shortfall of coverage.

    Args:
        sums: (resamples, 9) rows; squared error, absolute error, rows covered and width, of both models.
    """
    ours, theirs = (
        np.column_stack((np.sqrt(mean[:, 0]), mean[:, 1:], np.maximum(0.0, level - mean[:, 2])))
        for mean, level in zip(np.split(sums[:, 1:] / sums[:, :1], 2, axis=1), levels, strict=True)
    )
    return ours, theirs


def _excess(difference: Floats, champion: Floats) -> Floats:
    """``difference`` in shares of ``champion``; infinite where the champion has no error and the candidate has."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(difference == 0.0, 0.0, difference / champion))
