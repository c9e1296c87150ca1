"""An event log sorted once, and aggregates over a range of days for all customers at a time."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract.aggregates import AGGREGATES, Codes, Events, Spans
from tenure.contract.values import Floats


class Log:
    """Events sorted by customer and day. Holds 16 bytes an event, and 8 for each column.

    Args:
        codes: customer of each event, from 0; shape (events,).
        days: days since 1970-01-01; shape (events,).
        columns: the aggregated columns by name.
        customers: their number.
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


def aggregate(log: Log, name: str, column: str | None, spans: Spans, day: int) -> Floats:
    """The aggregate ``name`` over each span; shape (spans,), NaN where it is unknown.

    Args:
        column: what is aggregated; None for an aggregate that takes no column.
        day: the cut, in days since 1970-01-01.
    """

    def days_before_cut(places: Codes) -> Floats:
        return (day - log.days(places)).astype(np.float64)

    values = np.empty(0) if column is None else log.numbers(column)
    return AGGREGATES[name].compute(Events(spans, values, days_before_cut))
