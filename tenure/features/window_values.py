"""A sorted table as of one instant: which rows count, the newest of each customer, and the values of windows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract.aggregates import Events, Log, Spans, Takes
from tenure.contract.aggregates.rows import DAY, MISSING, Codes
from tenure.contract.assembly import WindowFeature
from tenure.contract.durations import Duration
from tenure.features.arrays import Mask
from tenure.features.instants import days_before, midnight, shift
from tenure.features.sorted_table import SortedTable


@dataclass(frozen=True)
class Reach:
    """The time that a window covers, in the table's clock."""

    low: int | None
    """None for all history."""
    high: int
    earlier: int | None
    """Where the window of the same length before it begins."""
    length: float | None
    """In days."""


class TableAt:
    """A table as of an instant."""

    def __init__(self, table: SortedTable, zone: str, instant: int) -> None:
        self._table = table
        self._zone = zone
        self._instant = instant
        self._seen = table.seen_at(instant)
        self._logs: dict[tuple[str | None, str | None, str | None], tuple[Log, Codes]] = {}

    @cached_property
    def _rows(self) -> Codes:
        return np.flatnonzero(self._table.visible(self._instant))

    @cached_property
    def _bounds(self) -> Codes:
        return self._bounds_of(self._rows)

    def _bounds_of(self, rows: Codes) -> Codes:
        found = np.zeros(self._table.customers + 1, dtype=np.int64)
        np.cumsum(np.bincount(self._table.codes[rows], minlength=self._table.customers), out=found[1:])
        return found

    @property
    def has_rows(self) -> Mask:
        """Which customers have a row that counts; shape (customers,)."""
        return np.diff(self._bounds) > 0

    def newest(self, name: str, customers: Codes) -> pa.Array:
        """The column's value in the newest row of each of the customers; null without a row."""
        start, stop = self._bounds[customers], self._bounds[customers + 1]
        filled = stop > start
        rows = np.zeros(len(customers), dtype=np.int64)
        rows[filled] = self._table.order[self._rows[stop[filled] - 1]]
        taken = self._table.table.column(name).take(pa.array(rows, mask=~filled))
        return pa.concat_arrays(taken.chunks) if taken.num_chunks else pa.array([], taken.type)

    def window(self, window: WindowFeature, customers: Codes) -> pa.Array:
        """The window's value for each of the customers; null where it is unknown."""
        log = self._log(window)
        reach = self._reach(window)
        events = Events(
            log,
            self._spans(log, reach.low, reach.high),
            None if reach.earlier is None or reach.low is None else self._spans(log, reach.earlier, reach.low),
            self._seen,
            reach.length,
            window.window.q,
        )
        values = window.aggregate.compute(events)[customers]
        if window.aggregate.result == "column" and window.window.column is not None:
            return self._column_values(values, window.window.column)
        return pa.array(values, mask=np.isnan(values))

    def _column_values(self, values: NDArray[Any], name: str) -> pa.Array:
        """Values in the representation of ``Log.values`` as those of the column."""
        described, words = self._table.described.columns[name], self._table.arrays[name].words
        if words is not None:
            return words.take(pa.array(values, mask=values == MISSING))
        if described.is_temporal:
            moments = pa.array(values, mask=values == MISSING).cast(pa.timestamp("us"))
            return moments.cast(pa.date32()) if described.type == "date" else moments
        missing = np.isnan(values) if values.dtype.kind == "f" else values == MISSING
        return pa.array(values.astype(np.float64), mask=missing)

    def _log(self, window: WindowFeature) -> Log:
        where, of, column = window.where, window.of, window.window.column
        key = (where.text if where else None, of.text if of else None, column)
        if key not in self._logs:
            self._logs[key] = self._made_log(window)
        return self._logs[key]

    def _made_log(self, window: WindowFeature) -> Log:
        table, rows = self._table, self._rows
        if window.where is not None:
            rows = rows[table.evaluate(window.where)[rows] == 1.0]
        values: NDArray[Any] = np.empty(0)
        if window.of is not None:
            found = table.evaluate(window.of)[rows]
            rows, values = rows[~np.isnan(found)], found[~np.isnan(found)]
        elif window.window.column is not None:
            array = table.arrays[window.window.column]
            if array.known is not None:
                rows = rows[array.known[rows]]
            values = array.values[rows]
            if window.aggregate.takes is not Takes.ANY:
                values = values.astype(np.float64)
        return Log(self._bounds_of(rows), table.times[rows], values, table.local)

    def _spans(self, log: Log, low: int | None, high: int) -> Spans:
        begin = log.bounds[:-1]
        start = begin if low is None else begin + self._before(log, low)
        stop = log.bounds[1:] if high >= self._seen else begin + self._before(log, high)
        return Spans(start, stop)

    def _before(self, log: Log, time: int) -> Codes:
        """Number of each customer's rows before a time of the table's clock."""
        counted = np.zeros(len(log.times) + 1, dtype=np.int64)
        np.cumsum(log.times < time, out=counted[1:])
        found: Codes = np.diff(counted[log.bounds])
        return found

    def _reach(self, window: WindowFeature) -> Reach:
        days, last = window.window.days, window.last
        if days is not None:
            high = self._seen if self._table.whole_days else midnight(self._instant, self._zone)
            return Reach(self._days_before(days), high, self._days_before(2 * days), float(days))
        if last is None:
            return Reach(None, self._seen, None, None)
        twice = Duration(2 * last.days, 2 * last.microseconds)
        length = last.days + last.microseconds / DAY
        return Reach(self._back(last), self._seen, self._back(twice), length)

    def _days_before(self, days: int) -> int:
        if self._table.whole_days:
            return self._seen - days * DAY
        return days_before(self._instant, days, self._zone)

    def _back(self, duration: Duration) -> int:
        if self._table.whole_days:
            return self._seen - duration.days * DAY - duration.microseconds
        return shift(self._instant, duration, self._zone, sign=-1)
