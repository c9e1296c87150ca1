"""All metrics of one model on one set of rows, each with its bootstrap interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tenure.stats.bootstrap import Estimate, exact_at_the_edge, percentile_interval, resample_cells
from tenure.stats.clusters import count_customers
from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.metrics import statistics
from tenure.tasks.churn.evaluation.sample import Bools, Floats, Ints, Scored, group

MAX_GROUPS = 2_048
"""Score groups of a resample. More distinct scores share groups of equal size: at most 1/2048 of the
pairs of a churner and a stayer are then counted as ties, far below what any interval shows."""

SHARES = frozenset({"precision", "recall", "accuracy", "contacted_share"})
"""Metrics that are a share of the rows ``_share_of``."""


def measure(
    label: NDArray[np.integer],
    scored: Scored,
    campaign: Campaign,
    *,
    samples: int,
    seed: int,
    value: Floats | None = None,
    customer: Ints | None = None,
) -> dict[str, Estimate]:
    """Metric name to estimate, for rows with ``label`` (rows,) in {0, 1}.

    Values are exact; intervals are 95 % percentile intervals over ``samples`` resamples of the rows,
    or of the customers with their rows (``tenure.stats.bootstrap.resample_cells``).
    The interval of the calibration error is moved back by the bias that resampling adds to a sum of
    absolute values (Kumar, Liang & Ma 2019, "Verified uncertainty calibration", section 3).

    Args:
        value: (rows,) customer values, where they are not the campaign's.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``.
    """
    exact = group(label, scored, value=value)
    point = {name: float(found[0]) for name, found in statistics(exact, _own(exact.count), campaign).items()}

    grouped = group(label, scored, MAX_GROUPS, value)
    centre = {name: float(found[0]) for name, found in statistics(grouped, _own(grouped.count), campaign).items()}
    draws = resample_cells(grouped.cell, grouped.count.size, customer, samples, seed)
    chunks = [statistics(grouped, counts, campaign) for counts in draws]
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
        total = count_customers(customer, _share_of(name, label, scored)) if name in SHARES else 0
        found[name] = exact_at_the_edge(estimate, total)
    return found


def _share_of(name: str, label: NDArray[np.integer], scored: Scored) -> Bools:
    """(rows,) which rows a metric of ``SHARES`` is a share of."""
    if name == "precision":
        return scored.contacted
    return label == 1 if name == "recall" else np.ones(label.size, dtype=bool)


def _own(count: NDArray[np.int64]) -> NDArray[np.float64]:
    return count.astype(np.float64)[np.newaxis, :]
