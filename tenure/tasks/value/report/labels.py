"""Names of the metrics of a regression, and their values as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.number_text import compact, percent, quantity, score
from tenure.report.page import NOTHING

METRICS = {
    "rmse": ("RMSE", "root of the mean squared error: large misses weigh most"),
    "mae": ("Mean absolute error", "how far off a prediction is on average"),
    "r2": ("R²", "1 less the squared error over that of predicting the mean"),
    "relative_absolute_error": ("Error against the mean's", "absolute error over that of predicting the mean"),
    "mape": ("MAPE", "mean error in per cent of the true value, where that is not 0"),
    "bias": ("Bias", "mean of prediction less true value"),
    "coverage": ("Coverage", "true values that lie inside their interval"),
    "interval_width": ("Interval width", "from the low to the high end, on average"),
    "mean_label": ("Mean true value", "of the customers evaluated"),
    "mean_value": ("Mean prediction", "for the customers evaluated"),
    "contacted_share": ("Contacted", "share of customers at or over the threshold"),
}

SHARES = frozenset({"relative_absolute_error", "mape", "coverage", "contacted_share"})
"""Metrics written in per cent."""

UNITLESS = frozenset({"r2"})

LARGE = 10_000.0
"""From here on the ends of an interval are written short."""


def write_metric(name: str, value: float | None, unit: str) -> str:
    """A metric as text."""
    if value is None:
        return NOTHING
    if name in SHARES:
        return percent(value)
    return score(value) if name in UNITLESS else quantity(value, unit)


def write_interval(name: str, estimate: Mapping[str, Any], unit: str) -> str:
    """The interval, as short as a table's cell needs it."""
    low, high = estimate["low"], estimate["high"]
    if low is None or high is None:
        return NOTHING
    if name in SHARES:
        return f"{100 * low:.1f} to {100 * high:.1f} %"
    if name in UNITLESS:
        return f"{score(low)} to {score(high)}"
    write = compact if max(abs(low), abs(high)) >= LARGE else quantity
    return f"{write(low, unit)} to {write(high, unit)}"
