"""Days from the last row to the instant; unknown without rows.

Whole days where rows are of whole days, fractions of 24 hours otherwise.
"""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return events.days_since(events.spans.stop - 1)


AGGREGATE = Aggregate(
    name="recency",
    takes=Takes.NO_COLUMN,
    phrase="days since the last event",
    compute=_compute,
    unit="days",
    merge=np.minimum,
    counts_to_instant=True,
)
