"""The charts of a classification's report, from the numbers of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tenure.business_text import marked, per
from tenure.number_text import compact_money, money, percent, score
from tenure.report.charts import Interval, Line, Mark, bar_chart, calibration_chart, interval_chart, line_chart
from tenure.report.labels import FAMILIES
from tenure.report.scale import Axis, cover

MOST_COLUMNS = 12
"""Bars of the importance chart."""

Json = Mapping[str, Any]


def figures(evaluation: Json) -> dict[str, Markup]:
    """Chart name to drawing; a chart that the rows do not allow is left out."""
    curves = evaluation["curves"]
    drawn = {"profit": _profit(evaluation), "calibration": _calibration(curves)}
    if curves.get("gain"):
        drawn["gain"] = _gain(evaluation)
    if "roc" in curves:
        drawn["roc"] = _roc(evaluation)
        drawn["precision_recall"] = _precision_recall(evaluation)
        drawn["families"] = _families(evaluation)
    if evaluation["importance"]:
        drawn["importance"] = _importance(evaluation)
    return drawn


def _share(title: str, low: float = 0.0, high: float = 1.0) -> Axis:
    return Axis(title, low, high, lambda value: percent(value, 0))


def _profit(evaluation: Json) -> Markup:
    curve, chosen, limit = (evaluation["curves"][name] for name in ("profit", "chosen", "limit"))
    business, even, earned = evaluation["business"], limit["break_even_share"], chosen["profit_per_period"]
    currency = business["currency"]
    y = Axis(f"profit {per(business)}", *cover(*curve["y"], zero=True), lambda value: compact_money(value, currency))
    marks = [Mark(chosen["share"], earned, f"chosen: {compact_money(earned, currency)}")]
    limits = [] if limit["share"] >= 1.0 else [(limit["share"], f"limit: {limit['contacts']:,.0f} contacts")]
    limits.append((even, f"an offer pays up to {percent(even, 0)}"))
    return line_chart(
        f"Profit {marked(business)}, by share of customers contacted; chosen: {money(earned, currency)}",
        _share("customers contacted, riskiest first"),
        y,
        [Line((0.0, 1.0), (0.0, 0.0), "reference"), Line(curve["x"], curve["y"])],
        marks=marks,
        limits=limits,
    )


def _gain(evaluation: Json) -> Markup:
    curve, chosen = evaluation["curves"]["gain"], evaluation["curves"]["chosen"]
    marks = []
    recall = chosen.get("recall")
    if recall is not None:
        # Where the limit cuts the contacted customers short, so it does the churners among them.
        share = evaluation["metrics"]["contacted_share"]["value"]
        marks.append(Mark(share, recall, f"chosen: {percent(recall, 0)} reached"))
    return line_chart(
        "Share of all churners reached by share of customers contacted",
        _share("customers contacted, riskiest first"),
        _share("churners reached"),
        [Line((0.0, 1.0), (0.0, 1.0), "reference"), Line(curve["x"], curve["y"])],
        marks=marks,
    )


def _roc(evaluation: Json) -> Markup:
    curve, chosen, area = evaluation["curves"]["roc"], evaluation["curves"]["chosen"], evaluation["metrics"]["roc_auc"]
    return line_chart(
        f"Receiver operating characteristic, area {score(area['value'])}",
        _share("stayers contacted (false positives)"),
        _share("churners contacted (recall)"),
        [Line((0.0, 1.0), (0.0, 1.0), "reference"), Line(curve["x"], curve["y"])],
        marks=[Mark(chosen["false_positive_rate"], chosen["recall"], "chosen")],
    )


def _precision_recall(evaluation: Json) -> Markup:
    curve, chosen = evaluation["curves"]["precision_recall"], evaluation["curves"]["chosen"]
    rate = evaluation["test"]["churn_rate"]
    marks = [] if chosen["precision"] is None else [Mark(chosen["recall"], chosen["precision"], "chosen", below=False)]
    return line_chart(
        "Precision by recall",
        _share("churners contacted (recall)"),
        _share("contacted who churn (precision)"),
        [Line((0.0, 1.0), (rate, rate), "reference"), Line(curve["x"], curve["y"])],
        marks=marks,
    )


def _calibration(curves: Json) -> Markup:
    return calibration_chart(
        "Churn rate by predicted probability, with the distribution of the probabilities",
        _share("predicted probability"),
        _share("customers who really left"),
        curves["calibration"],
        curves["histogram"],
    )


def _families(evaluation: Json) -> Markup:
    rows = [
        Interval(
            FAMILIES.get(row["family"], row["family"]),
            auc["value"],
            auc["low"],
            auc["high"],
            score(auc["value"]),
            strong=row["chosen"],
        )
        for row in evaluation["families"]
        if (auc := row["metrics"].get("roc_auc")) is not None and auc["value"] is not None
    ]
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    low, high = cover(*ends)
    axis = Axis(
        "ROC-AUC on the test part, with 95 % interval", max(0.0, low), min(1.0, high), lambda value: f"{value:.2f}"
    )
    return interval_chart("ROC-AUC of each family with its 95 % interval", axis, rows)


def _importance(evaluation: Json) -> Markup:
    rows = [
        Interval(row["column"], row["drop"], row["low"], row["high"], f"{max(0.0, row['drop']):.3f}")
        for row in evaluation["importance"][:MOST_COLUMNS]
    ]
    return bar_chart("Loss of ROC-AUC when a column is shuffled", rows, "loss of ROC-AUC when the column is shuffled")
