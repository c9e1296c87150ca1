"""Longest time between consecutive rows, in days; unknown for fewer than two rows."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events, Spans, reduce
from tenure.contract.durations import DAY_US
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    spans = events.spans
    # The gap before a row; that of the first row of a span lies outside.
    gaps = np.diff(events.log.times, prepend=0) / DAY_US
    inner = Spans(np.minimum(spans.start + 1, spans.stop), spans.stop)
    return reduce(np.maximum, gaps, inner, empty=np.nan)


AGGREGATE = Aggregate(
    name="longest_gap",
    takes=Takes.NO_COLUMN,
    phrase="largest number of days between consecutive events",
    compute=_compute,
    unit="days",
)
