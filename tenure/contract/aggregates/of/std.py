"""Sample standard deviation of a column: sqrt(sum((x - mean)^2) / (n - 1)), nulls left out.

Unknown for fewer than two values. Deviations are taken from the mean before they are squared, so that a large mean
costs no digits.
"""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.per_span import deviations
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    centred = deviations(events.log.values, events.spans)
    squares = np.bincount(events.spans.members[1], weights=centred * centred, minlength=len(events.spans.start))
    counts = events.counts
    return np.sqrt(squares / np.where(counts > 1, counts - 1, np.nan))


AGGREGATE = Aggregate(name="std", takes=Takes.NUMBER, phrase="standard deviation of {column}", compute=_compute)
