"""Number of the most recent consecutive rows for which a condition holds; rows for which it is null are left out."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    spans = events.spans
    found: Floats = np.zeros(len(spans.start))
    filled = spans.lengths > 0
    start, stop = spans.start[filled], spans.stop[filled]
    found[filled] = stop - 1 - np.maximum(events.log.last_zero[stop - 1], start - 1)
    return found


AGGREGATE = Aggregate(
    name="streak",
    takes=Takes.CONDITION,
    phrase="number of the most recent consecutive events with {of}",
    compute=_compute,
)
