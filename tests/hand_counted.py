"""Features counted by hand, in plain Python over lists: what every engine is compared with."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tenure.contract.assembly import Assembly, WindowFeature
from tenure.contract.expression import Expression
from tenure.contract.tables import Table

Row = Mapping[str, Any]
Value = float | str | date | datetime | None
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Inside:
    """One customer's rows in a window, in the order of time."""

    moments: Sequence[datetime | date]
    values: Sequence[Any]
    """Of the aggregated column or condition; rows in which it is null are left out."""
    instant: datetime | date
    days: Sequence[date] = ()
    """The calendar day of each row."""
    length: float | None = None
    earlier: Sequence[Any] = field(default=())
    """Values in the window before; one for each row without a column."""
    q: float = 0.5
    has_column: bool = True


def _mean(inside: Inside) -> Value:
    return math.fsum(inside.values) / len(inside.values) if inside.values else None


def _std(inside: Inside) -> Value:
    count = len(inside.values)
    if count < 2:
        return None
    mean = math.fsum(inside.values) / count
    return math.sqrt(math.fsum((value - mean) ** 2 for value in inside.values) / (count - 1))


def _quantile(inside: Inside) -> Value:
    if not inside.values:
        return None
    ordered = sorted(inside.values)
    place = inside.q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _mode(inside: Inside) -> Value:
    if not inside.values:
        return None
    most = max(inside.values.count(value) for value in inside.values)
    found: Value = min(value for value in inside.values if inside.values.count(value) == most)
    return found


def _gaps(inside: Inside) -> list[float]:
    return [(after - before) / DAY for before, after in pairwise(inside.moments)]  # type: ignore[operator]


def _rate(inside: Inside) -> Value:
    if not inside.moments:
        return 0.0
    return len(inside.moments) / (inside.length or _days_since(inside, 0))


def _trend(inside: Inside) -> Value:
    now = math.fsum(inside.values) if inside.has_column else len(inside.moments)
    before = math.fsum(inside.earlier) if inside.has_column else len(inside.earlier)
    return (now - before) / (now + before) if now + before else None


def _slope(inside: Inside) -> Value:
    if len(set(inside.moments)) < 2:
        return None
    days = [(moment - inside.moments[0]) / DAY for moment in inside.moments]  # type: ignore[operator]
    middle, mean = math.fsum(days) / len(days), math.fsum(inside.values) / len(days)
    products = math.fsum((day - middle) * (value - mean) for day, value in zip(days, inside.values, strict=True))
    return products / math.fsum((day - middle) ** 2 for day in days)


def _streak(inside: Inside) -> Value:
    length = 0
    for holds in reversed(inside.values):
        if not holds:
            break
        length += 1
    return float(length)


def _longest_streak(inside: Inside) -> Value:
    longest = length = 0
    for holds in inside.values:
        length = length + 1 if holds else 0
        longest = max(longest, length)
    return float(longest)


def _days_since(inside: Inside, place: int) -> float:
    since: float = (inside.instant - inside.moments[place]) / DAY  # type: ignore[operator]
    return since


ORACLES: dict[str, Callable[[Inside], Value]] = {
    "count": lambda inside: float(len(inside.moments)),
    "sum": lambda inside: math.fsum(inside.values),
    "mean": _mean,
    "min": lambda inside: min(inside.values, default=None),
    "max": lambda inside: max(inside.values, default=None),
    "std": _std,
    "median": lambda inside: statistics.median(inside.values) if inside.values else None,
    "quantile": _quantile,
    "distinct": lambda inside: float(len(set(inside.values))),
    "first": lambda inside: inside.values[0] if inside.values else None,
    "last": lambda inside: inside.values[-1] if inside.values else None,
    "mode": _mode,
    "recency": lambda inside: _days_since(inside, -1) if inside.moments else None,
    "age": lambda inside: _days_since(inside, 0) if inside.moments else None,
    "mean_gap": lambda inside: math.fsum(_gaps(inside)) / len(_gaps(inside)) if _gaps(inside) else None,
    "longest_gap": lambda inside: max(_gaps(inside), default=None),
    "rate": _rate,
    "trend": _trend,
    "slope": _slope,
    "share": _mean,
    "streak": _streak,
    "longest_streak": _longest_streak,
    "active_days": lambda inside: float(len(set(inside.days))),
}
"""By the name of the aggregate; None is null."""


def features(assembly: Assembly, tables: Mapping[str, Sequence[Row]], instant: datetime) -> list[dict[str, Any]]:
    """One row a customer, ordered by key: the key, columns as of the instant, and windows.

    Args:
        tables: rows as dictionaries; timestamps aware, in UTC.
        instant: aware.
    """
    entity = assembly.entity
    counted = {name: _counted(assembly, name, rows, instant) for name, rows in tables.items()}
    present = [
        row[assembly.tables[name].key_column]
        for name, rows in counted.items()
        for row in rows
        if entity is None or name == entity
    ]
    found = []
    for key in sorted(set(present)):
        own = {
            name: [row for row in rows if row[assembly.tables[name].key_column] == key]
            for name, rows in counted.items()
        }
        values: dict[str, Any] = {assembly.key: key}
        for name, as_of in assembly.as_of_columns.items():
            values[name] = own[as_of.table][-1][name] if own[as_of.table] else None
        for name, window in assembly.windows.items():
            values[name] = _window(assembly, window, own[window.table], instant)
        found.append(values)
    return found


def _zone(assembly: Assembly, name: str) -> ZoneInfo:
    return ZoneInfo(assembly.zone_of(name))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _counted(assembly: Assembly, name: str, rows: Sequence[Row], instant: datetime) -> list[Row]:
    """The rows that count at the instant, in order."""
    table, zone = assembly.tables[name], _zone(assembly, name)

    def known(row: Row) -> datetime:
        at = row[table.known_at or table.time] if table.known_at or table.time else datetime.min.replace(tzinfo=UTC)
        return at if isinstance(at, datetime) else _midnight(at + DAY, zone)

    today = instant.astimezone(zone).date()
    seen = _midnight(today, zone) if table.has_whole_days else instant
    counting = []
    for row in rows:
        time = None if table.time is None else row[table.time]
        before = time is None or (time < today if table.has_whole_days else time < instant)
        later = [
            other
            for other in rows
            if table.row_id is not None
            and row[table.row_id] is not None
            and other[table.row_id] == row[table.row_id]
            and other[table.key_column] == row[table.key_column]
            and known(row) < known(other) <= seen
        ]
        twins = [other for other in counting if table.row_id and row[table.row_id] is not None and other == row]
        if before and known(row) <= seen and not later and not twins:
            counting.append(row)

    def place(row: Row) -> tuple[Any, ...]:
        names = [
            name for name in assembly.columns_of(name, label=False) if name not in (table.key_column, table.row_id)
        ]
        row_id = None if table.row_id is None else row[table.row_id]
        values = [(row[name] is not None, row[name] if row[name] is not None else 0) for name in names]
        return (row[table.time] if table.time else 0, known(row), (row_id is not None, row_id or ""), *values)

    return sorted(counting, key=place)


def _window(assembly: Assembly, feature: WindowFeature, rows: Sequence[Row], instant: datetime) -> Value:
    table, window = assembly.tables[feature.table], feature.window
    whole_days = table.has_whole_days
    zone = _zone(assembly, feature.table) if whole_days else ZoneInfo(assembly.zone)
    if whole_days:
        instant = _midnight(instant.astimezone(zone).date(), zone)
    low, high, earlier, length = _reach(feature, instant, zone)
    time = str(table.time)

    def at(row: Row) -> datetime:
        return _midnight(row[time], zone) if whole_days else row[time]

    def value(row: Row) -> Any:
        if feature.of is not None:
            return _holds(feature.of, row, table)
        return None if window.column is None else row[window.column]

    has_value = feature.of is not None or window.column is not None
    chosen = [row for row in rows if feature.where is None or _holds(feature.where, row, table) == 1.0]
    chosen = [row for row in chosen if not has_value or value(row) is not None]
    inside = [row for row in chosen if (low is None or low <= at(row)) and at(row) < high]
    before = [row for row in chosen if low is not None and earlier <= at(row) < low]
    return ORACLES[window.aggregate](
        Inside(
            moments=[row[time] for row in inside],
            values=[value(row) for row in inside],
            instant=instant.astimezone(zone).date() if whole_days else instant,
            days=[row[time] if whole_days else row[time].astimezone(zone).date() for row in inside],
            length=length,
            earlier=[value(row) for row in before],
            q=0.5 if window.q is None else window.q,
            has_column=window.column is not None,
        )
    )


def _reach(
    feature: WindowFeature, instant: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime, datetime, float | None]:
    """Beginning and end of a window, the beginning of the one before it, and its days."""
    today = instant.astimezone(zone).date()
    days, last = feature.window.days, feature.last
    if days is not None:
        low, earlier = (_midnight(today - timedelta(days=count), zone) for count in (days, 2 * days))
        return low, _midnight(today, zone), earlier, float(days)
    if last is None:
        return None, instant, instant, None
    if last.microseconds:
        back = timedelta(microseconds=last.microseconds)
        return instant - back, instant, instant - 2 * back, back / DAY
    # A day that begins at 1:00, because clocks skip midnight, is reached as any other.
    wall = instant.astimezone(zone).replace(tzinfo=None)
    wall = datetime(today.year, today.month, today.day) if instant == _midnight(today, zone) else wall  # noqa: DTZ001
    low, earlier = (
        (wall - timedelta(days=count)).replace(tzinfo=zone).astimezone(UTC) for count in (last.days, 2 * last.days)
    )
    return low, instant, earlier, float(last.days)


def _holds(expression: Expression, row: Row, table: Table) -> float | None:
    """1, 0 or None for null. The expression language has tests of its own."""
    values = {}
    for name in expression.columns:
        if table.columns[name].is_text:
            values[name] = row[name]
        else:
            values[name] = math.nan if row[name] is None else float(row[name])
    holds = float(expression.one_row(values))
    return None if math.isnan(holds) else holds
