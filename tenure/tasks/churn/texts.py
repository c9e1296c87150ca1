"""The texts of a classification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.business_text import assumption, default_mark, per
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
    version_columns: Mapping[str, tuple[str, int]] = {"ROC-AUC": ("roc_auc", 3), "profit": ("profit_per_period", 0)}
    version_metrics = (
        "roc_auc",
        "average_precision",
        "precision",
        "recall",
        "f1",
        "brier",
        "log_loss",
        "calibration_error",
        "profit_per_period",
        "return_on_cost",
    )
    money_metrics = ("profit_per_period",)
    family_metrics = ("roc_auc", "average_precision", "brier", "profit_per_period")
    page_metrics = (
        "roc_auc",
        "average_precision",
        "precision",
        "recall",
        "f1",
        "brier",
        "calibration_error",
        "profit_per_period",
    )

    draft_task = "predicts who leaves"
    draft_business = (
        "# What a decision is worth; the defaults:",
        "# business: {currency: USD, customer_value: 600, offer_cost: 10, offer_success_share: 0.3, contacts: 1000}",
    )

    def cells(self, numbers: Mapping[str, Any]) -> list[str]:
        return [score(numbers["probability"])]

    def run(self, evaluation: Json) -> RunTexts:
        currency = evaluation["business"]["currency"]

        def write_money(amount: float) -> str:
            return money(amount, currency)

        return RunTexts(
            # For what period is said beside the decision; a line has no room for it.
            figures=(Figure("ROC-AUC", "roc_auc", score), Figure("profit", "profit_per_period", write_money)),
            decision=_decision(evaluation, write_money),
            assumption=assumption(evaluation["business"]),
            write_score=lambda numbers: percent(numbers["probability"]),
            legend="+ speaks for leaving, - against",
        )

    def run_page(self, evaluation: Json) -> RunPage:
        metrics, roc = evaluation["metrics"], evaluation["curves"].get("roc")
        return RunPage(
            metrics=self.page_metrics,
            assumption=assumption(evaluation["business"]),
            categories=["stayed", "left"],
            matrix=[[round(metrics[name]["value"]) for name in row] for row in _CELLS],
            roc=None if roc is None else (roc["x"], roc["y"], roc["threshold"]),
        )


def _decision(evaluation: Json, write_money: Write) -> str:
    chosen, metrics = evaluation["chosen"], evaluation["metrics"]
    threshold = "no threshold" if chosen["threshold"] > 1.0 else f"threshold {chosen['threshold']:.3f}"
    if not metrics:
        return threshold
    profit, business = metrics["profit_per_period"], evaluation["business"]
    contacts, precision = metrics["contacts_per_period"]["value"], metrics["precision"]["value"]
    whom = "" if contacts is None else f"contacts {contacts:,.0f} customers {per(business)}"
    hits = "" if precision is None else f", {percent(precision, 0)} leaving"
    calibrated = "" if chosen["calibration"] == "none" else f" ({chosen['calibration']} calibration)"
    return (
        f"{threshold}{calibrated}\n{whom}{hits}\n"
        f"expected profit {or_dash(profit['value'], write_money)} {per(business)} {bracketed(profit, write_money)}"
        f"{default_mark(business)}"
    )
