"""Candidate against champion on the same rows, for a regression: the paired bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.errors import DataError
from tenure.evaluation.advantage import Advantage
from tenure.stats.bootstrap import Estimate, percentile_interval
from tenure.stats.resampling import resampled_sums
from tenure.tasks.value.evaluation.measure import Objective
from tenure.tasks.value.evaluation.sample import Floats, Ints, ScoredValues


@dataclass(frozen=True)
class ValueComparison:
    """A candidate beside a champion on the same rows; differences are candidate minus champion."""

    different_values: int
    """Rows for which the two predict different values."""
    advantage: Advantage
    """In the objective: RMSE or MAE."""
    rmse: Estimate
    mae: Estimate
    coverage: Estimate
    interval_width: Estimate
    shortfall_resampled: Floats
    """(resamples,) differences of how far coverage falls short of the model's own level."""

    def to_json(self) -> dict[str, Any]:
        estimates = {name: getattr(self, name).to_json() for name in ("rmse", "mae", "coverage", "interval_width")}
        return {
            "rows": self.advantage.rows,
            "different_values": self.different_values,
            "metric": self.advantage.metric,
            "difference": self.advantage.difference.to_json(),
            "share_better": self.advantage.share_better,
            "share_worse": self.advantage.share_worse,
            **estimates,
        }


def compare(
    label: Floats,
    candidate: ScoredValues,
    champion: ScoredValues,
    *,
    objective: Objective,
    samples: int,
    seed: int,
    customer: Ints | None = None,
) -> ValueComparison:
    """Paired bootstrap over rows with ``label`` (rows,), or over customers with their rows.

    Args:
        customer: (rows,) of ``tenure.stats.clusters.customers_of``.

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
    ours, theirs = _measures(terms.sum(axis=0)[np.newaxis, :], levels)
    chunks = [_measures(sums, levels) for sums in resampled_sums(terms, samples, seed, customer)]
    with np.errstate(invalid="ignore"):
        point = (ours - theirs)[0]
        resampled = np.concatenate([one - other for one, other in chunks])
    rmse, mae, coverage, width = (
        percentile_interval(float(point[column]), resampled[:, column]) for column in range(4)
    )
    column = 0 if objective == "rmse" else 1
    return ValueComparison(
        different_values=int(np.sum(candidate.value != champion.value)),
        advantage=Advantage(
            metric=objective,
            rows=label.size,
            difference=rmse if objective == "rmse" else mae,
            gains=-resampled[:, column],
            worth=_error_of_the_mean(label, objective) - float(theirs[0, column]),
        ),
        rmse=rmse,
        mae=mae,
        coverage=coverage,
        interval_width=width,
        shortfall_resampled=resampled[:, 4],
    )


def _error_of_the_mean(label: Floats, objective: Objective) -> float:
    with np.errstate(over="ignore"):
        return float(np.std(label) if objective == "rmse" else np.mean(np.abs(label - np.mean(label))))


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
