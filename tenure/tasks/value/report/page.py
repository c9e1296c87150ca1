"""The page of a regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.number_text import compact, quantity
from tenure.report.effects import shown_effects, shown_pairs
from tenure.report.page import NOTHING, Page
from tenure.tasks.value.report.figures import figures
from tenure.tasks.value.report.labels import METRICS, write_interval, write_metric
from tenure.tasks.value.report.story import tell

Json = Mapping[str, Any]


def value_page(evaluation: Json) -> Page:
    """The page of an evaluation."""
    unit = evaluation["target"]["unit"]
    return Page(
        package="tenure.tasks.value.report",
        template="regression.html",
        filters={
            "metric": lambda value, name: write_metric(name, value, unit),
            "between": lambda estimate, name: write_interval(name, estimate, unit),
            "quantity": lambda value: NOTHING if value is None else quantity(value, unit),
            "predicted": lambda value: NOTHING if value is None else quantity(value, unit),
        },
        variables={
            "story": tell(evaluation),
            "charts": figures(evaluation),
            "effects": shown_effects(evaluation, "the value", lambda change: _signed(change, unit)),
            "pairs": shown_pairs(evaluation),
            "metric_names": METRICS,
        },
    )


def _signed(change: float, unit: str) -> str:
    return f"{'' if change < 0.0 else '+'}{compact(change, unit)}"
