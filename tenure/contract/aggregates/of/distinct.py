"""Number of different values of a column, nulls left out; 0 without values."""

from __future__ import annotations

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import count
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    rows, spans = events.spans.members
    return count(events.log.previous_equal[rows] < events.spans.start[spans], events.spans)


AGGREGATE = Aggregate(
    name="distinct", takes=Takes.ANY, phrase="number of different values of {column}", compute=_compute
)
