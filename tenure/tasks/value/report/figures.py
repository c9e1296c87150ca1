"""The charts of a regression's report, from the numbers of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tenure.number_text import compact, percent, quantity
from tenure.report.charts import Interval, Line, bar_chart, interval_chart
from tenure.report.labels import FAMILIES
from tenure.report.point_charts import Whisker, histogram_chart, whisker_chart
from tenure.report.scale import Axis, cover
from tenure.tasks.value.report.labels import METRICS

MOST_COLUMNS = 12
"""Bars of the importance chart."""
MOST_SLICES = 14
"""Lines of the slices' chart, the largest errors first."""
LEAST_COVERAGE = 0.5
"""Where the axis of coverage starts, unless a decile lies below."""

Json = Mapping[str, Any]


def figures(evaluation: Json) -> dict[str, Markup]:
    """Chart name to drawing; a chart that the rows do not allow is left out."""
    drawn = {
        "predicted": _predicted(evaluation),
        "errors": _errors(evaluation),
        "error_by_decile": _error_by_decile(evaluation),
        "coverage": _coverage(evaluation),
        "families": _families(evaluation),
        "slices": _slices(evaluation),
        "importance": _importance(evaluation),
    }
    return {name: drawing for name, drawing in drawn.items() if drawing is not None}


def _predicted(evaluation: Json) -> Markup:
    deciles, points = evaluation["curves"]["deciles"], evaluation["curves"]["points"]
    write = _writer(evaluation)
    x_ends = cover(*(row["value"] for row in deciles))
    y_ends = cover(*(row[end] for row in deciles for end in ("label_low", "label_high", "label")))
    x, y = Axis("predicted", *x_ends, write), Axis("true", *y_ends, write)
    low, high = max(x.low, y.low), min(x.high, y.high)
    ideal = Line((low, high), (low, high), "reference") if low < high else Line((), (), "reference")
    return whisker_chart(
        "True value by predicted value, for tenths of the customers evaluated",
        x,
        y,
        [Whisker(row["value"], row["label"], row["label_low"], row["label_high"]) for row in deciles],
        reference=ideal,
        cloud=list(zip(points["value"], points["label"], strict=True)),
    )


def _errors(evaluation: Json) -> Markup:
    errors = evaluation["curves"]["errors"]
    tallest = max(errors["counts"])
    return histogram_chart(
        "Histogram of prediction less true value",
        Axis("prediction less true value", errors["low"], errors["high"], _writer(evaluation)),
        Axis("customers", 0.0, 1.06 * tallest, lambda count: f"{count:,.0f}"),
        errors["counts"],
        reference=0.0,
    )


def _error_by_decile(evaluation: Json) -> Markup:
    deciles, write = evaluation["curves"]["deciles"], _writer(evaluation)
    x = Axis("predicted", *cover(*(row["value"] for row in deciles)), write)
    ends = cover(0.0, *(row[end] for row in deciles for end in ("error_low", "error_high", "error")))
    return whisker_chart(
        "Prediction less true value by predicted value",
        x,
        Axis("prediction less true value", *ends, write),
        [Whisker(row["value"], row["error"], row["error_low"], row["error_high"]) for row in deciles],
        reference=Line((x.low, x.high), (0.0, 0.0), "reference"),
    )


def _coverage(evaluation: Json) -> Markup:
    deciles, level = evaluation["curves"]["deciles"], evaluation["chosen"]["level"]
    x = Axis("predicted", *cover(*(row["value"] for row in deciles)), _writer(evaluation))
    lowest = min(LEAST_COVERAGE, *(row["coverage_low"] for row in deciles))
    return whisker_chart(
        f"Share of true values inside the {percent(level, 0)} interval, by predicted value",
        x,
        Axis("true values inside", lowest, 1.0, lambda value: percent(value, 0)),
        [Whisker(row["value"], row["coverage"], row["coverage_low"], row["coverage_high"]) for row in deciles],
        reference=Line((x.low, x.high), (level, level), "reference"),
    )


def _families(evaluation: Json) -> Markup | None:
    objective, unit = evaluation["target"]["objective"], evaluation["target"]["unit"]
    rows = [
        _interval(FAMILIES.get(row["family"], row["family"]), error, unit, strong=row["chosen"])
        for row in evaluation["families"]
        if (error := row["metrics"].get(objective)) is not None and error["value"] is not None
    ]
    title = f"{METRICS[objective][0]} on the test part, with 95 % interval"
    return _interval_chart("Error of each family with its 95 % interval", title, rows, evaluation) if rows else None


def _slices(evaluation: Json) -> Markup | None:
    objective, unit = evaluation["target"]["objective"], evaluation["target"]["unit"]
    whole = evaluation["metrics"][objective]["value"]
    rows = [
        _interval(f"{row['column']} = {row['value']}", row["metrics"][objective], unit)
        for row in evaluation["slices"]
        if not row["too_small"] and row["metrics"][objective]["value"] is not None
    ]
    if not rows or whole is None:
        return None
    rows = sorted(rows, key=lambda row: -row.value)[:MOST_SLICES]
    title = f"{METRICS[objective][0]}, with 95 % interval; dashed: of all"
    return _interval_chart("Error by part of the customers", title, rows, evaluation, reference=(whole, ""))


def _importance(evaluation: Json) -> Markup | None:
    if not evaluation["importance"]:
        return None
    objective, unit = evaluation["target"]["objective"], evaluation["target"]["unit"]
    rows = [
        Interval(row["column"], row["drop"], row["low"], row["high"], quantity(max(0.0, row["drop"]), unit))
        for row in evaluation["importance"][:MOST_COLUMNS]
    ]
    name = METRICS[objective][0]
    title = f"rise of the {name if name.isupper() else name.lower()} when the column is shuffled"
    return bar_chart("Rise of the error when a column is shuffled", rows, title)


def _interval(label: str, error: Json, unit: str, *, strong: bool = False) -> Interval:
    return Interval(label, error["value"], error["low"], error["high"], quantity(error["value"], unit), strong=strong)


def _interval_chart(
    description: str,
    title: str,
    rows: Sequence[Interval],
    evaluation: Json,
    reference: tuple[float, str] | None = None,
) -> Markup:
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    low, high = cover(*ends, *(() if reference is None else (reference[0],)))
    return interval_chart(description, Axis(title, max(0.0, low), high, _writer(evaluation)), rows, reference)


def _writer(evaluation: Json) -> Any:
    unit = evaluation["target"]["unit"]
    return lambda value: compact(value, unit)
