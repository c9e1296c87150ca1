"""Days from the first row to the instant; unknown without rows.

Whole days where rows are of whole days, fractions of 24 hours otherwise.
"""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return events.days_since(events.spans.start)


AGGREGATE = Aggregate(
    name="age",
    takes=Takes.NO_COLUMN,
    phrase="days since the first event",
    compute=_compute,
    unit="days",
    merge=np.maximum,
    counts_to_instant=True,
)
