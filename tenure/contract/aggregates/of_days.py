"""Aggregates of when events happened."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.events import Codes, Events
from tenure.contract.values import Floats


def _count(events: Events) -> Floats:
    return events.spans.lengths.astype(np.float64)


def _recency(events: Events) -> Floats:
    return _days_since(events, events.spans.stop - 1)


def _age(events: Events) -> Floats:
    return _days_since(events, events.spans.start)


def _days_since(events: Events, places: Codes) -> Floats:
    """Days from the events at ``places``, one a span, to the cut; NaN for an empty span."""
    found: Floats = np.full(len(places), np.nan)
    filled = np.flatnonzero(events.spans.lengths)
    found[filled] = events.days_before_cut(places[filled])
    return found


OF_DAYS = (
    Aggregate(name="count", takes=Takes.NO_COLUMN, phrase="number of events", compute=_count, is_label=True),
    Aggregate(name="recency", takes=Takes.NO_COLUMN, phrase="days since the last event", compute=_recency),
    Aggregate(name="age", takes=Takes.NO_COLUMN, phrase="days since the first event", compute=_age),
)
