"""The evaluation of a regression in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.business_text import per, population
from tenure.number_text import percent, quantity
from tenure.report.divided_bands import divided
from tenure.report.story import Story, Tile, choice
from tenure.report.story import tell as tell_any
from tenure.report.unseen import unseen

Json = Mapping[str, Any]

SMALL_BIAS = 0.02
"""Of the mean true value: below this the predictions are neither high nor low."""

UNEVEN = 0.05
"""So far below its level a tenth's coverage is worth a sentence."""


def tell(evaluation: Json) -> Story:
    """The story of an evaluation."""
    return tell_any(evaluation, _tiles(evaluation), _sentences(evaluation))


def _tiles(evaluation: Json) -> list[Tile]:
    metrics, chosen, unit = evaluation["metrics"], evaluation["chosen"], evaluation["target"]["unit"]
    mae, r2, coverage, ratio = (metrics[name] for name in ("mae", "r2", "coverage", "relative_absolute_error"))
    tiles = []
    if mae["value"] is not None:
        against = (
            "" if not ratio["value"] else f"; predicting the mean: {quantity(mae['value'] / ratio['value'], unit)}"
        )
        tiles.append(Tile("Off by, on average", quantity(mae["value"], unit), f"{_between(mae, unit)}{against}"))
    if r2["value"] is not None:
        detail = "what differs between customers and is predicted, as variance (R²)"
        tiles.append(Tile("Explained", percent(max(0.0, r2["value"]), 0), detail))
    inside = round(100 * coverage["value"])
    width = metrics["interval_width"]["value"]
    detail = f"meant: {100 * chosen['level']:.0f} of 100" + (
        "" if width is None else f"; on average {quantity(width, unit)} wide"
    )
    tiles.append(Tile("True value inside its interval", f"{inside} of 100", detail))
    business, share = evaluation["business"], metrics["contacted_share"]["value"]
    contacts = min(business["contacts"], share * business["population"])
    detail = f"of {population(business)}; predicted {quantity(chosen['threshold'], unit)} or more"
    tiles.append(Tile(f"Customers to contact {per(business)}", f"{contacts:,.0f}", detail))
    return tiles


def _sentences(evaluation: Json) -> list[str]:
    metrics, chosen, target = evaluation["metrics"], evaluation["chosen"], evaluation["target"]
    unit, rows = target["unit"], evaluation["test"]["rows"]
    sentences = [f"It predicts {target['description'] or target['name']} for each customer."]
    ratio = metrics["relative_absolute_error"]["value"]
    if ratio is not None:
        sentences.append(
            f"Its misses are {percent(ratio, 0)} of those of telling everybody the mean of"
            f" {quantity(metrics['mean_label']['value'], unit)}."
        )
    sentences.append(_bias(metrics, unit))
    sentences.append(
        f"With each value comes an interval that held the true one {round(100 * metrics['coverage']['value'])} times"
        f" out of 100; {100 * chosen['level']:.0f} were promised."
    )
    sentences += _uneven(evaluation)
    zero = evaluation["test"]["zero_labels"]
    mape = metrics["mape"]["value"]
    if mape is None:
        sentences.append("A miss in per cent of the true value (MAPE) has no meaning here: every true value is 0.")
    elif zero:
        sentences.append(
            f"In per cent of the true value it is off by {percent(mape, 0)} on average (MAPE), counted for the"
            f" {rows - zero:,} customers whose true value is not 0; {zero:,} are left out."
        )
    inside = chosen["expected"].get("mean_value_contacted")
    if inside is not None:
        sentences.append(
            f"The customers from {quantity(chosen['threshold'], unit)} on came to {quantity(inside, unit)} on average"
            f" among the validation rows, all of them to {quantity(chosen['expected']['mean_value'], unit)}."
        )
    sentences += divided(evaluation)
    sentences += unseen(evaluation)
    sentences.append(choice(evaluation))
    return sentences


def _uneven(evaluation: Json) -> list[str]:
    """Whether the intervals of some tenth of the customers clearly hold less often than promised."""
    level, unit = evaluation["chosen"]["level"], evaluation["target"]["unit"]
    short = [row for row in evaluation["curves"]["deciles"] if row["coverage_high"] < level - UNEVEN]
    if not short:
        return []
    worst = min(short, key=lambda row: float(row["coverage"]))
    return [
        f"The intervals are too narrow for some: where about {quantity(worst['value'], unit)} is predicted, they held"
        f" {round(100 * worst['coverage'])} times out of 100."
    ]


def _bias(metrics: Json, unit: str) -> str:
    bias, mean = metrics["bias"], metrics["mean_label"]["value"]
    if bias["value"] is None or bias["low"] is None or bias["high"] is None:
        return "Whether it predicts too much or too little is not defined on these rows."
    if bias["low"] <= 0.0 <= bias["high"] or abs(bias["value"]) <= SMALL_BIAS * abs(mean):
        return "It predicts neither too much nor too little: over many customers its misses balance."
    way = "much" if bias["value"] > 0.0 else "little"
    return (
        f"It predicts too {way}, by {quantity(abs(bias['value']), unit)} on average: sums over many customers are off."
    )


def _between(estimate: Json, unit: str) -> str:
    if estimate["low"] is None or estimate["high"] is None:
        return "the rows do not allow an interval"
    return f"95 % between {quantity(estimate['low'], unit)} and {quantity(estimate['high'], unit)}"
