"""Which rows of a table cannot count at any of some instants, so that they need not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.contract.assembly import Assembly, WindowFeature
from tenure.contract.durations import DAY_US

MARGIN = 2 * DAY_US
"""Days of a calendar may be longer than 24 hours, and begin up to a day earlier than in UTC."""


@dataclass(frozen=True)
class Bound:
    """A condition that every row that counts meets: ``low <= column < high``. Microseconds since 1970-01-01 in UTC."""

    column: str
    low: int | None
    high: int | None


def bounds(assembly: Assembly, table: str, instants: Sequence[int]) -> list[Bound]:
    """Conditions on the timestamps of a table; none on columns of days.

    A correction may lie at any time, and a row that it replaces counts again if the correction is not read: where rows
    have versions, only those that become known after all instants are left out.
    """
    if not instants:
        return []
    described = assembly.tables[table]
    found = []
    if described.known_at is not None and described.columns[described.known_at].type == "timestamp":
        found.append(Bound(described.known_at, None, max(instants) + 1))
    is_versioned = described.row_id is not None and described.known_at is not None
    if described.time is not None and not described.has_whole_days and not is_versioned:
        low = None if described.row_id is not None else _lowest(assembly, table, min(instants))
        found.append(Bound(described.time, low, max(instants)))
    return found


def _lowest(assembly: Assembly, table: str, instant: int) -> int | None:
    """A time before which no row of a table of events is read; None if a feature reads all history."""
    if assembly.entity is None or assembly.tables[table].kind != "events":
        # Every row shows that its customer exists, or may be the newest.
        return None
    reaches = [_length(window) for window in assembly.windows.values() if window.table == table]
    lengths = [reach for reach in reaches if reach is not None]
    return instant - max(lengths) - MARGIN if lengths and len(lengths) == len(reaches) else None


def _length(window: WindowFeature) -> int | None:
    """How far back a window reaches at most, with the one before it that a trend compares with."""
    if window.window.days is not None:
        length = window.window.days * DAY_US
    elif window.last is not None:
        length = window.last.days * DAY_US + window.last.microseconds
    else:
        return None
    return 2 * length + MARGIN if window.aggregate.needs_length else length
