"""Mean of a column, nulls left out; unknown without values."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events, reduce
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    counts = events.counts
    return reduce(np.add, events.log.values, events.spans, empty=np.nan) / np.where(counts > 0, counts, np.nan)


AGGREGATE = Aggregate(name="mean", takes=Takes.NUMBER, phrase="mean of {column}", compute=_compute)
