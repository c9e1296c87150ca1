"""The report: one HTML file that needs nothing else, for people and for print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tenure.contract.settings import Task
from tenure.evaluation.words import compact_money, money, percent, score
from tenure.report.fairness import fairness
from tenure.report.figures import figures
from tenure.report.labels import FAMILIES, METRICS, MONEY, SHARES
from tenure.report.page import NOTHING, Page
from tenure.report.regression import value_page
from tenure.report.story import tell
from tenure.report.templates import environment, style

Json = Mapping[str, Any]


def render(evaluation: Json, *, validation: Json | None, ingest: Json | None) -> str:
    """The report as HTML.

    Args:
        evaluation: content of ``evaluation.json``.
        validation: content of ``validation.json``, for the section on data quality.
        ingest: content of ``ingest.json``, likewise.
    """
    templates = environment()
    # Records from before there were regressions name no task.
    page = PAGES[evaluation.get("task", "classification")](evaluation)
    filters: dict[str, Callable[..., str]] = {
        "signed": lambda value: NOTHING if value is None else f"{value:+.3f}",
        "family": lambda name: str(FAMILIES.get(name, name)),
        **page.filters,
    }
    templates.filters |= filters
    template = templates.get_template(page.template)
    slices = _by_column(evaluation["slices"])
    return template.render(
        e=evaluation,
        validation=validation,
        ingest=ingest,
        style=style(templates, "style.css"),
        slices=slices,
        fairness=fairness(slices),
        warnings=[] if validation is None else [c for c in validation["checks"] if c["level"] != "pass"],
        **page.variables,
    )


def churn_page(evaluation: Json) -> Page:
    """What the report of a classification says."""
    currency = evaluation["business"]["currency"]
    return Page(
        template="report.html",
        filters={
            "money": lambda value: NOTHING if value is None else money(value, currency),
            "metric": lambda value, name: _metric(name, value, currency),
            "between": lambda estimate, name: _between(name, estimate, currency),
        },
        variables={
            "story": tell(evaluation),
            "charts": figures(evaluation),
            "metric_names": METRICS,
            "money_names": MONEY,
        },
    )


PAGES: dict[Task, Callable[[Json], Page]] = {"classification": churn_page, "regression": value_page}


def _metric(name: str, value: float | None, currency: str) -> str:
    if value is None:
        return NOTHING
    if name in SHARES:
        return percent(value)
    if name in MONEY:
        return money(value, currency)
    return f"{value:.1f}" if name == "return_on_cost" else score(value)


def _between(name: str, estimate: Json, currency: str) -> str:
    """The interval, as short as a table's cell needs it."""
    low, high = estimate["low"], estimate["high"]
    if low is None or high is None:
        return NOTHING
    if name in SHARES:
        return f"{100 * low:.0f} to {100 * high:.0f} %"
    if name in MONEY:
        return f"{compact_money(low, currency)} to {compact_money(high, currency)}"
    return f"{low:.1f} to {high:.1f}" if name == "return_on_cost" else f"{score(low)} to {score(high)}"


def _by_column(slices: list[Json]) -> dict[str, list[Json]]:
    grouped: dict[str, list[Json]] = {}
    for record in slices:
        grouped.setdefault(record["column"], []).append(record)
    return grouped
