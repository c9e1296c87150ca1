"""The effects of columns on the score, as charts and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from tenure.number_text import SYMBOLS, compact, percent
from tenure.report.effect_charts import EffectPoint, category_effect, number_effect
from tenure.report.scale import Axis, cover

Json = Mapping[str, Any]
Write = Callable[[float], str]

MISSING = "missing"
ONE_WAY = 0.1
"""A line that turns by less than this share of its whole way goes one way."""


@dataclass(frozen=True)
class EffectOfColumn:
    """What a page shows of a column's effect."""

    column: str
    description: str
    """With the unit; empty where the contract says nothing."""
    words: str
    chart: Markup
    others: str
    """Rows that no point stands for; empty where there are none."""


@dataclass(frozen=True)
class Pair:
    """A column whose effect depends on another."""

    column: str
    other: str
    share: str
    """Of the effect's variance."""


def shown_effects(evaluation: Json, score: str, write: Write) -> list[EffectOfColumn]:
    """The effects in the order of importance.

    Args:
        score: what moves, as in "the probability".
        write: a change of the score as text, with its sign.
    """
    found = evaluation["effects"]
    known = {row["column"]: row for row in evaluation["importance"]}
    ends = cover(0.0, *(point["effect"] for effect in found for point in effect["points"]))
    return [_shown(effect, known[effect["column"]], ends, score, write) for effect in found]


def shown_pairs(evaluation: Json) -> list[Pair]:
    """The interactions, the largest first."""
    return [Pair(row["columns"][0], row["columns"][1], percent(row["share"], 0)) for row in evaluation["interactions"]]


def _shown(effect: Json, column: Json, ends: tuple[float, float], score: str, write: Write) -> EffectOfColumn:
    # A count of items in "items" needs no unit.
    unit = "" if column["unit"] == effect["column"] else column["unit"] or ""
    description = ", ".join(text for text in (column["description"], f"in {unit}" if unit else "") if text)
    described = f"Effect of {effect['column']} on {score}"
    if effect["kind"] == "number":
        values = [float(point["value"]) for point in effect["points"]]
        points = [EffectPoint(f"up to {_number(p['value'], unit)}", p["effect"], p["rows"]) for p in effect["points"]]
        x = Axis(f"{effect['column']}{f' ({unit})' if unit else ''}", values[0], values[-1], compact)
        chart = number_effect(described, values, points, x, Axis("", *ends, write))
        words, what = _direction(effect, unit, score, write), "without a number"
    else:
        points = [EffectPoint(_name(point["value"]), point["effect"], point["rows"]) for point in effect["points"]]
        chart = category_effect(described, points, ends, write)
        words, what = _extremes(points, score, write), "with rarer values"
    others = f"{effect['others']:,} rows {what}" if effect["others"] else ""
    return EffectOfColumn(effect["column"], description, words, chart, others)


def _name(value: Any) -> str:
    return MISSING if value is None else str(value)


def _number(value: float, unit: str) -> str:
    """``72 months``, ``$19.50``."""
    return compact(value, unit) if unit in SYMBOLS else f"{compact(value)} {unit}".rstrip()


def _direction(effect: Json, unit: str, score: str, write: Write) -> str:
    """``the higher, the lower the probability: from +37.6 points at 0 to -18.6 points at 72``."""
    points = effect["points"]
    steps = [after["effect"] - before["effect"] for before, after in pairwise(points)]
    up, down = sum(step for step in steps if step > 0.0), -sum(step for step in steps if step < 0.0)
    first, last = points[0], points[-1]
    ends = (
        f"from {write(first['effect'])} at {_number(first['value'], unit)} to {write(last['effect'])}"
        f" at {_number(last['value'], unit)}"
    )
    if min(up, down) <= ONE_WAY * (up + down):
        return f"the higher, the {'higher' if up > down else 'lower'} {score}: {ends}"
    highest, lowest = max(points, key=lambda p: float(p["effect"])), min(points, key=lambda p: float(p["effect"]))
    return (
        f"not one way: highest at {_number(highest['value'], unit)} ({write(highest['effect'])}), lowest at"
        f" {_number(lowest['value'], unit)} ({write(lowest['effect'])})"
    )


def _extremes(points: list[EffectPoint], score: str, write: Write) -> str:
    highest, lowest = max(points, key=lambda p: p.effect), min(points, key=lambda p: p.effect)
    return (
        f"{score} is highest for {highest.value} ({write(highest.effect)}), lowest for {lowest.value}"
        f" ({write(lowest.effect)})"
    )
