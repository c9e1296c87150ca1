"""Slope of the least squares line of a column over time, per day, nulls left out.

sum((t - mean t) (x - mean x)) / sum((t - mean t)^2). Unknown unless there are two different times. Both are centred
before they are multiplied, so that large means cost no digits.
"""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import deviations
from tenure.contract.aggregates.rows import Events
from tenure.contract.durations import DAY_US
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    spans, customers = events.spans, len(events.spans.start)
    times = deviations((events.log.times - events.instant) / DAY_US, spans)
    values = deviations(events.log.values, spans)
    owners = spans.members[1]
    products = np.bincount(owners, weights=times * values, minlength=customers)
    squares = np.bincount(owners, weights=times * times, minlength=customers)
    first, last = events.at(spans.start, events.log.times), events.at(spans.stop - 1, events.log.times)
    return products / np.where(first < last, squares, np.nan)


AGGREGATE = Aggregate(
    name="slope", takes=Takes.NUMBER, phrase="change of {column} a day, by least squares", compute=_compute
)
