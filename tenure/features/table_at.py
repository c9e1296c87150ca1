"""A sorted table as of one instant: which rows count, the newest of each customer, and the values of windows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract.aggregates import Events, Takes
from tenure.contract.aggregates.rows import MISSING, Codes
from tenure.contract.assembly import WindowFeature
from tenure.contract.expression import Expression
from tenure.contract.values import finite
from tenure.features.arrays import Array, Mask, whole_array
from tenure.features.frame import Frame
from tenure.features.reach import reach_of
from tenure.features.sorted_table import SortedTable


class TableAt:
    """A table as of an instant.

    Args:
        table: the sorted table.
        windows: those over the table.
        zone: where days begin.
        instant: microseconds since 1970-01-01 in UTC.
    """

    def __init__(self, table: SortedTable, windows: Sequence[WindowFeature], zone: str, instant: int) -> None:
        self._table = table
        self._instant = instant
        self._seen = table.clock.seen_at(instant)
        self._reaches = {window.name: reach_of(window, table.clock, zone, instant) for window in windows}
        self._frames: dict[tuple[bool, str | None, str | None], Frame] = {}

    @property
    def has_rows(self) -> Mask:
        """Which customers have a row that counts; shape (customers,)."""
        return np.diff(self._history.bounds) > 0

    def newest(self, name: str, customers: Codes) -> pa.Array:
        """The column's value in the newest row of each of the customers; null without a row."""
        start, stop = self._history.bounds[customers], self._history.bounds[customers + 1]
        filled = stop > start
        rows = np.zeros(len(customers), dtype=np.int64)
        rows[filled] = self._table.order[self._history.rows[stop[filled] - 1]]
        taken = self._table.table.column(name).take(pa.array(rows, mask=~filled))
        whole = whole_array(taken)
        return whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole

    def window(self, window: WindowFeature, customers: Codes) -> pa.Array:
        """The window's value for each of the customers; null where it is unknown."""
        reach = self._reaches[window.name]
        name, array = self._aggregated(window)
        frame = self._frame(reach.low is not None, window.where, name, array)
        events = Events(
            log=frame.log(name, array, as_number=window.aggregate.takes is not Takes.ANY),
            spans=frame.spans(reach.low, reach.high),
            earlier=None if reach.earlier is None else frame.spans(*reach.earlier),
            instant=self._seen,
            length=reach.length,
            q=window.window.q,
        )
        with np.errstate(over="ignore", invalid="ignore"):
            values = finite(window.aggregate.compute(events)[customers])
        if window.aggregate.result == "column" and window.window.column is not None:
            return self._column_values(values, window.window.column)
        return pa.array(values, mask=np.isnan(values))

    @cached_property
    def _visible(self) -> Mask:
        return self._table.visible(self._instant)

    @property
    def _history(self) -> Frame:
        """All rows that count."""
        return self._frame(False, None, None, None)

    def _aggregated(self, window: WindowFeature) -> tuple[str | None, Array | None]:
        """What a window aggregates, and a name for it: a column or a condition; None for rows alone."""
        if window.of is not None:
            return f"of {window.of.text}", self._table.condition(window.of)
        column = window.window.column
        return column, None if column is None else self._table.arrays[column]

    def _frame(self, bounded: bool, where: Expression | None, name: str | None, array: Array | None) -> Frame:
        """The rows that count, of them those that ``bounded`` windows reach, for which ``where`` holds, and in which
        ``array`` is not null."""
        known = None if array is None else array.known
        key = (bounded, None if where is None else where.text, None if known is None else name)
        if key not in self._frames:
            if known is not None:
                rows = self._frame(bounded, where, None, None).rows
                rows = rows[known[rows]]
            elif where is not None:
                rows = self._frame(bounded, None, None, None).rows
                rows = rows[self._table.condition(where).values[rows] == 1.0]
            else:
                rows = np.flatnonzero(self._reached if bounded else self._visible)
            self._frames[key] = Frame(self._table, rows)
        return self._frames[key]

    @property
    def _reached(self) -> Mask:
        """Rows that count and that a window with a beginning reaches."""
        lowest = min(reach.lowest for reach in self._reaches.values() if reach.lowest is not None)
        return self._visible & (self._table.times >= lowest)

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
