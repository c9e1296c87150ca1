"""An event log sorted once, and aggregates over a stretch of days for all customers at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract import Window
from tenure.contract.values import Floats

Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Spans:
    """For customers, where their events of some days stand in the sorted log: ``start[i]`` up to ``stop[i]``."""

    customers: Codes
    start: Codes
    stop: Codes

    @property
    def lengths(self) -> Codes:
        return self.stop - self.start

    def of(self, places: Codes) -> Spans:
        """The spans of some of the customers."""
        return Spans(self.customers[places], self.start[places], self.stop[places])


class Log:
    """Events sorted by customer and day. Holds 16 bytes an event, and 8 for each column.

    Args:
        codes: customer of each event, from 0; shape (events,).
        days: days since 1970-01-01; shape (events,).
        columns: what is aggregated.
        customers: how many there are.
    """

    def __init__(
        self, codes: Codes, days: NDArray[np.int32], columns: dict[str, pa.ChunkedArray], customers: int
    ) -> None:
        self.first_day, self.last_day = int(days.min()), int(days.max())
        self._customers = np.arange(customers, dtype=np.int64)
        self._days_wide = self.last_day - self.first_day + 1
        place = codes * self._days_wide + (days - self.first_day)
        # Stable, so that sums are added up in the log's order whatever comes after.
        order = np.argsort(place, kind="stable")
        self._place = place[order]
        self._order = order
        self._columns = columns
        self._sorted: dict[str, Floats] = {}

    def __len__(self) -> int:
        return len(self._place)

    def between(self, first: int, end: int) -> Spans:
        """Every customer's events from the day ``first`` up to, not including, the day ``end``."""
        start, stop = (self._customers * self._days_wide + self._clamped(day) for day in (first, end))
        return Spans(
            self._customers, np.searchsorted(self._place, start, side="left"), np.searchsorted(self._place, stop)
        )

    def days(self, places: Codes) -> Codes:
        """Days since 1970-01-01 of the events at ``places`` of the sorted log."""
        return self._place[places] % self._days_wide + self.first_day

    def numbers(self, name: str) -> Floats:
        """A column in the log's order as float64 with NaN for null; texts as codes."""
        if name not in self._sorted:
            column = self._columns.pop(name)
            if pa.types.is_string(column.type):
                column = column.dictionary_encode().combine_chunks().indices
            elif pa.types.is_temporal(column.type):
                column = column.cast(pa.timestamp("us")).cast(pa.int64())
            values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            self._sorted[name] = values[self._order]
        return self._sorted[name]

    def _clamped(self, day: int) -> int:
        return min(max(day - self.first_day, 0), self._days_wide)


def aggregate(log: Log, window: Window, spans: Spans, day: int) -> Floats:
    """The window's aggregate over each span; shape (spans,), NaN where there is nothing to aggregate.

    Nulls are left out. Nothing counts 0 and adds up to 0; its mean, extremes, recency and age are unknown.

    Args:
        day: the cut, which ``recency`` and ``age`` count back from.
    """
    if window.column is None:
        return _of_days(log, window.aggregate, spans, day)
    values = log.numbers(window.column)
    if window.aggregate == "distinct":
        return _distinct(values, spans)
    known = ~np.isnan(values)
    found: Floats
    if window.aggregate in ("sum", "mean"):
        found = _reduce(np.add, np.where(known, values, 0.0), spans, empty=0.0)
        if window.aggregate == "mean":
            counts = _reduce(np.add, known.astype(np.float64), spans, empty=0.0)
            with np.errstate(invalid="ignore"):
                found = found / np.where(counts > 0.0, counts, np.nan)
        return found
    return _reduce(np.fmin if window.aggregate == "min" else np.fmax, values, spans, empty=np.nan)


def _of_days(log: Log, kind: str, spans: Spans, day: int) -> Floats:
    lengths = spans.lengths
    if kind == "count":
        return lengths.astype(np.float64)
    where = spans.stop - 1 if kind == "recency" else spans.start
    since = day - log.days(np.minimum(where, len(log) - 1))
    return np.where(lengths > 0, since.astype(np.float64), np.nan)


def _reduce(compute: np.ufunc, values: Floats, spans: Spans, empty: float) -> Floats:
    if not len(spans.start):
        return np.empty(0)
    # reduceat takes pairs of bounds; the value behind the end lets a span end where the log does.
    bounds = np.column_stack([spans.start, spans.stop]).ravel()
    found = compute.reduceat(np.append(values, 0.0), bounds)[::2]
    return np.where(spans.lengths > 0, found, empty)


def _distinct(values: Floats, spans: Spans) -> Floats:
    lengths = spans.lengths
    owner = np.repeat(np.arange(len(lengths)), lengths)
    first_of_owner = np.repeat(np.cumsum(lengths) - lengths, lengths)
    inside = values[np.repeat(spans.start, lengths) + np.arange(len(owner)) - first_of_owner]
    known = ~np.isnan(inside)
    owner, inside = owner[known], inside[known]
    order = np.lexsort((inside, owner))
    owner, inside = owner[order], inside[order]
    new = np.ones(len(owner), dtype=bool)
    new[1:] = (owner[1:] != owner[:-1]) | (inside[1:] != inside[:-1])
    return np.bincount(owner[new], minlength=len(lengths)).astype(np.float64)
