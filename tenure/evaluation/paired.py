"""Candidate against champion on the same rows: the paired bootstrap (Efron & Tibshirani 1993, chapter 16).

Both models' answers for a row are drawn together, so what makes a row hard for both cancels out,
and a small difference shows on far fewer rows than two separate intervals would need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError
from tenure.evaluation.bootstrap import Estimate, percentile_interval, resample
from tenure.evaluation.campaign import Campaign
from tenure.evaluation.sample import CALIBRATION_BINS, Floats, Scored, calibration_bin

FINE_BINS = 5 * CALIBRATION_BINS
"""Bins of a probability within which rows share a cell: a probability's spread inside 0.02 is nothing
beside that of the label it is compared with."""


@dataclass(frozen=True)
class Comparison:
    """How a candidate does against a champion on the same rows; differences are candidate minus champion."""

    rows: int
    different_decisions: int
    """Rows on which one contacts the customer and the other does not."""
    profit_per_day: Estimate
    share_better: float
    """Share of resamples in which the candidate earns more."""
    share_worse: float
    brier: Estimate
    calibration_error: Estimate
    calibration_resampled: Floats
    """(resamples,) differences of calibration error."""

    def share_calibrated_within(self, margin: float) -> float:
        """Share of resamples in which the calibration error exceeds the champion's by at most ``margin``."""
        return float(np.mean(self.calibration_resampled <= margin))

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "different_decisions": self.different_decisions,
            "profit_per_day": self.profit_per_day.to_json(),
            "share_better": self.share_better,
            "share_worse": self.share_worse,
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
) -> Comparison:
    """Paired bootstrap over rows with ``label`` (rows,) in {0, 1}.

    Raises:
        DataError: if the two have not scored the same number of rows.
    """
    if not label.size == candidate.probability.size == champion.probability.size:
        raise DataError(
            f"candidate and champion must score the same rows: {label.size} labels,"
            f" {candidate.probability.size} and {champion.probability.size} probabilities"
        )
    positive = label.astype(np.int64)
    answers = [(model, calibration_bin(model.probability, FINE_BINS)) for model in (candidate, champion)]
    key = positive
    for model, fine_bin in answers:
        key = (key * 2 + model.contacted) * FINE_BINS + fine_bin
    _, first, cell, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)

    churned = positive[first].astype(np.float64)
    sides = []
    for model, fine_bin in answers:
        mean = np.bincount(cell, weights=model.probability, minlength=count.size) / count
        squared = np.bincount(cell, weights=(model.probability - positive) ** 2, minlength=count.size) / count
        gap = np.zeros((count.size, CALIBRATION_BINS))
        gap[np.arange(count.size), fine_bin[first] // (FINE_BINS // CALIBRATION_BINS)] = mean - churned
        contacted = model.contacted[first].astype(np.float64)
        sides.append(np.column_stack((contacted, contacted * churned, squared, gap)))
    # Both sides in one product: the counts are the large operand, and are read once.
    both = np.hstack(sides)

    def differences(drawn: Floats) -> Floats:
        totals, rows = drawn @ both, drawn.sum(axis=1)
        ours, theirs = np.split(totals, 2, axis=1)
        return _measures(ours, rows, campaign) - _measures(theirs, rows, campaign)

    point = differences(count.astype(np.float64)[np.newaxis, :])
    resampled = np.concatenate([differences(drawn) for drawn in resample(count, samples, seed)])
    profit, brier, calibration = (
        percentile_interval(float(point[0, column]), resampled[:, column]) for column in range(3)
    )
    return Comparison(
        rows=label.size,
        different_decisions=int(np.sum(candidate.contacted != champion.contacted)),
        profit_per_day=profit,
        share_better=float(np.mean(resampled[:, 0] > 0.0)),
        share_worse=float(np.mean(resampled[:, 0] < 0.0)),
        brier=brier,
        calibration_error=calibration,
        calibration_resampled=resampled[:, 2],
    )


def _measures(totals: Floats, rows: Floats, campaign: Campaign) -> Floats:
    """(resamples, 3) profit a day, Brier score and calibration error.

    Args:
        totals: (resamples, 3 + bins) customers contacted, churners among them, squared error, and the gap between
            probability and label in each calibration bin.
        rows: (resamples,).
    """
    contacted, hit, squared = totals[:, 0], totals[:, 1], totals[:, 2]
    a_day = campaign.profit(hit, contacted) / rows * campaign.day_scale(contacted / rows)
    calibration = np.abs(totals[:, 3:]).sum(axis=1) / rows
    return np.stack((a_day, squared / rows, calibration), axis=1)
