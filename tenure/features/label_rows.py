"""The rows that a label is computed from: those of its table, each in its latest version."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract.aggregates import AGGREGATES, Events
from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.contract.values import Floats
from tenure.features.arrays import Array
from tenure.features.frame import Frame
from tenure.features.row_times import NEVER
from tenure.features.sorted_table import SortedTable

Flags = NDArray[np.bool_]


class LabelRows:
    """Rows for which the label's ``where`` is true, as they are known at the end of the data.

    They are ordered as in a ``SortedTable``, whose clock their times have.

    Args:
        assembly: with the label.
        table: the label's, with ``assembly.columns_of``, in any order.
        customer: code of each row's customer, from 0; -1 for a row that is of no customer.
        customers: their number.

    Raises:
        DataError: a row has no time, or two versions of a row that became known at the same time differ.
    """

    def __init__(self, assembly: Assembly, table: pa.Table, customer: Codes, customers: int) -> None:
        label = assembly.label
        self._table = SortedTable(assembly, label.table, table, customer, customers, label=True)
        kept = np.ones(len(self._table), dtype=np.bool_)
        if self._table.superseded is not None:
            kept = self._table.superseded == NEVER
        if label.where is not None:
            kept &= self._table.condition(label.where).values == 1.0
        self._rows = np.flatnonzero(kept)
        self.customers = customers
        self.customer: Codes = self._table.codes[self._rows]
        """Shape (rows,)."""
        self.times: Codes = self._table.times[self._rows]
        """Shape (rows,)."""

    @property
    def has_whole_days(self) -> bool:
        """Whether times are days of the zone, in microseconds from 1970-01-01 there; else they are instants."""
        return self._table.clock.whole_days

    @property
    def zone(self) -> str:
        """The table's."""
        return self._table.clock.zone

    def time_of(self, instant: int) -> int:
        """The instant as a time of the table's clock: rows before it are before the instant."""
        return self._table.clock.seen_at(instant)

    def column(self, name: str) -> Array:
        """A column of the rows."""
        return self._table.arrays[name].take(self._rows)

    def is_day(self, name: str) -> bool:
        """Whether a column holds days, not times."""
        return self._table.described.columns[name].type == "date"

    def aggregate(self, name: str, column: str | None) -> Callable[[int, int], Floats]:
        """An aggregate of a column, nulls left out, over the rows from one time up to another; shape (customers,)."""
        array = None if column is None else self._table.arrays[column]
        rows = self._rows if array is None or array.known is None else self._rows[array.known[self._rows]]
        frame = Frame(self._table, rows)
        log = frame.log(column, array, as_number=True)

        def between(first: int, end: int) -> Floats:
            return AGGREGATES[name].compute(Events(log, frame.spans(first, end), None, end, None))

        return between

    def between(self, first: int, end: int) -> Codes:
        """The rows from the time ``first`` up to, not including, ``end``, in their order."""
        return np.flatnonzero((self.times >= first) & (self.times < end))

    def customers_of(self, rows: Codes | Flags) -> Flags:
        """Whether each customer has one of the rows; shape (customers,)."""
        found = np.zeros(self.customers, dtype=np.bool_)
        found[self.customer[rows]] = True
        return found
