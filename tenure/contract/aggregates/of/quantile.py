"""Quantile of a column, nulls left out; unknown without values.

Between two values it is interpolated, as numpy does without a method (Hyndman and Fan 1996, definition 7).
"""

from __future__ import annotations

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import quantile
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return quantile(events, 0.5 if events.q is None else events.q)


AGGREGATE = Aggregate(
    name="quantile", takes=Takes.NUMBER, phrase="quantile {q} of {column}", compute=_compute, takes_q=True
)
