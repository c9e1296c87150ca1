"""Numbers as text for people: money, shares, quantities with a unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}

DIGITS = 3
MOST_DIGITS = 12

Write = Callable[[float], str]


def money(amount: float, currency: str) -> str:
    """``$1,234``, ``-$50``, ``1,234 CHF``; cents only below ten, and only where there are any."""
    whole = abs(amount) >= 9.995 or abs(amount - round(amount)) < 0.005
    text = f"{abs(amount):,.0f}" if whole else f"{abs(amount):,.2f}"
    sign = "-" if amount < 0 and text.strip("0.,") else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {currency}"


def percent(share: float, digits: int = 1) -> str:
    """``26.5 %``."""
    return f"{100 * share:.{digits}f} %"


def score(value: float) -> str:
    """``0.847``."""
    return f"{value:.3f}"


def compact_money(amount: float, currency: str) -> str:
    """``$12.5k``, ``$1.2M``: short enough for an axis."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(amount) >= size:
            short = f"{abs(amount) / size:.3g}{letter}"
            sign, symbol = "-" if amount < 0 else "", SYMBOLS.get(currency)
            return f"{sign}{symbol}{short}" if symbol else f"{sign}{short} {currency}"
    return money(round(amount), currency)


def quantity(value: float, unit: str = "") -> str:
    """``$1,234``, ``$19.50``, ``12.3 days``, ``-0.0457``: three significant digits, thousands in full."""
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


def bracketed(estimate: Mapping[str, float | None], write: Write) -> str:
    """``[0.83, 0.86]``: the interval of an estimate, an object with ``low`` and ``high``; empty if there is none."""
    low, high = estimate["low"], estimate["high"]
    return "" if low is None or high is None else f"[{write(low)}, {write(high)}]"


def or_dash(value: float | None, write: Write) -> str:
    """The value, or a dash where it is not defined."""
    return "-" if value is None else write(value)
