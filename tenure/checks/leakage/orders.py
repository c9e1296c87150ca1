"""Orders of the rows that rank the label, and features that repeat one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from tenure.checks.leakage.auc import deviations
from tenure.checks.leakage.codes import Codes
from tenure.checks.leakage.rank_r2 import correlation
from tenure.checks.leakage.table import Finding, Table
from tenure.contract.values import Floats, Text, Value
from tenure.stats.ranks import rank_auc

ORDER_AUC = 0.60
ORDER_CORRELATION = 0.20
"""The same for a numeric label: 2 · ROC-AUC − 1 is a rank correlation too."""
FAR_ORDER = 6.0
"""Standard deviations from chance at which the order of the rows counts as informative."""
SAME_ORDER = 0.99
"""Rank correlation at which a column of distinct values counts as a copy of the order."""


def orders(table: Table) -> Iterator[Finding]:
    """An order that ranks the label warns; a feature that repeats it stops."""
    for order, place in table.orders.items():
        measure, strength, limit, deviation = _order_strength(table, place)
        if strength < limit or deviation < FAR_ORDER:
            continue
        text = f"{order} ranks the label with a {measure} of {strength:.3f}: was the table sorted by it?"
        yield Finding("order of the rows", None, text, strength, limit, warns=True)
        for name, values in table.values.items():
            if _follows(values, table.codes[name], place):
                text = f"repeats the {order}, which ranks the label with a {measure} of {strength:.3f}"
                yield Finding("order of the rows", name, text, strength, limit)


def _order_strength(table: Table, place: Floats) -> tuple[str, float, float, float]:
    """Measure, how well the order ranks the label by it, the limit, and the distance from chance in deviations."""
    if table.is_number:
        found = abs(correlation(place, table.label.astype(np.float64)))
        return "rank correlation", found, ORDER_CORRELATION, found * math.sqrt(place.size - 1)
    label = table.label.astype(np.int8)
    auc = rank_auc(label, place)
    return "ROC-AUC", max(auc, 1.0 - auc), ORDER_AUC, deviations(auc, label)


def _follows(values: Value, codes: Codes, place: Floats) -> bool:
    """Whether a column of (almost) distinct values is sorted by an order, ascending or descending."""
    ranks = np.array(_word_ranks(values))[codes - 1] if isinstance(values, Text) else values
    there = np.isfinite(ranks) if not isinstance(values, Text) else values.codes >= 0
    if there.mean() < SAME_ORDER or np.unique(ranks[there]).size < SAME_ORDER * there.sum():
        return False
    by_value, by_place = (np.argsort(np.argsort(side[there], kind="stable")) for side in (ranks, place))
    return abs(float(np.corrcoef(by_value, by_place)[0, 1])) >= SAME_ORDER


def _word_ranks(values: Text) -> Sequence[float]:
    """Alphabetical rank of each distinct word, by its code less 1."""
    words = list(dict.fromkeys(values.words))
    rank = {word: float(place) for place, word in enumerate(sorted(words))}
    return [rank[word] for word in words] or [0.0]
