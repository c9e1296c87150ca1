"""Number of calendar days with a row, in the zone where days begin; 0 without rows."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import count
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    rows, _ = events.spans.members
    # The first row of a span may not be the first of its day.
    first = np.zeros(len(events.log.times), dtype=bool)
    first[events.spans.start[events.spans.lengths > 0]] = True
    return count(events.log.first_of_day[rows] | first[rows], events.spans)


AGGREGATE = Aggregate(
    name="active_days",
    takes=Takes.NO_COLUMN,
    phrase="number of days with an event",
    compute=_compute,
    unit="days",
)
