"""``value``: an aggregate of a customer's rows in the horizon."""

from __future__ import annotations

from collections.abc import Callable

from tenure.contract.assembly import HorizonLabel
from tenure.features.label_kinds.kind import Kind
from tenure.features.label_kinds.outcome import Outcome, Span
from tenure.features.label_rows import LabelRows


def _labels(label: HorizonLabel, rows: LabelRows) -> Callable[[Span], Outcome]:
    """The aggregate over the horizon, nulls left out; 0 for a customer without a row in it."""
    aggregate = rows.aggregate(str(label.aggregate), label.column)

    def at(span: Span) -> Outcome:
        return Outcome(aggregate(span.start, span.end))

    return at


KIND = Kind(_labels)
