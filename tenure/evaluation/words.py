"""How numbers are said to people."""

from __future__ import annotations

from tenure.stats.bootstrap import Estimate

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}


def money(amount: float, currency: str) -> str:
    """``$1,234``, ``-$50``, ``1,234 CHF``; cents only below ten, and only where there are any."""
    whole = abs(amount) >= 9.995 or abs(amount - round(amount)) < 0.005
    text = f"{abs(amount):,.0f}" if whole else f"{abs(amount):,.2f}"
    sign = "-" if amount < 0 and text.strip("0.,") else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {currency}"


def between_money(estimate: Estimate, currency: str) -> str:
    """``95 % interval $10 to $20``."""
    return f"95 % interval {money(estimate.low or 0.0, currency)} to {money(estimate.high or 0.0, currency)}"


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
