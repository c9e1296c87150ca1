"""The evaluation of a classification in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.number_text import money, percent
from tenure.report.story import Story, Tile, choice
from tenure.report.story import tell as tell_any
from tenure.report.unseen import unseen

Json = Mapping[str, Any]


def tell(evaluation: Json) -> Story:
    """The story of an evaluation."""
    return tell_any(evaluation, _tiles(evaluation), _sentences(evaluation))


def _tiles(evaluation: Json) -> list[Tile]:
    metrics, business = evaluation["metrics"], evaluation["business"]
    currency = business["currency"]
    profit, contacts, cost = metrics["profit_per_day"], metrics["contacts_per_day"]["value"], metrics["cost_per_day"]
    between = (
        f"95 % between {money(profit['low'], currency)} and {money(profit['high'], currency)},"
        f" against contacting nobody"
        if profit["low"] is not None
        else "against contacting nobody"
    )
    tiles = [
        Tile("What it is worth a day", money(profit["value"], currency), between),
        Tile(
            "Customers to contact a day",
            f"{contacts:,.0f}",
            f"of {business['population']:,.0f} scored; the offers cost {money(cost['value'], currency)}",
        ),
    ]
    precision, recall, rate = (
        metrics["precision"]["value"],
        metrics["recall"]["value"],
        evaluation["test"]["churn_rate"],
    )
    if precision is not None:
        tiles.append(
            Tile(
                "Contacted who would leave",
                f"{round(100 * precision)} of 100",
                f"picked at random: {round(100 * rate)} of 100",
            )
        )
    if recall is not None:
        missed = 100 - round(100 * recall)
        tiles.append(
            Tile("Leavers reached in time", f"{round(100 * recall)} of 100", f"{missed} of 100 leave without an offer")
        )
    return tiles


def _segments(chosen: Json, currency: str) -> str:
    """The thresholds of segments, as a clause."""
    clauses = []
    for segment in chosen["segments"]:
        if segment["values"] is None:
            who = f"{segment['column']} is {segment['at_least']:g} or more"
        else:
            who = f"{segment['column']} is {' or '.join(str(value) for value in segment['values'])}"
        worth = segment["customer_value"]
        named = segment["name"] if worth is None else f"{segment['name']}, worth {money(worth, currency)} each"
        clauses.append(f"from {percent(segment['threshold'])} where {who} ({named})")
    return f", {', '.join(clauses)}" if clauses else ""


def _sentences(evaluation: Json) -> list[str]:
    metrics, limit, currency = evaluation["metrics"], evaluation["curves"]["limit"], evaluation["business"]["currency"]
    chosen = evaluation["chosen"]
    sentences = []
    area = metrics["roc_auc"]["value"]
    if area is not None:
        sentences.append(
            f"Shown one customer who leaves and one who stays, it ranks the leaver as riskier {round(100 * area)} times"
            f" out of 100. Guessing would reach 50."
        )
    error = metrics["calibration_error"]["value"]
    sentences.append(
        f"Its probabilities mean what they say: on average the share who really left is within"
        f" {100 * error:.1f} percentage points of them."
        if error <= 0.05
        else f"Its probabilities are off by {100 * error:.1f} percentage points on average: read them as a ranking."
    )
    kept = metrics["kept_customers_per_day"]["value"]
    back = metrics["return_on_cost"]["value"]
    if back is not None:
        sentences.append(
            f"Contact a customer from a probability of {percent(chosen['threshold'])} on{_segments(chosen, currency)}."
            f" That keeps about {kept:,.0f} customers a day, and every {money(1, currency)} spent on offers returns"
            f" {money(1 + back, currency)}."
        )
    else:
        sentences.append("At its threshold it contacts nobody.")
    expected, short = chosen["expected"], evaluation["curves"]["chosen"]["less_than_best_per_day"]
    if expected["policy"] != "profit":
        sentences.append(
            f"The threshold is chosen for a {expected['policy']} of {percent(expected['target'], 0)}"
            f"{'' if expected['target_met'] else ', which was not reached on the validation rows'}"
            + (f"; the most profitable one would earn {money(short, currency)} a day more." if short >= 1.0 else ".")
        )
    if limit["share"] < 1.0 and limit["cost_per_day"] >= 1.0:
        sentences.append(
            f"The limit of {limit['contacts_per_day']:,.0f} contacts a day costs"
            f" {money(limit['cost_per_day'], currency)}: contacting {percent(limit['best_share'], 0)} of the"
            f" customers would earn {money(limit['best_profit_per_day'], currency)} a day, within the limit"
            f" {money(limit['best_within_limit_per_day'], currency)} is the most."
        )
    sentences += unseen(evaluation)
    sentences.append(choice(evaluation))
    return sentences
