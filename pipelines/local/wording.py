"""What the screen at the end of a run says differently about a classification and about a regression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.local.customers import Answer
from tenure.evaluation.regression import quantity
from tenure.evaluation.words import money, percent, score

if TYPE_CHECKING:
    from tenure.contract.settings import Task

Json = Mapping[str, Any]
Say = Callable[[float], str]


@dataclass(frozen=True)
class Figure:
    """A metric of the families' table."""

    head: str
    metric: str
    say: Say


@dataclass(frozen=True)
class Wording:
    """For one evaluation."""

    figures: tuple[Figure, Figure]
    """Of the families."""
    decision: str
    """What is done, and what comes of it."""
    score: Callable[[Answer], str]
    """What was predicted of a customer."""
    legend: str
    """What the signs of reasons mean."""


def wording(evaluation: Json) -> Wording:
    """That of the evaluation's task."""
    return WORDINGS[evaluation["task"]](evaluation)


def interval(estimate: Json, say: Say) -> str:
    """``[0.83, 0.86]``; nothing where there is none."""
    if estimate["low"] is None or estimate["high"] is None:
        return ""
    return f"[{say(estimate['low'])}, {say(estimate['high'])}]"


def or_dash(value: float | None, say: Say) -> str:
    """The value, or a dash where it is not defined."""
    return "-" if value is None else say(value)


def _of_churn(evaluation: Json) -> Wording:
    currency = evaluation["business"]["currency"]

    def say_money(amount: float) -> str:
        return money(amount, currency)

    return Wording(
        figures=(Figure("ROC-AUC", "roc_auc", score), Figure("profit a day", "profit_per_day", say_money)),
        decision=_churn_decision(evaluation, say_money),
        score=lambda answer: percent(answer.score),
        legend="+ speaks for leaving, - against",
    )


def _churn_decision(evaluation: Json, say_money: Say) -> str:
    chosen, metrics = evaluation["chosen"], evaluation["metrics"]
    if not metrics:
        return f"threshold {chosen['threshold']:.3f}"
    profit = metrics["profit_per_day"]
    contacts, precision = metrics["contacts_per_day"]["value"], metrics["precision"]["value"]
    whom = "" if contacts is None else f"contacts {contacts:,.0f} customers a day"
    hits = "" if precision is None else f", {percent(precision, 0)} leaving"
    calibrated = "" if chosen["calibration"] == "none" else f" ({chosen['calibration']} calibration)"
    return (
        f"threshold {chosen['threshold']:.3f}{calibrated}, {whom}{hits}\n"
        f"expected profit {or_dash(profit['value'], say_money)} a day {interval(profit, say_money)}"
    )


def _of_value(evaluation: Json) -> Wording:
    target = evaluation["target"]

    def say(value: float) -> str:
        return quantity(value, target["unit"])

    def said(answer: Answer) -> str:
        if answer.interval is None:
            return say(answer.score)
        low, high = answer.interval
        return f"{say(answer.score)} ({say(low)} to {say(high)})"

    return Wording(
        figures=(Figure(target["objective"].upper(), target["objective"], say), Figure("R²", "r2", score)),
        decision=_value_decision(evaluation, say),
        score=said,
        legend="+ speaks for more, - for less",
    )


def _value_decision(evaluation: Json, say: Say) -> str:
    chosen, metrics, business = evaluation["chosen"], evaluation["metrics"], evaluation["business"]
    contacts = min(business["contacts_per_day"], metrics["contacted_share"]["value"] * business["population"])
    coverage = metrics["coverage"]
    held = f"{or_dash(coverage['value'], percent)} {interval(coverage, percent)}"
    return (
        f"threshold {say(chosen['threshold'])}, contacts {contacts:,.0f} customers a day\n"
        f"off by {or_dash(metrics['mae']['value'], say)} on average;"
        f" {percent(chosen['level'], 0)} intervals hold {held}"
    )


WORDINGS: dict[Task, Callable[[Json], Wording]] = {"classification": _of_churn, "regression": _of_value}
