"""Largest number of consecutive rows for which a condition holds; rows for which it is null are left out."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


def _compute(events: Events) -> Floats:
    rows, spans = events.spans.members
    lengths = rows - np.maximum(events.log.last_zero[rows], events.spans.start[spans] - 1)
    found: Floats = np.zeros(len(events.spans.start))
    np.maximum.at(found, spans, lengths.astype(np.float64))
    return found


AGGREGATE = Aggregate(
    name="longest_streak",
    takes=Takes.CONDITION,
    phrase="largest number of consecutive events with {of}",
    compute=_compute,
)
