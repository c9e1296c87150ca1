"""Smallest value of a column, nulls left out; unknown without values."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events, reduce
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return reduce(np.minimum, events.log.values, events.spans, empty=np.nan)


AGGREGATE = Aggregate(name="min", takes=Takes.NUMBER, phrase="smallest {column}", compute=_compute, merge=np.minimum)
