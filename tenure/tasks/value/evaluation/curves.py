"""The numbers behind the charts of a regression, with as many points as a chart shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.stats.clusters import customers_within, effective_rows
from tenure.stats.wilson import wilson
from tenure.tasks.value.evaluation.sample import Bools, Floats, Ints, ScoredValues

DECILES = 10
BARS = 30
"""Of the histogram of errors."""
POINTS = 400
"""Customers drawn by themselves."""
TAILS = (0.005, 0.995)
"""Quantiles between which the histogram's bars lie; what is beyond is in the outermost two."""

Json = dict[str, Any]


def curves(label: Floats, scored: ScoredValues, *, seed: int, customer: Ints | None = None) -> Json:
    """What the report draws, as lists of numbers.

    ``deciles`` of the predicted value: rows, mean prediction, mean label with the middle 80 % of the labels, the
    middle 80 % of the errors, coverage with its Wilson interval (Wilson 1927; of the effective number of rows where
    customers, by ``customer`` (rows,), have several), mean width of the intervals.
    ``points``: label and prediction of a few hundred rows, each as likely as any other. ``errors``: histogram of
    prediction less label.
    """
    error = scored.value - label
    covered = scored.covers(label)
    groups = _deciles(scored.value)
    return {
        "deciles": [
            _decile(label, error, covered, scored, groups == decile, customer=customer) for decile in np.unique(groups)
        ],
        "points": _points(label, scored.value, seed),
        "errors": _histogram(error),
    }


def _deciles(value: Floats) -> Ints:
    """(rows,) which tenth of the predicted values, from 0; equal values are in one group, so there may be fewer."""
    edges = np.unique(np.quantile(value, np.linspace(0.0, 1.0, DECILES + 1)[1:-1], method="lower"))
    return np.searchsorted(edges, value, side="right")


def _decile(
    label: Floats,
    error: Floats,
    covered: Bools,
    scored: ScoredValues,
    inside: NDArray[np.bool_],
    *,
    customer: Ints | None,
) -> Json:
    rows = int(inside.sum())
    low, high = np.quantile(label[inside], (0.1, 0.9))
    error_low, error_high = np.quantile(error[inside], (0.1, 0.9))
    coverage = float(covered[inside].mean())
    effective = effective_rows(covered[inside], customers_within(customer, inside))
    coverage_low, coverage_high = wilson(coverage, effective)
    return {
        "rows": rows,
        "value": float(scored.value[inside].mean()),
        "label": float(label[inside].mean()),
        "label_low": float(low),
        "label_high": float(high),
        "error": float(error[inside].mean()),
        "error_low": float(error_low),
        "error_high": float(error_high),
        "coverage": coverage,
        "coverage_low": coverage_low,
        "coverage_high": coverage_high,
        "interval_width": float((scored.high - scored.low)[inside].mean()),
    }


def _points(label: Floats, value: Floats, seed: int) -> Json:
    kept = np.random.default_rng(seed).permutation(label.size)[:POINTS]
    return {"label": label[kept].tolist(), "value": value[kept].tolist()}


def _histogram(error: Floats) -> Json:
    low, high = np.quantile(error, TAILS)
    if low == high:
        low, high = float(error.min()), float(error.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, _ = np.histogram(np.clip(error, low, high), bins=BARS, range=(low, high))
    return {"low": float(low), "high": float(high), "counts": counts.tolist()}
