"""A window against the one of the same length before it: (a - b) / (a + b).

From -1 to 1 where no value is negative. a and b are the sums of a column, nulls left out, or the numbers of rows
without a column. Unknown where a + b is 0.
"""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events, Spans
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    if events.earlier is None:
        raise ValueError("a trend needs a window with a beginning")
    now, before = _total(events, events.spans), _total(events, events.earlier)
    both = now + before
    return (now - before) / np.where(both == 0.0, np.nan, both)


def _total(events: Events, spans: Spans) -> Floats:
    if not len(events.log.values):
        return spans.lengths.astype(np.float64)
    return events.log.sums(spans)


AGGREGATE = Aggregate(
    name="trend",
    takes=Takes.NUMBER_OR_NONE,
    phrase="change from the window before, as a share of both, of the sum of {column}",
    phrase_without_column="change from the window before, as a share of both, of the number of events",
    compute=_compute,
    needs_length=True,
)
