"""Number of rows; 0 without rows."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return events.counts


AGGREGATE = Aggregate(
    name="count", takes=Takes.NO_COLUMN, phrase="number of events", compute=_compute, is_label=True, merge=np.add
)
