"""The clock of a table: what its times count, and how an instant is seen by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.contract.durations import DAY_US
from tenure.features.instants import local_times, midnight, midnights


@dataclass(frozen=True)
class TableClock:
    """Microseconds since 1970-01-01: in UTC, or of a table of whole days those of its zone."""

    whole_days: bool
    zone: str
    """The table's."""
    days_zone: str
    """Where days begin."""

    @classmethod
    def of(cls, assembly: Assembly, table: str) -> TableClock:
        """The clock of one of the tables."""
        whole_days, zone = table in assembly.whole_days, assembly.zone_of(table)
        return cls(whole_days, zone, zone if whole_days else assembly.zone)

    def seen_at(self, instant: int) -> int:
        """The instant as a time of the clock: rows before it count."""
        if not self.whole_days:
            return instant
        return int(local_times(np.array([midnight(instant, self.zone)]), self.zone)[0]) // DAY_US * DAY_US

    def known_by(self, instant: int) -> int:
        """Rows that became known up to this instant count: a table of whole days is seen as of the last midnight."""
        return midnight(instant, self.zone) if self.whole_days else instant

    def local(self, times: Codes) -> Codes:
        """Times of the clock as shown in the zone where days begin."""
        return times if self.whole_days else local_times(times, self.days_zone)

    def complete(self, times: Codes) -> Codes:
        """The instants from which rows with these times can be known: of whole days, the ends of the days."""
        return self.ends(times) if self.whole_days else times

    def ends(self, days: Codes) -> Codes:
        """The instants at which days of the table's zone, given by their microseconds, are over."""
        return midnights(days // DAY_US + 1, self.zone)
