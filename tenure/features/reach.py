"""The time that a window covers, in the clock of its table."""

from __future__ import annotations

from dataclasses import dataclass

from tenure.contract.assembly import WindowFeature
from tenure.contract.durations import DAY_US, Duration
from tenure.features.clock import TableClock
from tenure.features.instants import days_before, midnight, shift


@dataclass(frozen=True)
class Reach:
    """From ``low`` up to, not including, ``high``."""

    low: int | None
    """None for all history."""
    high: int
    earlier: tuple[int, int] | None
    """The window of the same length before it, where the aggregate compares with it."""
    length: float | None
    """In days."""

    @property
    def lowest(self) -> int | None:
        """Where the rows that are read begin."""
        return self.low if self.earlier is None else self.earlier[0]


def reach_of(window: WindowFeature, clock: TableClock, zone: str, instant: int) -> Reach:
    """What a window covers at an instant.

    ``days`` are the calendar days of ``zone`` before the day of the instant, or those of a table of whole days;
    ``last`` ends at the instant itself.
    """
    seen = clock.seen_at(instant)

    def days_ago(days: int) -> int:
        return seen - days * DAY_US if clock.whole_days else days_before(instant, days, zone)

    def ago(duration: Duration) -> int:
        if clock.whole_days:
            return seen - duration.days * DAY_US - duration.microseconds
        # Where clocks skip midnight, a day begins at 1:00: a window of days still begins with a day.
        if duration.days and instant == midnight(instant, zone):
            return days_before(instant, duration.days, zone)
        return shift(instant, duration, zone, sign=-1)

    days, last = window.window.days, window.last
    compares = window.aggregate.needs_length
    if days is not None:
        high = seen if clock.whole_days else midnight(instant, zone)
        low, earlier = days_ago(days), days_ago(2 * days)
        return Reach(low, high, (earlier, low) if compares else None, float(days))
    if last is None:
        return Reach(None, seen, None, None)
    twice = Duration(2 * last.days, 2 * last.microseconds)
    low, earlier = ago(last), ago(twice)
    return Reach(low, seen, (earlier, low) if compares else None, last.days + last.microseconds / DAY_US)
