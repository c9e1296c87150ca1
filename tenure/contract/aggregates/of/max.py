"""Largest value of a column, nulls left out; unknown without values."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events, reduce
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    return reduce(np.maximum, events.log.values, events.spans, empty=np.nan)


AGGREGATE = Aggregate(name="max", takes=Takes.NUMBER, phrase="largest {column}", compute=_compute, merge=np.maximum)
