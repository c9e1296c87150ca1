"""Numbers, days and texts that often stand for a missing value: 999, -1, 1900-01-01, "unknown"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

_NINES = tuple(10.0**digits - 1 for digits in range(2, 10))
NUMBERS = (*_NINES, *(-number for number in _NINES), 88.0, 888.0, -1.0, -2.0, -8.0, -9.0, -88.0, -888.0)
LOWEST_SENTINEL = 88.0
MIN_SHARE = 0.005
MIN_ROWS = 2
FAR = 2.0
"""How many times higher than all other numbers a sentinel is."""
WORDS = frozenset(
    ["unknown", "unk", "none", "na", "n_a", "undefined", "unspecified", "not_specified", "not_known",
     "no_data", "unbekannt", "keine", "desconocido", "inconnu", "desconhecido", "nil", "nan", "tbd", "dummy"]
)  # fmt: skip


def separate(values: np.ndarray) -> tuple[np.ndarray, Counter[float]]:
    """The numbers that are no sentinel, and counts of the sentinels.

    Args:
        values: float64, shape (rows,).
    """
    if values.min() >= 0.0 and values.max() < LOWEST_SENTINEL:
        return values, Counter()
    suspicious = np.isin(values, NUMBERS)
    if not suspicious.any():
        return values, Counter()
    numbers, counts = np.unique(values[suspicious], return_counts=True)
    return values[~suspicious], Counter(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))


def suspects(counts: Mapping[float, int], rest: tuple[float, float] | None, rows: int) -> list[float]:
    """The sentinels among ``counts`` that are far from the rest of the column, and frequent.

    Args:
        counts: rows by number.
        rest: lowest and highest of the other numbers.
        rows: of the column.
    """
    if rest is None:
        return []
    low, high = rest
    return [
        number
        for number, count in sorted(counts.items())
        if count >= max(MIN_ROWS, MIN_SHARE * rows)
        and (number < 0 <= low or number >= FAR * max(high, 1.0) or number <= FAR * min(low, -1.0))
    ]
