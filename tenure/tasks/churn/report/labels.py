"""Names of the metrics of a classification, and their values as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.number_text import compact_money, money, percent, score
from tenure.report.page import NOTHING

METRICS = {
    "roc_auc": ("ROC-AUC", "chance that a churner is ranked above a stayer"),
    "average_precision": ("Average precision", "area under the precision-recall curve"),
    "accuracy": ("Accuracy", "decisions that were right"),
    "precision": ("Precision", "contacted customers who churn"),
    "recall": ("Recall", "churners who are contacted"),
    "f1": ("F1", "harmonic mean of precision and recall"),
    "brier": ("Brier score", "mean squared error of the probability"),
    "log_loss": ("Log loss", "mean surprise, in nats"),
    "calibration_error": ("Calibration error", "mean distance of probability and churn rate, ten bins"),
    "contacted_share": ("Contacted", "share of customers at or over the threshold"),
    "return_on_cost": ("Return on cost", "profit for each unit spent on offers"),
}

SHARES = frozenset({"accuracy", "precision", "recall", "contacted_share"})
"""Metrics written in per cent."""

MONEY = {
    "profit_per_period": ("Profit", "kept value less the offers, against contacting nobody"),
    "cost_per_period": ("Offers", "paid for every contacted customer"),
    "lost_value_per_period": ("Lost with missed churners", "churners who leave without having been contacted"),
}
"""Sums for a period, which ``money_names`` adds."""


def money_names(period: str) -> dict[str, tuple[str, str]]:
    """Name and meaning of the sums of money, by metric.

    Args:
        period: what they are for and rest on, see ``tenure.business_text.marked``: ``Profit a day``.
    """
    return {metric: (f"{name} {period}", meaning) for metric, (name, meaning) in MONEY.items()}


def write_metric(name: str, value: float | None, currency: str) -> str:
    """A metric as text."""
    if value is None:
        return NOTHING
    if name in SHARES:
        return percent(value)
    if name in MONEY:
        return money(value, currency)
    return f"{value:.1f}" if name == "return_on_cost" else score(value)


def write_interval(name: str, estimate: Mapping[str, Any], currency: str) -> str:
    """The interval, as short as a table's cell needs it."""
    low, high = estimate["low"], estimate["high"]
    if low is None or high is None:
        return NOTHING
    if name in SHARES:
        return f"{100 * low:.0f} to {100 * high:.0f} %"
    if name in MONEY:
        return f"{compact_money(low, currency)} to {compact_money(high, currency)}"
    return f"{low:.1f} to {high:.1f}" if name == "return_on_cost" else f"{score(low)} to {score(high)}"
