"""Median of a column, nulls left out; the mean of the two middle ones of an even number of values."""

from __future__ import annotations

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import quantile
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return quantile(events, 0.5)


AGGREGATE = Aggregate(name="median", takes=Takes.NUMBER, phrase="median of {column}", compute=_compute)
