"""From when to when the rows of a contract's tables reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract.assembly import Assembly
from tenure.contract.durations import DAY_US
from tenure.errors import DataError
from tenure.features.arrays import microseconds
from tenure.features.instants import instant_text, local_times, midnight, midnights
from tenure.features.tables import Tables


@dataclass(frozen=True)
class Coverage:
    """The history of one table, as instants."""

    table: str
    first: int
    """Time of the first row; of a day, its beginning."""
    last: int
    """Time of the last row that had happened when it was recorded; of a day, its beginning."""
    seen: int
    """From here on, later instants see the first row."""
    end: int
    """Up to here the rows are complete: the end of the last row's day where the table has whole days, otherwise its
    beginning, since that day may have further rows."""
    zone: str
    """The table's."""

    @property
    def first_text(self) -> str:
        """The first row's time, for messages."""
        return instant_text(self.first, self.zone)

    @property
    def end_phrase(self) -> str:
        """Where the rows end, for messages: ``end on 2026-11-30``."""
        if self.end > self.last:
            return f"end on {self.last_text}"
        return f"are complete up to {instant_text(self.end, self.zone)}, the day of the last, {self.last_text}"

    @property
    def last_text(self) -> str:
        """The last row's time, for messages."""
        return instant_text(self.last, self.zone)


def coverage(assembly: Assembly, tables: Tables, name: str) -> Coverage | None:
    """The history of a table with a time; None for an empty table.

    A row that is known before its time, as a planned cancellation is, shows no more than that rows are complete up to
    the day on which it became known.

    Raises:
        DataError: a row has no time.
    """
    table, zone, whole_days = assembly.tables[name], assembly.zone_of(name), name in assembly.whole_days
    time, known_at = str(table.time), table.known_at
    first: list[int] = []
    last: list[int] = []
    for batch in tables.batches(name, [time, *([] if known_at is None else [known_at])]):
        column = batch.column(time)
        if column.null_count:
            raise DataError(f"table '{name}': {column.null_count:,} rows have no '{time}'")
        if not batch.num_rows:
            continue
        times = microseconds(column.cast(pa.date32(), safe=False) if whole_days else column)
        first.append(int(times.min()))
        if known_at is not None:
            times = _happened(times, batch.column(known_at), zone, whole_days)
        last.append(int(times.max()))
    if not first:
        return None
    if not whole_days:
        return Coverage(name, min(first), max(last), min(first), midnight(max(last), zone), zone)
    days = np.array([min(first), min(first) + DAY_US, max(last), max(last) + DAY_US]) // DAY_US
    begin, over, newest, end = midnights(days, zone).tolist()
    return Coverage(name, begin, newest, over - 1, end, zone)


def _happened(times: NDArray[np.int64], known_at: pa.Array, zone: str, whole_days: bool) -> NDArray[np.int64]:
    """The times of rows; of those that were known before, when they became known."""
    known = microseconds(known_at)
    is_day = pa.types.is_date(known_at.type)
    if whole_days and not is_day:
        known = local_times(known, zone) // DAY_US * DAY_US
    elif is_day and not whole_days:
        known = midnights(known // DAY_US + 1, zone)
    return np.where(known_at.is_valid().to_numpy(zero_copy_only=False), np.minimum(times, known), times)
