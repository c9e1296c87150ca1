"""Aggregates of an event column. Nulls are left out."""

from __future__ import annotations

import numpy as np

from tenure.contract.aggregates.aggregate import Aggregate, Takes
from tenure.contract.aggregates.events import Events, Spans
from tenure.contract.values import Floats


def _sum(events: Events) -> Floats:
    return _reduce(np.add, np.where(np.isnan(events.values), 0.0, events.values), events.spans, empty=0.0)


def _mean(events: Events) -> Floats:
    counts = _reduce(np.add, (~np.isnan(events.values)).astype(np.float64), events.spans, empty=0.0)
    with np.errstate(invalid="ignore"):
        found: Floats = _sum(events) / np.where(counts > 0.0, counts, np.nan)
    return found


def _min(events: Events) -> Floats:
    return _reduce(np.fmin, events.values, events.spans, empty=np.nan)


def _max(events: Events) -> Floats:
    return _reduce(np.fmax, events.values, events.spans, empty=np.nan)


def _reduce(compute: np.ufunc, values: Floats, spans: Spans, empty: float) -> Floats:
    if not len(spans.start):
        return np.empty(0)
    # reduceat takes pairs of bounds; the value behind the end lets a span end where the log does.
    bounds = np.column_stack([spans.start, spans.stop]).ravel()
    found = compute.reduceat(np.append(values, 0.0), bounds)[::2]
    return np.where(spans.lengths > 0, found, empty)


def _distinct(events: Events) -> Floats:
    spans, lengths = events.spans, events.spans.lengths
    owner = np.repeat(np.arange(len(lengths)), lengths)
    first_of_owner = np.repeat(np.cumsum(lengths) - lengths, lengths)
    inside = events.values[np.repeat(spans.start, lengths) + np.arange(len(owner)) - first_of_owner]
    known = ~np.isnan(inside)
    owner, inside = owner[known], inside[known]
    order = np.lexsort((inside, owner))
    owner, inside = owner[order], inside[order]
    new = np.ones(len(owner), dtype=bool)
    new[1:] = (owner[1:] != owner[:-1]) | (inside[1:] != inside[:-1])
    return np.bincount(owner[new], minlength=len(lengths)).astype(np.float64)


OF_COLUMNS = (
    Aggregate(name="sum", takes=Takes.NUMBER, phrase="sum of {column}", compute=_sum, is_label=True),
    Aggregate(name="mean", takes=Takes.NUMBER, phrase="mean of {column}", compute=_mean),
    Aggregate(name="min", takes=Takes.NUMBER, phrase="smallest {column}", compute=_min),
    Aggregate(name="max", takes=Takes.NUMBER, phrase="largest {column}", compute=_max),
    Aggregate(name="distinct", takes=Takes.ANY, phrase="number of different values of {column}", compute=_distinct),
)
