"""A table of whole customers, sorted once by customer and time, with what is needed to look at it at any instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.contract.expression import Expression
from tenure.count_text import count
from tenure.errors import DataError
from tenure.features.arrays import Array, Mask, array_of, sorted_codes, whole_array
from tenure.features.conditions import evaluate
from tenure.features.row_times import NEVER, RowTimes


class SortedTable:
    """Rows ordered by customer, time, when they became known, id, and last by their values: never by their order.

    Args:
        assembly: what is computed.
        name: of the table.
        table: with the columns ``assembly.columns_of``.
        codes: the customer of each row, from 0; a row with -1 is of no customer and left out.
        customers: their number.
        label: whether the columns that only the label reads are among the arrays.

    Raises:
        DataError: a time is missing, or two versions of a row that became known at the same time differ.
    """

    def __init__(
        self, assembly: Assembly, name: str, table: pa.Table, codes: Codes, customers: int, *, label: bool = False
    ) -> None:
        self.name, self.described, self.customers = name, assembly.tables[name], customers
        if (codes < 0).any():
            kept = np.flatnonzero(codes >= 0)
            table, codes = table.take(pa.array(kept)), codes[kept]
        self.table = table
        """In the order given."""
        no_values = (self.described.key_column, self.described.row_id)
        columns = [column for column in assembly.columns_of(name, label=label) if column not in no_values]
        arrays = {column: array_of(table.column(column)) for column in columns}
        rows = RowTimes.of(assembly, name, table)
        self.clock = rows.clock
        ids = None if self.described.row_id is None else whole_array(table.column(self.described.row_id))
        self.order = _order(codes, rows, ids, list(arrays.values()))
        """Places of the sorted rows in ``table``; shape (rows,), as all arrays."""
        rows = rows.take(self.order)
        self.codes, self.times = codes[self.order], rows.times
        self.arrays = {column: array.take(self.order) for column, array in arrays.items()}
        self.superseded = self._superseded(rows)
        """Instants at which later versions became known, ``NEVER`` without one; None where no row has another."""
        # Where every row counts from its time on, its time is all that is looked at.
        late = bool((rows.known > rows.complete).any())
        self._known = rows.known if late or self.superseded is not None else None
        self._conditions: dict[str, Array] = {}

    def __len__(self) -> int:
        return len(self.codes)

    def condition(self, expression: Expression) -> Array:
        """A condition for each row: 1 where it holds, otherwise 0, also where it is null."""
        if expression.text not in self._conditions:
            found = evaluate(expression, self.arrays, self.described.columns, self.clock.local, len(self))
            null = np.isnan(found)
            known = ~null if null.any() else None
            self._conditions[expression.text] = Array(np.where(null, 0.0, found), known, words=None)
        return self._conditions[expression.text]

    def visible(self, instant: int) -> Mask:
        """Which rows count at the instant; shape (rows,)."""
        if self.described.time is None:
            found = np.ones(len(self), dtype=bool)
        else:
            found = self.times < self.clock.seen_at(instant)
        known_by = self.clock.known_by(instant)
        if self._known is not None:
            found &= self._known <= known_by
        if self.superseded is not None:
            found &= known_by < self.superseded
        return found

    def _superseded(self, rows: RowTimes) -> Codes | None:
        before, after = rows.versions(self.codes)
        if not len(before):
            return None
        tied = rows.known[before] == rows.known[after]
        if tied.any():
            self._refuse_different(before[tied], after[tied])
        # Of equal versions that became known at the same time, each but the last is superseded as soon as it is known.
        found = np.full(len(self), NEVER, dtype=np.int64)
        found[before] = rows.known[after]
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
            key, row_id = self.described.key_column, str(self.described.row_id)
            shown = {column: self.table.column(column)[row].as_py() for column in (key, row_id)}
            raise DataError(
                f"table '{self.name}': {count(int(different.sum()), 'pair')} of rows with the same '{row_id}' became "
                f"known at the same time and differ: the first has {key} {shown[key]!r} and {row_id} {shown[row_id]!r}"
            )


def _order(codes: Codes, rows: RowTimes, ids: pa.Array | None, arrays: Sequence[Array]) -> Codes:
    """An order of the rows that does not depend on the order in which they are given."""
    if not len(codes):
        return np.empty(0, dtype=np.int64)
    first = int(rows.times.min())
    width = int(rows.times.max()) - first + 1
    if (int(codes.max()) + 1) * width < NEVER:
        place = codes * width + (rows.times - first)
        order = np.argsort(place)
    else:
        order = np.lexsort((rows.times, codes))
        new = (codes[order][1:] != codes[order][:-1]) | (rows.times[order][1:] != rows.times[order][:-1])
        place = np.zeros(len(codes), dtype=np.int64)
        place[order[1:]] = np.cumsum(new)
    ascending = place[order]
    same = ascending[1:] == ascending[:-1]
    if same.any():
        tied = np.zeros(len(order), dtype=bool)
        tied[1:] |= same
        tied[:-1] |= same
        places = np.flatnonzero(tied)
        chosen = order[places]
        order[places] = chosen[np.lexsort((*_values(chosen, ids, arrays), rows.known[chosen], place[chosen]))]
    return order


def _values(rows: Codes, ids: pa.Array | None, arrays: Sequence[Array]) -> Iterator[NDArray[Any]]:
    """Keys to sort some rows by their ids, then by their values; the last is the first to sort by."""
    for array in reversed(arrays):
        taken = array.take(rows)
        if taken.known is None:
            yield taken.values
        else:
            yield np.where(taken.known, taken.values, 0)
            yield taken.known
    if ids is not None:
        yield sorted_codes(ids.take(pa.array(rows)))[1]
