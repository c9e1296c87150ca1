"""All metrics of one model on one set of rows, each with its bootstrap interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tenure.stats.bootstrap import Estimate, exact_at_the_edge, percentile_interval, resample
from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.metrics import statistics
from tenure.tasks.churn.evaluation.sample import Floats, Scored, group

MAX_GROUPS = 2_048
"""Score groups of a resample. More distinct scores share groups of equal size: at most 1/2048 of the
pairs of a churner and a stayer are then counted as ties, far below what any interval shows."""

SHARES_OF = {
    "precision": ("true_positives", "false_positives"),
    "recall": ("true_positives", "false_negatives"),
    "accuracy": ("true_positives", "false_positives", "false_negatives", "true_negatives"),
    "contacted_share": ("true_positives", "false_positives", "false_negatives", "true_negatives"),
}
"""Metrics that are a share, and the counts that add up to what they are a share of."""


def measure(
    label: NDArray[np.integer],
    scored: Scored,
    campaign: Campaign,
    *,
    samples: int,
    seed: int,
    value: Floats | None = None,
) -> dict[str, Estimate]:
    """Metric name to estimate, for rows with ``label`` (rows,) in {0, 1}.

    Values are exact; intervals are 95 % percentile intervals over ``samples`` resamples of the rows.
    The interval of the calibration error is moved back by the bias that resampling adds to a sum of
    absolute values (Kumar, Liang & Ma 2019, "Verified uncertainty calibration", section 3).

    Args:
        value: (rows,) customer values, where they are not the campaign's.
    """
    exact = group(label, scored, value=value)
    point = {name: float(found[0]) for name, found in statistics(exact, _own(exact.count), campaign).items()}

    grouped = group(label, scored, MAX_GROUPS, value)
    centre = {name: float(found[0]) for name, found in statistics(grouped, _own(grouped.count), campaign).items()}
    chunks = [statistics(grouped, counts, campaign) for counts in resample(grouped.count, samples, seed)]
    resampled = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in point}

    found = {}
    for name, own in point.items():
        if name == "calibration_error":
            unbiased = percentile_interval(own, resampled[name], own - float(np.mean(resampled[name])))
            found[name] = replace(unbiased, low=max(0.0, unbiased.low or 0.0))
            continue
        # Grouping scores moves a metric a little; the interval belongs around the exact value.
        offset = own - centre[name] if np.isfinite(own) else 0.0
        estimate = percentile_interval(own, resampled[name], offset)
        total = sum(point[part] for part in SHARES_OF.get(name, ()))
        found[name] = exact_at_the_edge(estimate, total)
    return found


def _own(count: NDArray[np.int64]) -> NDArray[np.float64]:
    return count.astype(np.float64)[np.newaxis, :]
