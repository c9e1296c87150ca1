"""When the rows of a table happened, when they became known, and which of them later versions replace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.count_text import rows
from tenure.errors import DataError
from tenure.features.arrays import microseconds, whole_array
from tenure.features.clock import TableClock

NEVER = np.iinfo(np.int64).max
"""The instant at which a row is superseded that no later version replaces."""

ALWAYS = -NEVER
"""The instant at which a row became known that has neither a time nor such an instant."""


@dataclass(frozen=True, eq=False)
class RowTimes:
    """Times of rows, in the order of the table; all of shape (rows,)."""

    clock: TableClock
    times: Codes
    """In the table's clock; 0 in a table without a time."""
    known: Codes
    """Instants. A row without one is known from its time on; a day, of either column, once it is over."""
    complete: Codes
    """The instants from which the rows could be known by their times."""
    ids: Codes | None
    """A number for each ``row_id``, in no order, -1 for null; None in a table without one."""

    @classmethod
    def of(cls, assembly: Assembly, name: str, table: pa.Table) -> RowTimes:
        """Those of a table.

        Raises:
            DataError: a row has no time or no instant from which it is known.
        """
        described, clock = assembly.tables[name], TableClock.of(assembly, name)
        if described.time is None:
            times = np.zeros(table.num_rows, dtype=np.int64)
            complete = np.full(table.num_rows, ALWAYS, dtype=np.int64)
        else:
            column = _complete(table, name, described.time)
            times = microseconds(column.cast(pa.date32(), safe=False) if clock.whole_days else column)
            complete = clock.complete(times)
        known = complete
        if described.known_at is not None:
            column = _complete(table, name, described.known_at)
            known = microseconds(column)
            known = clock.ends(known) if pa.types.is_date(column.type) else known
        ids = None if described.row_id is None else _ids(table.column(described.row_id))
        return cls(clock, times, known, complete, ids)

    def take(self, rows: Codes) -> RowTimes:
        """Some of the rows."""
        ids = None if self.ids is None else self.ids[rows]
        return RowTimes(self.clock, self.times[rows], self.known[rows], self.complete[rows], ids)

    def versions(self, customers: Codes) -> tuple[Codes, Codes]:
        """Rows of the same customer and id that became known one after the other: each with the next; (pairs,)."""
        if self.ids is None or not len(self.ids):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        ids = self.ids
        repeated = np.bincount(ids[ids >= 0], minlength=1) > 1
        rows = np.flatnonzero((ids >= 0) & repeated[ids])
        rows = rows[np.lexsort((rows, self.known[rows], ids[rows], customers[rows]))]
        before, after = rows[:-1], rows[1:]
        same = (ids[before] == ids[after]) & (customers[before] == customers[after])
        return before[same], after[same]


def _complete(table: pa.Table, name: str, column: str) -> pa.Array:
    found = table.column(column)
    if found.null_count:
        raise DataError(f"table '{name}': no '{column}' in {rows(found.null_count)}")
    return whole_array(found)


def _ids(column: pa.ChunkedArray) -> Codes:
    whole = whole_array(column)
    encoded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
