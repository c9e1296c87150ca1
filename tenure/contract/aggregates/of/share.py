"""Share of the rows for which a condition holds, rows for which it is null left out; unknown without rows."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    counts = events.counts
    return events.log.sums(events.spans) / np.where(counts > 0, counts, np.nan)


AGGREGATE = Aggregate(name="share", takes=Takes.CONDITION, phrase="share of events with {of}", compute=_compute)
