"""Some rows of a sorted table, as windows read them: the spans of each customer, and the aggregated columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.aggregates import Log, Spans
from tenure.contract.aggregates.rows import Codes
from tenure.features.arrays import Array
from tenure.features.sorted_table import SortedTable


class Frame:
    """Rows ``rows`` of ``table``, ascending. Spans and logs are made once, however many windows read them."""

    def __init__(self, table: SortedTable, rows: Codes) -> None:
        self._table = table
        self.rows = rows
        self.bounds = np.zeros(table.customers + 1, dtype=np.int64)
        np.cumsum(np.bincount(table.codes[rows], minlength=table.customers), out=self.bounds[1:])
        self.times = table.times[rows]
        self._starts: dict[int, Codes] = {}
        self._spans: dict[tuple[int | None, int], Spans] = {}
        self._logs: dict[tuple[str | None, bool], Log] = {}

    def spans(self, low: int | None, high: int) -> Spans:
        """Each customer's rows from ``low``, or from the first on for None, up to ``high``, in the table's clock."""
        if (low, high) not in self._spans:
            self._spans[low, high] = Spans(self.bounds[:-1] if low is None else self._start(low), self._start(high))
        return self._spans[low, high]

    def log(self, name: str | None, array: Array | None, *, as_number: bool) -> Log:
        """The rows with the values of ``array``, none of which is null in them; without values for None.

        Args:
            name: of the array.
            array: over all rows of the table.
            as_number: whether integers and booleans are made floats.
        """
        key = (name, as_number)
        if key not in self._logs:
            values: NDArray[Any] = np.empty(0) if array is None else array.values[self.rows]
            if as_number:
                values = values.astype(np.float64, copy=False)
            self._logs[key] = Log(self.bounds, self.times, values, self._table.clock.local)
        return self._logs[key]

    def _start(self, time: int) -> Codes:
        """The place of each customer's first row that is not before a time."""
        if time not in self._starts:
            counted = np.zeros(len(self.times) + 1, dtype=np.int64)
            np.cumsum(self.times < time, out=counted[1:])
            self._starts[time] = self.bounds[:-1] + np.diff(counted[self.bounds])
        return self._starts[time]
