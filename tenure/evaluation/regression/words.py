"""How the numbers of a regression are said to people."""

from __future__ import annotations

import math

from tenure.evaluation.words import SYMBOLS, compact_money

NAMES = {"rmse": "RMSE", "mae": "mean absolute error"}
"""Objectives in words."""

DIGITS = 3
MONEY_DIGITS = 2
MOST_DIGITS = 12


def quantity(value: float, unit: str = "") -> str:
    """``$1,234``, ``12.3 days``, ``-0.0457``: three digits that say something, thousands in full; money to the cent."""
    digits = 0 if value == 0.0 else max(0, DIGITS - 1 - math.floor(math.log10(abs(value))))
    symbol = SYMBOLS.get(unit)
    most = MONEY_DIGITS if symbol else MOST_DIGITS
    text = f"{abs(value):,.{min(digits, most)}f}"
    sign = "-" if value < 0.0 and text.strip("0.,") else ""
    if symbol:
        return f"{sign}{symbol}{text}"
    return f"{sign}{text} {unit}".rstrip()


def compact(value: float, unit: str = "") -> str:
    """``$12.5k``, ``340``: short enough for an axis."""
    if abs(value) >= 1_000.0:
        return compact_money(value, unit).rstrip()
    return quantity(float(f"{value:.3g}"), unit if unit in SYMBOLS else "").removesuffix(".0")
