"""The page of a classification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.business_text import default_mark, marked, per
from tenure.number_text import money, percent
from tenure.report.effects import shown_effects, shown_pairs
from tenure.report.page import NOTHING, Page
from tenure.tasks.churn.report.figures import figures
from tenure.tasks.churn.report.labels import METRICS, money_names, write_interval, write_metric
from tenure.tasks.churn.report.story import tell

Json = Mapping[str, Any]


def churn_page(evaluation: Json) -> Page:
    """The page of an evaluation."""
    currency = evaluation["business"]["currency"]
    return Page(
        package="tenure.tasks.churn.report",
        template="classification.html",
        filters={
            "money": lambda value: NOTHING if value is None else money(value, currency),
            "metric": lambda value, name: write_metric(name, value, currency),
            "predicted": lambda value: NOTHING if value is None else percent(value),
            "between": lambda estimate, name: write_interval(name, estimate, currency),
        },
        variables={
            "story": tell(evaluation),
            "charts": figures(evaluation),
            "effects": shown_effects(evaluation, "the probability", lambda change: f"{100 * change:+.3g} pts"),
            "pairs": shown_pairs(evaluation),
            "metric_names": METRICS,
            "money_names": money_names(marked(evaluation["business"])),
            "per": per(evaluation["business"]),
            "mark": default_mark(evaluation["business"]),
        },
    )
