"""The report: one HTML file that needs nothing else, for people and for print."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tenure.evaluation.words import compact_money, money, percent, score
from tenure.report.figures import figures
from tenure.report.labels import FAMILIES, METRICS, MONEY, SHARES
from tenure.report.story import tell

Json = Mapping[str, Any]

NOTHING = "\N{EN DASH}"
"""Stands for a figure that is not defined."""


def render(evaluation: Json, *, validation: Json | None, ingest: Json | None) -> str:
    """The report as HTML.

    Args:
        evaluation: content of ``evaluation.json``.
        validation: content of ``validation.json``, for the section on data quality.
        ingest: content of ``ingest.json``, likewise.
    """
    environment = Environment(
        loader=PackageLoader("tenure.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    currency = evaluation["business"]["currency"]
    environment.filters |= {
        "money": lambda value: NOTHING if value is None else money(value, currency),
        "percent": lambda value, digits=1: NOTHING if value is None else percent(value, digits),
        "score": lambda value: NOTHING if value is None else score(value),
        "count": lambda value: NOTHING if value is None else f"{value:,.0f}",
        "signed": lambda value: NOTHING if value is None else f"{value:+.3f}",
        "family": lambda name: FAMILIES.get(name, name),
        "day": lambda text: f"{datetime.fromisoformat(text):%d %B %Y, %H:%M} UTC".lstrip("0"),
        "metric": lambda value, name: _metric(name, value, currency),
        "between": lambda estimate, name: _between(name, estimate, currency),
    }
    template = environment.get_template("report.html")
    style = environment.loader.get_source(environment, "style.css")[0] if environment.loader else ""
    return template.render(
        e=evaluation,
        validation=validation,
        ingest=ingest,
        story=tell(evaluation),
        charts=figures(evaluation),
        style=Markup(style),  # noqa: S704 (our own file)
        metric_names=METRICS,
        money_names=MONEY,
        slices=_by_column(evaluation["slices"]),
        warnings=[] if validation is None else [c for c in validation["checks"] if c["level"] != "pass"],
    )


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
