"""The segments of ``decision.by``: one for each value of a column that enough customers have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.schema import BOOLEAN_TEXTS
from tenure.contract.values import Text, Value
from tenure.decision.profit import NOBODY, Floats
from tenure.decision.segments import Bools, Segment
from tenure.stats.clusters import count_customers, standard_error

MIN_CUSTOMERS = 200
"""Of a segment; with fewer a threshold of its own would be noise."""
MIN_OF_EACH_CLASS = 30
"""Customers of a segment who left, and who stayed."""
MAX_SEGMENTS = 20
"""The largest segments; the customers of all other values are together."""


@dataclass(frozen=True, eq=False)
class ValueSegment:
    """The customers with one value of the column."""

    segment: Segment
    """Without threshold and shift."""
    rows: Bools
    """(n,) whether a row belongs to it."""
    customers: int
    churners: int
    """Customers who left."""


@dataclass(frozen=True)
class Gain:
    """The mean gain of a row by a rule of the segment's own, on rows held out, and its standard error."""

    mean: float
    error: float
    changed: int
    """Customers for whom the rule makes a difference."""

    @classmethod
    def of(cls, gain: Floats, customer: NDArray[np.int64] | None, changed: int) -> Gain:
        """Of the gains of at least two rows, shape (rows,)."""
        return cls(float(gain.mean()), standard_error(gain, customer), changed)

    def exceeds(self, errors: float) -> bool:
        """Whether the mean is more than so many standard errors above 0."""
        return self.mean > errors * self.error

    def to_dict(self) -> dict[str, float]:
        return {"mean": self.mean, "error": self.error, "changed": self.changed}


def value_segments(
    contract: Contract,
    column: str,
    columns: Mapping[str, Value],
    label: NDArray[np.generic],
    customer: NDArray[np.int64] | None = None,
) -> list[ValueSegment]:
    """The values with at least ``MIN_CUSTOMERS``, the largest ``MAX_SEGMENTS`` of them, by descending size.

    Args:
        column: an input or derived feature, a text or a boolean.
        columns: with that column, (n,).
        label: 0 or 1, (n,).
        customer: of ``tenure.stats.clusters.customers_of``, (n,).
    """
    found = []
    for name, value in _values(contract, column, columns[column]):
        segment = Segment(name, column, (value,), None, NOBODY)
        rows = segment.among(columns)
        churners, stayers = (count_customers(customer, rows & (label == kind)) for kind in (1, 0))
        if min(churners, stayers) < MIN_OF_EACH_CLASS:
            continue
        customers = count_customers(customer, rows)
        if customers >= MIN_CUSTOMERS:
            found.append(ValueSegment(segment, rows, customers, churners))
    return sorted(found, key=lambda each: (-each.customers, each.segment.name))[:MAX_SEGMENTS]


def _values(contract: Contract, column: str, values: Value) -> Iterator[tuple[str, str | float]]:
    """Every value that some row may have: its name, and as ``Segment.values`` has it."""
    if isinstance(values, Text):
        # A word may stand twice. Words of too few rows, of which a free text has many, are not looked at closer.
        counts = np.bincount(values.codes[values.codes >= 0], minlength=len(values.words))
        rows: dict[str, int] = {}
        for word, count in zip(values.words, counts.tolist(), strict=True):
            rows[word] = rows.get(word, 0) + count
        for word, count in rows.items():
            if count >= MIN_CUSTOMERS:
                yield word, word
        return
    described = contract.inputs.get(column)
    texts = (None if described is None else described.values) or BOOLEAN_TEXTS
    for number, text in enumerate(texts):
        yield text, float(number)
