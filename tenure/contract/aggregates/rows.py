"""Rows of customers in the order of time, as the implementations of aggregates read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.durations import DAY_US
from tenure.contract.values import Floats

Codes = NDArray[np.int64]

MISSING = np.iinfo(np.int64).min
"""Stands for null among codes and microseconds."""


@dataclass(frozen=True, eq=False)
class Spans:
    """For each customer the rows of a window: ``start[i]`` up to, not including, ``stop[i]``; shape (customers,)."""

    start: Codes
    stop: Codes

    @property
    def lengths(self) -> Codes:
        return self.stop - self.start

    @cached_property
    def members(self) -> tuple[Codes, Codes]:
        """The rows of all spans, and for each of them its span; both of shape (rows in spans,)."""
        lengths = self.lengths
        spans = np.repeat(np.arange(len(lengths)), lengths)
        rows = np.arange(len(spans)) + np.repeat(self.start - (np.cumsum(lengths) - lengths), lengths)
        return rows, spans


@dataclass(frozen=True, eq=False)
class Log:
    """Rows ordered by customer and time; rows in which the aggregated column is null are left out.

    Args:
        bounds: the rows of customer i are ``bounds[i]:bounds[i + 1]``; shape (customers + 1,).
        times: in microseconds, ascending for each customer; shape (rows,).
        values: the aggregated column, shape (rows,): numbers as float64, texts as codes in the order of the texts,
            dates and timestamps as microseconds, conditions as 0 and 1. Empty for an aggregate that takes no column.
        local: from times to those of the clock in the zone where days begin.
    """

    bounds: Codes
    times: Codes
    values: NDArray[Any]
    local: Callable[[Codes], Codes]

    @cached_property
    def owners(self) -> Codes:
        """The customer of each row; shape (rows,)."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    @cached_property
    def by_value(self) -> Codes:
        """Rows ordered by customer, then by value, then by time; shape (rows,)."""
        owners, values, rows = self.owners, self.values, len(self.values)
        # One sort of integers is several times as fast as one by several keys.
        if rows and values.dtype.kind == "i":
            low, bits = int(values.min()), rows.bit_length()
            width = int(values.max()) - low + 1
            if (len(self.bounds) * width) << bits < np.iinfo(np.int64).max:
                place = ((owners * width + (values - low)) << bits) | np.arange(rows)
                place.sort()
                return place & ((1 << bits) - 1)
        return np.lexsort((values, owners))

    @cached_property
    def _sums(self) -> dict[Spans, Floats]:
        return {}

    def sums(self, spans: Spans) -> Floats:
        """The sum of the values of each span, 0 without values; shape (customers,)."""
        if spans not in self._sums:
            self._sums[spans] = reduce(np.add, self.values, spans, empty=0.0)
        return self._sums[spans]

    @cached_property
    def previous_equal(self) -> Codes:
        """The customer's last row before with the same value, -1 without one; shape (rows,)."""
        order = self.by_value
        owners, values = self.owners[order], self.values[order]
        equal = (owners[1:] == owners[:-1]) & (values[1:] == values[:-1])
        found = np.full(len(order), -1, dtype=np.int64)
        found[order[1:][equal]] = order[:-1][equal]
        return found

    @cached_property
    def last_zero(self) -> Codes:
        """The last row up to this one with the value 0, also another customer's, -1 without one; shape (rows,)."""
        return np.maximum.accumulate(np.where(self.values == 0, np.arange(len(self.values)), -1))

    @cached_property
    def first_of_day(self) -> NDArray[np.bool_]:
        """Whether the row is the customer's first of its calendar day; shape (rows,)."""
        days = self.local(self.times) // DAY_US
        found = np.ones(len(days), dtype=bool)
        found[1:] = (days[1:] != days[:-1]) | (self.owners[1:] != self.owners[:-1])
        return found


@dataclass(frozen=True, eq=False)
class Events:
    """What an aggregate is computed over.

    Args:
        log: the rows.
        spans: those of the window, for each customer; a span may be empty.
        earlier: those of the window of the same length before it; None for all history.
        instant: where the window's time is counted from, in microseconds of the log's clock.
        length: days of the window; None for all history.
        q: of a quantile.
    """

    log: Log
    spans: Spans
    earlier: Spans | None
    instant: int
    length: float | None
    q: float | None = None

    @property
    def counts(self) -> Floats:
        """Number of rows; shape (customers,)."""
        return self.spans.lengths.astype(np.float64)

    def at(self, rows: Codes, values: NDArray[Any]) -> NDArray[Any]:
        """``values`` at ``rows``, one row a span; for an empty span NaN, of integers MISSING. Shape (customers,)."""
        filled = self.spans.lengths > 0
        found: NDArray[Any] = np.full(len(rows), np.nan if values.dtype.kind == "f" else MISSING)
        found[filled] = values[rows[filled]]
        return found

    def days_since(self, rows: Codes) -> Floats:
        """Days from ``rows``, one a span, to the instant; NaN for an empty span. Shape (customers,)."""
        found: Floats = np.full(len(rows), np.nan)
        filled = self.spans.lengths > 0
        found[filled] = (self.instant - self.log.times[rows[filled]]) / DAY_US
        return found


def reduce(compute: np.ufunc, values: NDArray[Any], spans: Spans, empty: float) -> Floats:
    """``compute`` over the values of each span, ``empty`` where there are none; shape (customers,)."""
    if not len(spans.start):
        return np.empty(0)
    # reduceat takes pairs of bounds; the value behind the end lets a span end where the rows do.
    bounds = np.column_stack([spans.start, spans.stop]).ravel()
    found = compute.reduceat(np.append(values, values.dtype.type(0)), bounds)[::2]
    return np.where(spans.lengths > 0, found, empty)
