"""Counts, shares, and lists of names and values, as text for messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

MAX_SHOWN = 5
"""Names in a message; the others are counted."""
MAX_VALUES = 10
"""Values with their counts in a message; the others are counted."""


def count(number: int, noun: str) -> str:
    """``1 column``, ``1,200 columns``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def rows(number: int) -> str:
    """``1 row``, ``7,043 rows``."""
    return count(number, "row")


def customers(number: int) -> str:
    """``1 customer``, ``7,043 customers``."""
    return count(number, "customer")


def percent(share: float) -> str:
    """``26.5 %``: three significant digits."""
    return f"{100 * share:.3g} %"


def listed(names: Sequence[str], most: int = MAX_SHOWN) -> str:
    """``a, b, c and 2 more``."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def with_counts(values: Mapping[str, int]) -> str:
    """``'Stayed' (193), 'Churned' (187)``: values with their numbers of rows, the most frequent first."""
    return listed([f"{value} ({count:,})" for value, count in Counter(values).most_common()], MAX_VALUES)
