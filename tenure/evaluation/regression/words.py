"""How the numbers of a regression are said to people."""

from __future__ import annotations

import math

from tenure.evaluation.words import SYMBOLS, compact_money

NAMES = {"rmse": "RMSE", "mae": "mean absolute error"}
"""Objectives in words."""

DIGITS = 3
MOST_DIGITS = 12


def quantity(value: float, unit: str = "") -> str:
    """``$1,234``, ``$19.50``, ``12.3 days``, ``-0.0457``: three digits that say something, thousands in full."""
    digits = 0 if value == 0.0 else max(0, DIGITS - 1 - math.floor(math.log10(abs(value))))
    symbol = SYMBOLS.get(unit)
    if symbol:
        digits = 2 if digits else 0  # cents, or none
    text = f"{abs(value):,.{min(digits, MOST_DIGITS)}f}"
    sign = "-" if value < 0.0 and text.strip("0.,") else ""
    if symbol:
        return f"{sign}{symbol}{text}"
    return f"{sign}{text} {unit}".rstrip()


def compact(value: float, unit: str = "") -> str:
    """``$12.5k``, ``340``: short enough for an axis."""
    if abs(value) >= 1_000.0:
        return compact_money(value, unit).rstrip()
    return quantity(float(f"{value:.3g}"), unit if unit in SYMBOLS else "").removesuffix(".00").removesuffix(".0")
