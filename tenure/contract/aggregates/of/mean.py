"""Mean of a column, nulls left out; unknown without values."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    counts = events.counts
    return events.log.sums(events.spans) / np.where(counts > 0, counts, np.nan)


AGGREGATE = Aggregate(name="mean", takes=Takes.NUMBER, phrase="mean of {column}", compute=_compute)
