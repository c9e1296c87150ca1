"""The days of a simulation and what depends on the date alone: seasons, and a price rise that fades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

YEAR_DAYS = 365.25
SECOND = 1_000_000
"""Microseconds of a second: instants are int64 microseconds since the epoch, in UTC."""
DAY = 86_400 * SECOND


@dataclass(frozen=True)
class Days:
    """Calendar days of a time zone."""

    first: date
    count: int
    zone: str

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The instant at which each day begins, and that at which the last one ends; shape (count + 1,)."""
        zone = ZoneInfo(self.zone)
        midnights = (datetime.combine(day, time(), zone) for day in map(self.date_of, range(self.count + 1)))
        return np.array([int(midnight.timestamp()) * SECOND for midnight in midnights], dtype=np.int64)

    @cached_property
    def weekdays(self) -> NDArray[np.int64]:
        """0 for Monday to 6 for Sunday; shape (count,)."""
        return (self.first.weekday() + np.arange(self.count)) % 7

    def date_of(self, day: int) -> date:
        """The date of the day with this number; the first day has the number 0."""
        return self.first + timedelta(days=day)

    def number_of(self, day: date) -> int:
        """The number of a date."""
        return (day - self.first).days

    def season(self, peak: date) -> NDArray[np.float64]:
        """A yearly cosine, 1 at ``peak`` and −1 half a year from it; shape (count,)."""
        return np.cos(2 * np.pi * (np.arange(self.count) - self.number_of(peak)) / YEAR_DAYS)

    def fading(self, start: int, half_life: float) -> NDArray[np.float64]:
        """0 before the day ``start``, 1 on it, then halved every ``half_life`` days; shape (count,)."""
        since = np.arange(self.count) - start
        return np.where(since < 0, 0.0, 0.5 ** (np.maximum(since, 0) / half_life))

    def instants(self, day: NDArray[np.integer], seconds: NDArray[np.floating]) -> NDArray[np.int64]:
        """The instants ``seconds`` (rows,) after the beginning of ``day`` (rows,)."""
        return self.starts[day] + (np.asarray(seconds) * SECOND).astype(np.int64)
