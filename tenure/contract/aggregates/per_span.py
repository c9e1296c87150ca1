"""Computations over the rows of each span that several aggregates share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.contract.aggregates.rows import Codes, Events, Spans, reduce
from tenure.contract.values import Floats


def count(chosen: NDArray[np.bool_], spans: Spans) -> Floats:
    """Number of rows in each span for which ``chosen``, of the rows of ``spans.members``, holds."""
    return np.bincount(spans.members[1][chosen], minlength=len(spans.start)).astype(np.float64)


def mean(events: Events) -> Floats:
    """Mean of each span's values; NaN for an empty span. Shape (customers,)."""
    counts = events.counts
    return events.log.sums(events.spans) / np.where(counts > 0, counts, np.nan)


def deviations(values: Floats, spans: Spans) -> Floats:
    """Of the rows of ``spans.members`` the difference from the mean of their span; shape (rows in spans,)."""
    rows, owners = spans.members
    lengths = spans.lengths
    means = reduce(np.add, values, spans, empty=0.0) / np.where(lengths > 0, lengths, 1)
    found: Floats = values[rows] - means[owners]
    return found


def sorted_members(events: Events) -> tuple[Codes, Codes]:
    """As ``Spans.members``, ordered by value in each span."""
    order = events.log.by_value
    owners = events.log.owners[order]
    inside = (order >= events.spans.start[owners]) & (order < events.spans.stop[owners])
    return order[inside], owners[inside]


def quantile(events: Events, q: float) -> Floats:
    """Quantile of each span's values, interpolated as numpy does; NaN for an empty span. Shape (customers,)."""
    rows, _ = sorted_members(events)
    values, lengths = events.log.values[rows], events.spans.lengths
    found: Floats = np.full(len(lengths), np.nan)
    filled = lengths > 0
    first = (np.cumsum(lengths) - lengths)[filled]
    place = q * (lengths[filled] - 1)
    below = np.floor(place).astype(np.int64)
    share = place - below
    low = values[first + below]
    step = values[first + np.minimum(below + 1, lengths[filled] - 1)] - low
    # From the nearer of the two, so that the result never leaves their range.
    found[filled] = np.where(share < 0.5, low + step * share, low + step - step * (1.0 - share))
    return found
