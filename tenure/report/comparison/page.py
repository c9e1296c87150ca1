"""The comparison as a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tenure.business_text import assumption
from tenure.number_text import quantity
from tenure.report.comparison.side import Side
from tenure.report.labels import FAMILIES
from tenure.report.page import NOTHING
from tenure.report.templates import environment, style
from tenure.tasks import get

SHOWN_COLUMNS = 15
"""Rows of the tables of importance and of drift."""

Json = Mapping[str, Any]


def render(comparison: Json, second: Side) -> str:
    """The page as HTML.

    Args:
        comparison: of ``tenure.report.comparison.compare``.
        second: whose task, currency and units the figures are written in.
    """
    page = get(comparison["task"]).page(second.evaluation)
    templates = environment("tenure.report")
    filters: dict[str, Callable[..., str]] = {
        **page.filters,
        "family": lambda name: str(FAMILIES.get(name, name)),
        "plain": _plain,
    }
    templates.filters |= filters
    money = page.variables.get("money_names", {})
    labels = {**page.variables["metric_names"], **money}
    metrics = [row for row in comparison["metrics"] if row["metric"] in labels]
    return templates.get_template("comparison.html").render(
        c=comparison,
        assumption=assumption(second.evaluation["business"]),
        style=style(templates, "style.css"),
        labels={name: label for name, (label, _) in labels.items()},
        metrics=sorted(metrics, key=lambda row: not row["paired"]),
        money_is_paired=any(row["paired"] and row["metric"] in money for row in metrics),
        importance=comparison["importance"][:SHOWN_COLUMNS],
        drift=(comparison["data"]["drift"] or [])[:SHOWN_COLUMNS],
    )


def _plain(value: Any) -> str:
    """A value of a contract, of a family's parameters or of a decision."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return quantity(value)
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value) or "none"
    return str(value)
