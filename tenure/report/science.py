"""The section for data scientists: charts and sentences from the numbers of an evaluation, whatever its task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from tenure.number_text import percent
from tenure.report.charts import Line, calibration_chart
from tenure.report.labels import FAMILIES
from tenure.report.point_charts import Whisker, whisker_chart
from tenure.report.scale import Axis, cover
from tenure.report.small_multiples import Panel, Point, trial_panels

WORST_SHARE = 0.25
"""Share of the worst trials that the chart of trials need not have room for."""
CURVE_POINTS = 40

Json = Mapping[str, Any]
Write = Callable[[float | None, str], str]
"""Writes the value of a metric, by the metric's name."""


@dataclass(frozen=True)
class Science:
    """What the template shows."""

    charts: Mapping[str, Markup]
    parameters: Sequence[tuple[str, Json]]
    """Family and its line of the leaderboard, with ``written``: its parameters as text."""
    learning: str
    """Whether more rows would help, in a sentence; empty where there is no learning curve."""
    overfit: str
    """How the figures of fitted and test rows compare, in a sentence; empty where there are none."""
    calibration: str
    """What calibration changed; empty where there is none."""
    loss: str
    """Metric by whose name the losses of rows are written."""


def science(evaluation: Json, names: Mapping[str, tuple[str, str]], write: Write) -> Science | None:
    """The section; None for an evaluation from before there was one.

    Args:
        names: label and meaning of each metric.
        write: of the task's page.
    """
    if "science" not in evaluation:
        return None
    return Science(
        charts=_charts(evaluation, names, write),
        parameters=[
            (str(FAMILIES.get(entry["family"], entry["family"])), {**entry, "written": _parameters(entry)})
            for entry in evaluation["training"]["leaderboard"]
        ],
        learning=_learning(evaluation, names, write),
        overfit=_overfit(evaluation, names, write),
        calibration=_calibration(evaluation),
        loss=_loss(evaluation),
    )


def filters(evaluation: Json, write: Write) -> dict[str, Callable[..., str]]:
    """``predicted`` writes a probability or a predicted value, ``change`` a difference of two of them or of losses."""
    if "science" not in evaluation or _loss(evaluation) == "log_loss":
        return {"predicted": percent, "change": lambda value: f"{value:+.3f}"}
    return {
        "predicted": lambda value: write(value, "mae"),
        "change": lambda value: f"{'+' if value > 0.0 else ''}{write(value, 'mae')}",
    }


def _loss(evaluation: Json) -> str:
    return {"log_loss": "log_loss", "absolute_error": "mae"}[evaluation["science"]["segments"]["loss"]]


def _charts(evaluation: Json, names: Mapping[str, tuple[str, str]], write: Write) -> dict[str, Markup]:
    drawn = {}
    training, change = evaluation["training"], evaluation["science"]["calibration"]
    if any(trial["score"] is not None for one in training.get("trials", ()) for trial in one["trials"]):
        drawn["trials"] = _trials(training, names, write)
    if training.get("learning_curve"):
        drawn["learning"] = _learning_chart(training["learning_curve"], names, write)
    if change is not None and change["method"] != "none":
        drawn |= {name: _reliability(change[name], name) for name in ("raw", "calibrated")}
    return drawn


def _trials(training: Json, names: Mapping[str, tuple[str, str]], write: Write) -> Markup:
    objective, sign = training["objective"], 1.0 if training["direction"] == "maximize" else -1.0
    scores = np.array(
        [trial["score"] for one in training["trials"] for trial in one["trials"] if trial["score"] is not None]
    )
    worst = np.quantile(sign * scores, WORST_SHARE)
    y = Axis(names[objective][0], *cover(*scores[sign * scores >= worst]), lambda value: write(value, objective))
    panels = []
    for one in training["trials"]:
        known = [trial for trial in one["trials"] if trial["score"] is not None]
        whole = [sign * trial["score"] for trial in known if trial["state"] == "complete"]
        best = max(whole, default=None)
        points = [
            Point(
                trial["score"],
                hollow=trial["state"] != "complete",
                best=trial["state"] == "complete" and sign * trial["score"] == best,
            )
            for trial in known
        ]
        panels.append(Panel(str(FAMILIES.get(one["family"], one["family"])), points))
    return trial_panels(f"{names[objective][0]} of every trial, by family", y, panels)


def _learning_chart(curve: Json, names: Mapping[str, tuple[str, str]], write: Write) -> Markup:
    law, objective, points = curve["power_law"], curve["objective"], curve["points"]
    rows = np.linspace(points[0]["rows"], curve["doubling"]["rows"], CURVE_POINTS)
    fitted = law["limit"] + law["coefficient"] * rows ** -law["exponent"]
    ends = [end for point in points for end in (point["value"] - point["error"], point["value"] + point["error"])]
    return whisker_chart(
        f"{names[objective][0]} by number of rows that the model is fitted to",
        Axis("rows to learn from", 0.0, float(rows[-1]), lambda value: f"{value:,.0f}"),
        Axis(names[objective][0], *cover(*ends, *fitted), lambda value: write(value, objective)),
        [
            Whisker(point["rows"], point["value"], point["value"] - point["error"], point["value"] + point["error"])
            for point in points
        ],
        reference=Line(rows.tolist(), fitted.tolist(), "reference"),
    )


def _reliability(figures: Json, name: str) -> Markup:
    x, y = (
        Axis(title, 0.0, 1.0, lambda value: percent(value, 0)) for title in ("predicted probability", "really left")
    )
    return calibration_chart(f"Churn rate by {name} probability", x, y, figures["bins"], ())


def _parameters(entry: Json) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in sorted(entry.get("parameters", {}).items())
    )


def _learning(evaluation: Json, names: Mapping[str, tuple[str, str]], write: Write) -> str:
    curve = evaluation["training"].get("learning_curve")
    if not curve:
        return ""
    doubling, objective = curve["doubling"], curve["objective"]
    low, high = (write(doubling[end], objective) for end in ("low", "high"))
    between = f"95 % interval {low} to {high}"
    name = _in_sentence(names[objective][0])
    if curve["visible"]:
        better = "higher" if curve["direction"] == "maximize" else "lower"
        return (
            f"Twice as many rows to learn from would make the {name} {better} by about"
            f" {write(doubling['value'], objective)} ({between})."
        )
    return f"No gain of more rows is visible: twice as many would change the {name} for the better by {low} to {high}."


def _overfit(evaluation: Json, names: Mapping[str, tuple[str, str]], write: Write) -> str:
    rows = [row for row in evaluation["science"]["parts"] if row["metric"] in ("log_loss", "mae") and row["fitted"]]
    if not rows:
        return ""
    row = rows[0]
    fitted, test = row["fitted"]["value"], row["test"]
    name, values = (
        _in_sentence(names[row["metric"]][0]),
        (write(fitted, row["metric"]), write(test["value"], row["metric"])),
    )
    if test["low"] is not None and test["low"] > fitted:
        return (
            f"Overfitting is visible: the {name} is {values[0]} on the rows that the model was fitted to, and"
            f" {values[1]} on the test rows, more than chance explains. Only the test rows count."
        )
    return f"No overfitting is visible: {name} {values[0]} on the rows it was fitted to, {values[1]} on the test rows."


def _in_sentence(label: str) -> str:
    """``log loss``, and ``RMSE`` as it is."""
    return label if label.isupper() else label.lower()


def _calibration(evaluation: Json) -> str:
    change = evaluation["science"]["calibration"]
    if change is None:
        return ""
    if change["method"] == "none":
        return "The model's own probabilities are used: in training no calibration was better than none."
    moved = change["log_loss_change"]
    if moved["high"] < 0.0:
        verdict = "calibration made them better"
    elif moved["low"] > 0.0:
        verdict = "on these rows calibration made them worse"
    else:
        verdict = "these rows do not show whether calibration made them better"
    return (
        f"Method: {change['method']}. Log loss on the test rows {change['raw']['log_loss']:.4f} raw,"
        f" {change['calibrated']['log_loss']:.4f} calibrated, difference {moved['value']:+.4f}"
        f" (95 % interval {moved['low']:+.4f} to {moved['high']:+.4f}): {verdict}."
    )
