"""Candidate against champion on the same rows: decision metric, profit, Brier score and calibration, each paired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import DecisionMetric
from tenure.evaluation.advantage import Advantage
from tenure.stats.bootstrap import Estimate, percentile_interval, resample_cells
from tenure.tasks.churn.evaluation.advantage import advantage
from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.sample import CALIBRATION_BINS, Floats, Ints, Scored, calibration_bin


@dataclass(frozen=True)
class ChurnComparison:
    """A candidate beside a champion on the same rows; differences are candidate minus champion."""

    different_decisions: int
    """Rows on which one contacts the customer and the other does not."""
    advantage: Advantage
    """In the decision metric."""
    profit_per_period: Estimate
    brier: Estimate
    calibration_error: Estimate
    calibration_resampled: Floats
    """(resamples,) differences of calibration error."""

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.advantage.rows,
            "different_decisions": self.different_decisions,
            "metric": self.advantage.metric,
            "difference": self.advantage.difference.to_json(),
            "share_better": self.advantage.share_better,
            "share_worse": self.advantage.share_worse,
            "profit_per_period": self.profit_per_period.to_json(),
            "brier": self.brier.to_json(),
            "calibration_error": self.calibration_error.to_json(),
        }


def compare(
    label: NDArray[np.integer],
    candidate: Scored,
    champion: Scored,
    campaign: Campaign,
    *,
    samples: int,
    seed: int,
    metric: DecisionMetric = "profit",
    value: Floats | None = None,
    customer: Ints | None = None,
) -> ChurnComparison:
    """Paired bootstrap over rows with ``label`` (rows,) in {0, 1}, or over customers with their rows.

    Args:
        metric: the decision metric.
        value: (rows,) customer values, where they are not the campaign's.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``.

    Raises:
        DataError: if the two have not scored the same number of rows.
    """

    def by(name: DecisionMetric) -> Advantage:
        return advantage(
            label,
            candidate,
            champion,
            campaign,
            samples=samples,
            seed=seed,
            metric=name,
            value=value,
            customer=customer,
        )

    decisive = by(metric)
    profit, brier = (decisive if name == metric else by(name) for name in ("profit", "brier"))
    calibration, resampled = _calibration(label, candidate, champion, samples=samples, seed=seed, customer=customer)
    return ChurnComparison(
        different_decisions=int(np.sum(candidate.contacted != champion.contacted)),
        advantage=decisive,
        profit_per_period=profit.difference,
        brier=brier.difference,
        calibration_error=calibration,
        calibration_resampled=resampled,
    )


def _calibration(
    label: NDArray[np.integer],
    candidate: Scored,
    champion: Scored,
    *,
    samples: int,
    seed: int,
    customer: Ints | None,
) -> tuple[Estimate, Floats]:
    """The difference of calibration error, and its resamples.

    Rows with one label and one bin of each model share a cell: a probability's spread inside a bin is nothing beside
    that of the label it is compared with.
    """
    bins = [calibration_bin(model.probability) for model in (candidate, champion)]
    key = (label.astype(np.int64) * CALIBRATION_BINS + bins[0]) * CALIBRATION_BINS + bins[1]
    _, first, cell, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    gaps = []
    for model, in_bin in zip((candidate, champion), bins, strict=True):
        gap = np.zeros((count.size, CALIBRATION_BINS))
        off = np.bincount(cell, weights=model.probability - label, minlength=count.size) / count
        gap[np.arange(count.size), in_bin[first]] = off
        gaps.append(gap)

    def difference(drawn: Floats) -> Floats:
        ours, theirs = (np.abs(drawn @ gap).sum(axis=1) for gap in gaps)
        found: Floats = (ours - theirs) / drawn.sum(axis=1)
        return found

    value = float(difference(count.astype(np.float64)[np.newaxis, :])[0])
    draws = resample_cells(cell, count.size, customer, samples, seed)
    resampled = np.concatenate([difference(drawn) for drawn in draws])
    return percentile_interval(value, resampled), resampled
