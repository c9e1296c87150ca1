"""The report: one HTML file that needs nothing else, for people and for print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tenure.report.fairness import fairness
from tenure.report.labels import FAMILIES
from tenure.report.page import NOTHING
from tenure.report.science import filters as science_filters
from tenure.report.science import science
from tenure.report.templates import environment, style
from tenure.report.units import cross_fitted, measured, tested, unit
from tenure.tasks import DEFAULT, get

Json = Mapping[str, Any]


def render(evaluation: Json, *, validation: Json | None, ingest: Json | None) -> str:
    """The report as HTML.

    Args:
        evaluation: content of ``evaluation.json``.
        validation: content of ``validation.json``, for the section on data quality.
        ingest: content of ``ingest.json``, likewise.
    """
    # Records from before there were several tasks name none.
    page = get(evaluation.get("task", DEFAULT)).page(evaluation)
    templates = environment(page.package)
    filters: dict[str, Callable[..., str]] = {
        "signed": lambda value: NOTHING if value is None else f"{value:+.3f}",
        "family": lambda name: str(FAMILIES.get(name, name)),
        **page.filters,
        **science_filters(evaluation, page.filters["metric"]),
    }
    templates.filters |= filters
    template = templates.get_template(page.template)
    slices = _by_column(evaluation["slices"])
    return template.render(
        e=evaluation,
        validation=validation,
        ingest=ingest,
        style=style(templates, "style.css"),
        tested=tested(evaluation),
        measured=measured(evaluation),
        cross_fitted=cross_fitted(evaluation),
        unit=unit(evaluation),
        slices=slices,
        fairness=fairness(slices),
        science=science(evaluation, page.variables["metric_names"], page.filters["metric"]),
        warnings=[] if validation is None else [c for c in validation["checks"] if c["level"] != "pass"],
        **page.variables,
    )


def _by_column(slices: list[Json]) -> dict[str, list[Json]]:
    grouped: dict[str, list[Json]] = {}
    for record in slices:
        grouped.setdefault(record["column"], []).append(record)
    return grouped
