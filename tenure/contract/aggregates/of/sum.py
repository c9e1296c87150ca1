"""Sum of a column, nulls left out; 0 without values."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return events.log.sums(events.spans)


AGGREGATE = Aggregate(
    name="sum", takes=Takes.NUMBER, phrase="sum of {column}", compute=_compute, is_label=True, merge=np.add
)
