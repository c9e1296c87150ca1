"""Several rows a customer: panels of months or contracts, and event logs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenure.drafting import names
from tenure.drafting.dates import meaning
from tenure.drafting.keys import MAX_REPEATS
from tenure.drafting.survey import ColumnSurvey
from tenure.drafting.uniqueness import distinct_tuples

MAX_CONTRACTS = 10
"""Most rows a customer, on average, where rows have no time."""
FARTHEST = timedelta(hours=14)
"""Largest offset from UTC: what is later than now by more is in the future everywhere."""


def find_time(
    columns: Sequence[ColumnSurvey], now: datetime, taken: Collection[ColumnSurvey], *, any_name: bool = False
) -> ColumnSurvey | None:
    """A column of past dates without missing values whose name means the time of the row.

    Args:
        columns: the table's columns.
        now: the current time, aware.
        taken: columns that are something else.
        any_name: whether a date of another name is taken where there is none.
    """
    past = now.replace(tzinfo=None) + FARTHEST
    dated = [
        column
        for column in columns
        if column not in taken
        and column.kind in ("date", "timestamp")
        and not column.missing
        and column.last is not None
        and column.last <= past
        and column.first != column.last
    ]
    named = [column for column in dated if names.is_time(column.name)]
    usable = [column for column in dated if meaning(column.name) == "other"]
    return next(iter(named or ((usable or dated) if any_name else [])), None)


@dataclass(frozen=True)
class Panel:
    """A table with a label and several rows a customer."""

    key: ColumnSurvey
    time: ColumnSurvey | None
    """The time of a row; None where a customer's rows have none, or several rows the same."""
    comment: str
    periods: tuple[ColumnSurvey, ...] = ()
    """Columns that tell a customer's rows apart by month, week or wave, and hold no dates."""


def find_panel(
    key: ColumnSurvey, columns: Sequence[ColumnSurvey], now: datetime, taken: Collection[ColumnSurvey]
) -> Panel:
    """The panel that a repeating ``key`` makes of the table."""
    each = key.known / max(1, key.distinct or 1)
    times = [column for column in columns if column not in taken]
    time = find_time(times, now, [key]) or _snapshots(times, now, key, each)
    rows = f"{each:.3g} rows a customer"
    if time is None:
        periods = [column for column in times if column.row_hashes is not None and names.is_period(column.name)]
        if periods and _is_one_row_a_time(key, *periods):
            named = " and ".join(f"'{column.name}'" for column in periods)
            return Panel(key, None, f"{rows}, one a {named}, which is no date", tuple(periods))
        return Panel(key, None, f"{rows}, and no date says when: are they months, or several contracts?")
    if not _is_one_row_a_time(key, time):
        return Panel(key, None, f"{rows}, several of them at one '{time.name}'")
    return Panel(key, time, f"{rows}, one a '{time.name}'")


def goes_before(panel: Panel, key: ColumnSurvey) -> bool:
    """Whether a panel's repeating customer is the key rather than ``key``, which numbers rows or contracts.

    A column such as ``seller_id`` with many rows each, and none a time, is not.
    """
    if panel.key.identified != "person" or key.identified == "person":
        return False
    return panel.time is not None or panel.key.known <= MAX_CONTRACTS * (panel.key.distinct or 0)


def is_event_log(time: ColumnSurvey) -> bool:
    """Whether rows are events rather than snapshots, where nothing but the place says which column is the label."""
    return time.kind == "timestamp" or names.is_event_time(time.name)


def _snapshots(columns: Sequence[ColumnSurvey], now: datetime, key: ColumnSurvey, each: float) -> ColumnSurvey | None:
    """A date with about as many values as a customer has rows."""
    found = find_time([column for column in columns if meaning(column.name) == "other"], now, [key], any_name=True)
    return found if found is not None and found.distinct is not None and found.distinct <= max(60, 4 * each) else None


def _is_one_row_a_time(key: ColumnSurvey, *times: ColumnSurvey) -> bool:
    hashes = [column.row_hashes for column in (key, *times)]
    known = [one for one in hashes if one is not None]
    return len(known) == len(hashes) and distinct_tuples(known) >= (1 - MAX_REPEATS) * key.rows
