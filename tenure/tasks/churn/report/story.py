"""The evaluation of a classification in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.business_text import default_mark, marked, per, population
from tenure.number_text import money, percent
from tenure.report.divided_bands import divided
from tenure.report.story import Story, Tile, choice
from tenure.report.story import tell as tell_any
from tenure.report.unseen import unseen
from tenure.tasks.churn.report.deciding import cost_of_the_limit, what_decides

Json = Mapping[str, Any]


def tell(evaluation: Json) -> Story:
    """The story of an evaluation."""
    return tell_any(evaluation, _tiles(evaluation), _sentences(evaluation))


def _tiles(evaluation: Json) -> list[Tile]:
    metrics, business = evaluation["metrics"], evaluation["business"]
    currency = business["currency"]
    profit, contacts = metrics["profit_per_period"], metrics["contacts_per_period"]["value"]
    cost, period = metrics["cost_per_period"], per(business)
    between = (
        f"95 % between {money(profit['low'], currency)} and {money(profit['high'], currency)},"
        f" against contacting nobody"
        if profit["low"] is not None
        else "against contacting nobody"
    )
    tiles = [
        Tile(f"What it is worth {period}", money(profit["value"], currency), f"{between}{default_mark(business)}"),
        Tile(
            f"Customers to contact {period}",
            f"{contacts:,.0f}",
            f"of {population(business)}; the offers cost {money(cost['value'], currency)}{default_mark(business)}",
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
        if chosen["expected"].get("by") and segment["threshold"] == chosen["threshold"]:
            continue  # It has a calibration of its own alone.
        if segment["values"] is None:
            who = f"{segment['column']} is {segment['at_least']:g} or more"
        else:
            who = f"{segment['column']} is {' or '.join(str(value) for value in segment['values'])}"
        worth = segment["customer_value"]
        named = segment["name"] if worth is None else f"{segment['name']}, worth {money(worth, currency)} each"
        start = "nobody" if segment["threshold"] > 1.0 else f"from {percent(segment['threshold'])}"
        # A segment of one value has its name.
        clauses.append(f"{start} where {who}" + ("" if segment["values"] == [named] else f" ({named})"))
    return f", {', '.join(clauses)}" if clauses else ""


def _sentences(evaluation: Json) -> list[str]:
    metrics, business, chosen = evaluation["metrics"], evaluation["business"], evaluation["chosen"]
    currency = business["currency"]
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
    kept = metrics["kept_customers_per_period"]["value"]
    back = metrics["return_on_cost"]["value"]
    if back is not None:
        sentences.append(
            f"Contact a customer from a probability of {percent(chosen['threshold'])} on{_segments(chosen, currency)}."
            f" That keeps about {kept:,.0f} customers {per(business)}, and every {money(1, currency)} spent on offers"
            f" returns {money(1 + back, currency)}{default_mark(business)}."
        )
    else:
        sentences.append("At its threshold it contacts nobody.")
    expected, short = chosen["expected"], evaluation["curves"]["chosen"]["less_than_best_per_period"]
    if expected["policy"] != "profit":
        sentences.append(
            f"The threshold is chosen for a {expected['policy']} of {percent(expected['target'], 0)}"
            f"{'' if expected['target_met'] else ', which was not reached on the validation rows'}"
            + (
                f"; the most profitable one would earn {money(short, currency)} more {marked(business)}."
                if short >= 1.0
                else "."
            )
        )
    sentences.append(what_decides(evaluation))
    cost = cost_of_the_limit(evaluation)
    if cost is not None:
        sentences.append(cost)
    sentences += divided(evaluation)
    sentences += unseen(evaluation)
    sentences.append(choice(evaluation))
    return sentences
