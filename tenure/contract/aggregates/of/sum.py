"""Sum of a column, nulls left out; 0 without values."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events, reduce
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return reduce(np.add, events.log.values, events.spans, empty=0.0)


AGGREGATE = Aggregate(name="sum", takes=Takes.NUMBER, phrase="sum of {column}", compute=_compute, is_label=True)
