"""The texts of a classification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.number_text import Write, bracketed, money, or_dash, percent, score
from tenure.tasks import Figure, RunPage, RunTexts

Json = Mapping[str, Any]

_CELLS = (("true_negatives", "false_positives"), ("false_negatives", "true_positives"))


class ChurnTexts:
    """See ``tenure.tasks.texts.Texts``."""

    score_list = "high-risk.csv"
    highest = "likely to leave"
    lowest = "loyal"
    direction = "leaving"
    headings = (">probability",)
    version_columns: Mapping[str, tuple[str, int]] = {"ROC-AUC": ("roc_auc", 3), "profit a day": ("profit_per_day", 0)}
    version_metrics = (
        "roc_auc",
        "average_precision",
        "precision",
        "recall",
        "f1",
        "brier",
        "log_loss",
        "calibration_error",
        "profit_per_day",
        "return_on_cost",
    )
    family_metrics = ("roc_auc", "average_precision", "brier", "profit_per_day")
    page_metrics = (
        "roc_auc",
        "average_precision",
        "precision",
        "recall",
        "f1",
        "brier",
        "calibration_error",
        "profit_per_day",
    )

    draft_task = "predicts who leaves"
    draft_business = (
        "# What a decision is worth; the defaults:",
        "# business: {currency: USD, customer_value: 600, offer_cost: 10, offer_success_share: 0.3,"
        " contacts_per_day: 1000}",
    )

    def cells(self, numbers: Mapping[str, Any]) -> list[str]:
        return [score(numbers["probability"])]

    def run(self, evaluation: Json) -> RunTexts:
        currency = evaluation["business"]["currency"]

        def write_money(amount: float) -> str:
            return money(amount, currency)

        return RunTexts(
            figures=(Figure("ROC-AUC", "roc_auc", score), Figure("profit a day", "profit_per_day", write_money)),
            decision=_decision(evaluation, write_money),
            write_score=lambda numbers: percent(numbers["probability"]),
            legend="+ speaks for leaving, - against",
        )

    def run_page(self, evaluation: Json) -> RunPage:
        metrics, roc = evaluation["metrics"], evaluation["curves"].get("roc")
        return RunPage(
            metrics=self.page_metrics,
            categories=["stayed", "left"],
            matrix=[[round(metrics[name]["value"]) for name in row] for row in _CELLS],
            roc=None if roc is None else (roc["x"], roc["y"], roc["threshold"]),
        )


def _decision(evaluation: Json, write_money: Write) -> str:
    chosen, metrics = evaluation["chosen"], evaluation["metrics"]
    threshold = "no threshold" if chosen["threshold"] > 1.0 else f"threshold {chosen['threshold']:.3f}"
    if not metrics:
        return threshold
    profit = metrics["profit_per_day"]
    contacts, precision = metrics["contacts_per_day"]["value"], metrics["precision"]["value"]
    whom = "" if contacts is None else f"contacts {contacts:,.0f} customers a day"
    hits = "" if precision is None else f", {percent(precision, 0)} leaving"
    calibrated = "" if chosen["calibration"] == "none" else f" ({chosen['calibration']} calibration)"
    return (
        f"{threshold}{calibrated}, {whom}{hits}\n"
        f"expected profit {or_dash(profit['value'], write_money)} a day {bracketed(profit, write_money)}"
    )
