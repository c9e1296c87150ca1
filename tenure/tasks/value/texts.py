"""The texts of a regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.business_text import assumption, per
from tenure.number_text import Write, bracketed, or_dash, percent, quantity, score
from tenure.tasks import Figure, RunPage, RunTexts

Json = Mapping[str, Any]


class ValueTexts:
    """See ``tenure.tasks.texts.Texts``."""

    score_list = "highest-value.csv"
    highest = "highest value"
    lowest = "lowest value"
    direction = "more"
    headings = (">value", "interval")
    version_columns: Mapping[str, tuple[str, int]] = {
        "R²": ("r2", 3),
        "RMSE": ("rmse", 2),
        "MAE": ("mae", 2),
        "coverage": ("coverage", 3),
    }
    version_metrics = ("rmse", "mae", "r2", "mape", "bias", "coverage", "interval_width")
    money_metrics: tuple[str, ...] = ()
    family_metrics = ("rmse", "mae", "r2", "coverage")

    draft_task = "predicts a number, not who leaves"
    draft_business = (
        "# How many customers with the highest predictions are contacted; the defaults:",
        "# business: {currency: USD, contacts: 1000}",
    )

    def cells(self, numbers: Mapping[str, Any]) -> list[str]:
        value, low, high = (quantity(numbers[name]) for name in ("value", "value_low", "value_high"))
        return [value, f"{low} to {high}"]

    def run(self, evaluation: Json) -> RunTexts:
        target = evaluation["target"]

        def write(value: float) -> str:
            return quantity(value, target["unit"])

        def write_score(numbers: Mapping[str, Any]) -> str:
            value, low, high = (write(numbers[name]) for name in ("value", "value_low", "value_high"))
            return f"{value} ({low} to {high})"

        return RunTexts(
            figures=(Figure(target["objective"].upper(), target["objective"], write), Figure("R²", "r2", score)),
            decision=_decision(evaluation, write),
            assumption=assumption(evaluation["business"]),
            write_score=write_score,
            legend="+ speaks for more, - for less",
        )

    def run_page(self, evaluation: Json) -> RunPage:
        """The confusion matrix is that of the bands, and there is no ROC curve."""
        bands = evaluation["band_counts"]
        return RunPage(
            metrics=self.version_metrics,
            categories=bands["names"],
            matrix=bands["rows"],
            assumption=assumption(evaluation["business"]),
        )


def _decision(evaluation: Json, write: Write) -> str:
    chosen, metrics, business = evaluation["chosen"], evaluation["metrics"], evaluation["business"]
    contacts = min(business["contacts"], metrics["contacted_share"]["value"] * business["population"])
    coverage = metrics["coverage"]
    held = f"{or_dash(coverage['value'], percent)} {bracketed(coverage, percent)}"
    return (
        f"threshold {write(chosen['threshold'])}, contacts {contacts:,.0f} customers {per(business)}\n"
        f"off by {or_dash(metrics['mae']['value'], write)} on average;"
        f" {percent(chosen['level'], 0)} intervals hold {held}"
    )
