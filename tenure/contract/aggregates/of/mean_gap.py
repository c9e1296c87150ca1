"""Mean time between consecutive rows: (last - first) / (n - 1), in days; unknown for fewer than two rows."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.durations import DAY_US
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    spans, times = events.spans, events.log.times
    found: Floats = np.full(len(spans.start), np.nan)
    several = spans.lengths > 1
    start, stop = spans.start[several], spans.stop[several]
    found[several] = (times[stop - 1] - times[start]) / DAY_US / (stop - start - 1)
    return found


AGGREGATE = Aggregate(
    name="mean_gap",
    takes=Takes.NO_COLUMN,
    phrase="mean number of days between consecutive events",
    compute=_compute,
    unit="days",
)
