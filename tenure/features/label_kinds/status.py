"""``status``: 1 for a customer whose value of a column becomes one of some values in the horizon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from tenure.checks.label import equal_any
from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import HorizonLabel
from tenure.features.arrays import Array
from tenure.features.label_kinds.kind import Kind
from tenure.features.label_kinds.outcome import ALREADY, IN_THE_GAP, Outcome, Span
from tenure.features.label_rows import Flags, LabelRows


def _labels(label: HorizonLabel, rows: LabelRows) -> Callable[[Span], Outcome]:
    """1 for a customer with a row in the horizon that has one of ``to``, where the row before it has none of them.

    A customer who has one of them at the cut, or gets one between the cut and the horizon, has no label.
    """
    has_left = _is_one_of(rows.column(str(label.column)), label.to)
    becomes = has_left.copy()
    becomes[1:] &= (rows.customer[1:] != rows.customer[:-1]) | ~has_left[:-1]

    def becomes_between(first: int, end: int) -> Flags:
        inside = rows.between(first, end)
        return rows.customers_of(inside[becomes[inside]])

    def at(span: Span) -> Outcome:
        return Outcome(
            becomes_between(span.start, span.end).astype(np.int8),
            {ALREADY: _at(rows, has_left, span.cut), IN_THE_GAP: becomes_between(span.cut, span.start)},
        )

    return at


def _is_one_of(column: Array, values: tuple[str, ...]) -> Flags:
    if column.words is not None:
        chosen = equal_any(column.words, values).to_numpy(zero_copy_only=False).astype(np.bool_)
        found = np.append(chosen, False)[column.values]
    else:
        texts = pa.array(column.values).cast(pa.string())
        found = equal_any(texts, values).to_numpy(zero_copy_only=False).astype(np.bool_)
    return found if column.known is None else found & column.known


def _at(rows: LabelRows, has_left: Flags, cut: int) -> Flags:
    """Whether each customer's last row before the cut has one of ``to``; False without such a row."""
    before: Codes = np.flatnonzero(rows.times < cut)
    found = np.zeros(rows.customers, dtype=np.bool_)
    # Of several rows of a customer, numpy keeps the last that is assigned.
    found[rows.customer[before]] = has_left[before]
    return found


KIND = Kind(_labels, looks_back=True, settled=1)
