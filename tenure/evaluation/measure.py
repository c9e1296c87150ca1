"""All metrics of one model on one set of rows, each with its bootstrap interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.evaluation.bootstrap import Estimate, percentile_interval, resample
from tenure.evaluation.campaign import Campaign
from tenure.evaluation.metrics import statistics
from tenure.evaluation.sample import Scored, group

MAX_GROUPS = 2_048
"""Score groups of a resample. More distinct scores share groups of equal size: at most 1/2048 of the
pairs of a churner and a stayer are then counted as ties, far below what any interval shows."""

NEVER_NEGATIVE = frozenset({"calibration_error"})


def measure(
    label: NDArray[np.integer], scored: Scored, campaign: Campaign, *, samples: int, seed: int
) -> dict[str, Estimate]:
    """Metric name to estimate, for rows with ``label`` (rows,) in {0, 1}.

    Values are exact; intervals are 95 % percentile intervals over ``samples`` resamples of the rows.
    The interval of the calibration error is moved back by the bias that resampling adds to a sum of
    absolute values (Kumar, Liang & Ma 2019, "Verified uncertainty calibration", section 3).
    """
    exact = group(label, scored)
    point = {name: float(found[0]) for name, found in statistics(exact, _own(exact.count), campaign).items()}

    grouped = group(label, scored, MAX_GROUPS)
    centre = {name: float(found[0]) for name, found in statistics(grouped, _own(grouped.count), campaign).items()}
    chunks = [statistics(grouped, counts, campaign) for counts in resample(grouped.count, samples, seed)]
    resampled = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in point}

    found = {}
    for name, value in point.items():
        offset = value - centre[name] if np.isfinite(value) else 0.0
        if name == "calibration_error":
            offset = value - float(np.mean(resampled[name]))
        estimate = percentile_interval(value, resampled[name], offset)
        if name in NEVER_NEGATIVE and estimate.low is not None:
            estimate = Estimate(estimate.value, max(0.0, estimate.low), estimate.high)
        found[name] = estimate
    return found


def _own(count: NDArray[np.int64]) -> NDArray[np.float64]:
    return count.astype(np.float64)[np.newaxis, :]
