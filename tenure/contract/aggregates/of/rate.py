"""Rows a day: n / days of the window; over all history n / days since the first row. 0 without rows."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    if events.length is not None:
        return events.counts / events.length
    found: Floats = np.zeros(len(events.spans.start))
    return np.divide(events.counts, events.days_since(events.spans.start), out=found, where=events.counts > 0)


AGGREGATE = Aggregate(
    name="rate", takes=Takes.NO_COLUMN, phrase="number of events a day", compute=_compute, unit="per day"
)
