"""A table of whole customers, sorted once by customer and time, with what is needed to look at it at any instant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract.aggregates.rows import DAY
from tenure.contract.assembly import Assembly
from tenure.contract.expression import Expression
from tenure.errors import DataError
from tenure.features.arrays import Array, Mask, array_of, microseconds, sorted_codes
from tenure.features.conditions import evaluate
from tenure.features.instants import local_times, midnight, midnights

Codes = NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
"""The instant at which a row is superseded that is not."""


class SortedTable:
    """Rows ordered by customer, time, when they became known, id, and last by their values: never by their order.

    The clock of a table of whole days counts the days of its zone, in microseconds from 1970-01-01 there; that of any
    other table is UTC.
    """

    def __init__(
        self, assembly: Assembly, name: str, table: pa.Table, codes: Codes, customers: int, *, label: bool = False
    ) -> None:
        """``codes`` are the customers of the rows, from 0; a row with -1 is of no customer and left out. ``label`` says
        whether the columns that only the label needs are among the table's."""
        self.name = name
        self.described = assembly.tables[name]
        self.zone = assembly.zone_of(name)
        self.whole_days = name in assembly.whole_days
        self._days_zone = self.zone if self.whole_days else assembly.zone
        names = list(dict.fromkeys(assembly.columns_of(name, label=label)))
        self.customers = customers
        if (codes < 0).any():
            kept = np.flatnonzero(codes >= 0)
            table, codes = table.take(pa.array(kept)), codes[kept]
        times = self._times(table)
        known = self._known(table, times)
        feature_columns = [
            column for column in names if column not in (self.described.key_column, self.described.row_id)
        ]
        arrays = {column: array_of(table.column(column)) for column in feature_columns}
        ids = None if self.described.row_id is None else _ids(table.column(self.described.row_id))
        order = _order(codes, times, known, ids, list(arrays.values()))
        self.order = order
        self.codes, self.times, known = codes[order], times[order], known[order]
        self.arrays = {column: array.take(order) for column, array in arrays.items()}
        self.table = table
        superseded = None
        if ids is not None:
            superseded = self._superseded(ids[order], known)
        self.late = bool((known > self._known_of_time()).any())
        self.known = known if self.late or superseded is not None else None
        self.superseded = superseded
        self._conditions: dict[str, Array] = {}

    def __len__(self) -> int:
        return len(self.codes)

    def local(self, times: Codes) -> Codes:
        """Times of the table's clock as those of the clock in the zone where days begin."""
        return times if self.whole_days else local_times(times, self._days_zone)

    def condition(self, expression: Expression) -> Array:
        """A condition for each row: 1 where it holds, otherwise 0, also where it is null."""
        if expression.text not in self._conditions:
            found = evaluate(expression, self.arrays, self.described.columns, self.local, len(self))
            null = np.isnan(found)
            self._conditions[expression.text] = Array(
                np.where(null, 0.0, found), ~null if null.any() else None, words=None
            )
        return self._conditions[expression.text]

    def seen_at(self, instant: int) -> int:
        """The instant as a time of the table's clock: rows before it count."""
        if not self.whole_days:
            return instant
        return int(local_times(np.array([midnight(instant, self.zone)]), self.zone)[0])

    def visible(self, instant: int) -> Mask:
        """Which rows count at the instant; shape (rows,)."""
        found = np.ones(len(self), dtype=bool) if self.described.time is None else self.times < self.seen_at(instant)
        known_by = midnight(instant, self.zone) if self.whole_days else instant
        if self.known is not None:
            found &= self.known <= known_by
        if self.superseded is not None:
            found &= known_by < self.superseded
        return found

    def _times(self, table: pa.Table) -> Codes:
        if self.described.time is None:
            return np.zeros(table.num_rows, dtype=np.int64)
        column = self._complete(table, self.described.time)
        if self.whole_days:
            column = column.cast(pa.date32(), safe=False)
        return microseconds(column)

    def _known(self, table: pa.Table, times: Codes) -> Codes:
        """The instants at which the rows became known; those of days are the ends of the days."""
        if self.described.known_at is None:
            if self.described.time is None:
                return np.full(table.num_rows, -NEVER, dtype=np.int64)
            return midnights(times // DAY + 1, self.zone) if self.whole_days else times
        column = self._complete(table, self.described.known_at)
        if pa.types.is_date(column.type):
            return midnights(microseconds(column) // DAY + 1, self.zone)
        return microseconds(column)

    def _known_of_time(self) -> Codes:
        if self.described.time is None:
            return np.full(len(self), -NEVER, dtype=np.int64)
        return midnights(self.times // DAY + 1, self.zone) if self.whole_days else self.times

    def _complete(self, table: pa.Table, name: str) -> pa.Array:
        column = table.column(name)
        if column.null_count:
            raise DataError(f"table '{self.name}': {column.null_count} rows have no '{name}'")
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)

    def _superseded(self, ids: Codes, known: Codes) -> Codes | None:
        """When the next version of each row became known, ``NEVER`` without one; None where no row has another."""
        repeated = np.bincount(ids[ids >= 0], minlength=1) > 1
        rows = np.flatnonzero((ids >= 0) & repeated[ids])
        rows = rows[np.lexsort((rows, known[rows], ids[rows], self.codes[rows]))]
        follows = (ids[rows][1:] == ids[rows][:-1]) & (self.codes[rows][1:] == self.codes[rows][:-1])
        if not follows.any():
            return None
        found = np.full(len(ids), NEVER, dtype=np.int64)
        before, after = rows[:-1][follows], rows[1:][follows]
        tied = known[before] == known[after]
        if tied.any():
            self._refuse_different(before[tied], after[tied])
        # A duplicate is superseded by its twin as soon as both are known: one of them counts.
        found[before] = known[after]
        return found

    def _refuse_different(self, before: Codes, after: Codes) -> None:
        different = self.times[before] != self.times[after]
        for array in self.arrays.values():
            first, second = array.values[before], array.values[after]
            if array.known is None:
                different |= first != second
            else:
                known = array.known[before]
                different |= (known != array.known[after]) | (known & (first != second))
        if different.any():
            row = int(self.order[before[np.argmax(different)]])
            raise DataError(
                f"table '{self.name}': {int(different.sum())} rows differ from another with the same "
                f"'{self.described.row_id}' that became known at the same time, the first for "
                f"{self.described.key_column} {self.table.column(self.described.key_column)[row].as_py()!r}, "
                f"{self.described.row_id} {self.table.column(self.described.row_id)[row].as_py()!r}"
            )


def _ids(column: pa.ChunkedArray) -> Codes:
    """A number for each id, -1 for null."""
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return sorted_codes(whole)[1]


def _order(codes: Codes, times: Codes, known: Codes, ids: Codes | None, arrays: Sequence[Array]) -> Codes:
    """The order of the rows that does not depend on the order in which they are given."""
    if not len(codes):
        return np.empty(0, dtype=np.int64)
    first = int(times.min())
    width = int(times.max()) - first + 1
    if (int(codes.max()) + 1) * width < NEVER:
        place = codes * width + (times - first)
        order = np.argsort(place)
    else:
        order = np.lexsort((times, codes))
        place = np.zeros(len(codes), dtype=np.int64)
        new = (codes[order][1:] != codes[order][:-1]) | (times[order][1:] != times[order][:-1])
        place[order[1:]] = np.cumsum(new)
    same = place[order][1:] == place[order][:-1]
    if not same.any():
        return order
    tied = np.zeros(len(order), dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    places = np.flatnonzero(tied)
    rows = order[places]
    keys = []
    for array in reversed(arrays):
        taken = array.take(rows)
        keys += [taken.values if taken.known is None else np.where(taken.known, taken.values, 0)]
        keys += [] if taken.known is None else [taken.known]
    keys += [] if ids is None else [ids[rows]]
    order[places] = rows[np.lexsort((*keys, known[rows], place[rows]))]
    return order
