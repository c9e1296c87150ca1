"""The time that a window covers, in the clock of its table."""

from __future__ import annotations

from dataclasses import dataclass

from tenure.contract.aggregates.rows import DAY
from tenure.contract.assembly import WindowFeature
from tenure.contract.durations import Duration
from tenure.features.instants import days_before, midnight, shift
from tenure.features.sorted_table import SortedTable


@dataclass(frozen=True)
class Reach:
    """From ``low`` up to, not including, ``high``."""

    low: int | None
    """None for all history."""
    high: int
    earlier: int | None
    """Where the window of the same length before it begins, where the aggregate compares with it."""
    length: float | None
    """In days."""

    @property
    def lowest(self) -> int | None:
        """Where the rows that are read begin."""
        return self.low if self.earlier is None else self.earlier


def reach_of(window: WindowFeature, table: SortedTable, zone: str, instant: int) -> Reach:
    """What a window covers at an instant.

    ``days`` are the calendar days of ``zone`` before the day of the instant, or those of a table of whole days;
    ``last`` ends at the instant itself.
    """
    seen = table.seen_at(instant)

    def days_ago(days: int) -> int:
        return seen - days * DAY if table.whole_days else days_before(instant, days, zone)

    def ago(duration: Duration) -> int:
        if table.whole_days:
            return seen - duration.days * DAY - duration.microseconds
        return shift(instant, duration, zone, sign=-1)

    days, last = window.window.days, window.last
    compares = window.aggregate.needs_length
    if days is not None:
        high = seen if table.whole_days else midnight(instant, zone)
        return Reach(days_ago(days), high, days_ago(2 * days) if compares else None, float(days))
    if last is None:
        return Reach(None, seen, None, None)
    twice = Duration(2 * last.days, 2 * last.microseconds)
    return Reach(ago(last), seen, ago(twice) if compares else None, last.days + last.microseconds / DAY)
