"""Random tables for features as of an instant: late, corrected, equal-time, duplicated and future rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import strategies as st

from tenure.contract import Contract, parse
from tenure.contract.assembly import Assembly
from tenure.contract.sources import assembly_of
from tenure.features.instants import instant_of
from tenure.features.tables import Tables

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """Rows of a contract's tables, and an instant to look at them."""

    zone: str
    with_entity: bool
    rows: dict[str, Rows]
    instant: datetime

    @property
    def contract(self) -> Contract:
        return contract(self.zone, with_entity=self.with_entity)

    @property
    def assembly(self) -> Assembly:
        return assembly_of(self.contract)

    @property
    def tables(self) -> Tables:
        return arrow(self.contract, self.rows)

    @property
    def micros(self) -> int:
        """The instant in microseconds since 1970-01-01 in UTC."""
        return instant_of(self.instant, "UTC")


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "UTC")
"""Lord Howe's clocks are changed by half an hour, Kathmandu's are 5:45 ahead of UTC, a day in Havana begins at 1:00."""

CHANGES = {
    "Europe/Berlin": datetime(2024, 3, 31, 1, tzinfo=UTC),
    "America/New_York": datetime(2024, 11, 3, 6, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2024, 4, 6, 15, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2024, 5, 1, tzinfo=UTC),
    "America/Havana": datetime(2024, 3, 10, 5, tzinfo=UTC),
    "UTC": datetime(2024, 2, 29, tzinfo=UTC),
}
"""An instant at which clocks are changed there, if they are."""

TABLES = """
  customers:
    kind: entity
    columns:
      id: {type: string, role: key}
      since: {type: timestamp, role: time}
      country: {type: category}
  plans:
    kind: history
    columns:
      customer: {type: string, role: key}
      valid_from: {type: timestamp, role: time}
      recorded: {type: timestamp, role: known_at}
      change: {type: string, role: row_id}
      plan: {type: category, nullable: true}
      price: {type: number, nullable: true}
  levels:
    kind: snapshot
    columns:
      customer: {type: string, role: key}
      day: {type: date, role: time}
      seats: {type: integer, nullable: true}
  visits:
    kind: events
    columns:
      customer: {type: string, role: key}
      at: {type: timestamp, role: time}
      recorded: {type: timestamp, role: known_at}
      visit: {type: string, role: row_id}
      amount: {type: number, nullable: true}
      shop: {type: category, nullable: true}
  orders:
    kind: events
    columns:
      customer: {type: string, role: key}
      day: {type: date, role: time}
      recorded: {type: date, role: known_at}
      amount: {type: number, nullable: true}
      shop: {type: category, nullable: true}
"""

ENTITY = "customers"

AGGREGATES = {
    "count": "",
    "sum": "column: amount",
    "mean": "column: amount",
    "min": "column: amount",
    "max": "column: amount",
    "std": "column: amount",
    "median": "column: amount",
    "quantile": "column: amount, q: 0.3",
    "distinct": "column: shop",
    "first": "column: shop",
    "last": "column: amount",
    "mode": "column: shop",
    "recency": "",
    "age": "",
    "mean_gap": "",
    "longest_gap": "",
    "rate": "",
    "slope": "column: amount",
    "share": "of: amount > 1",
    "streak": "of: shop == 'x'",
    "longest_streak": "of: amount > 1",
    "active_days": "",
}
REACHES = ("", "days: 3", "last: 36 hours", "last: 2 days", "days: 1")


@cache
def contract(zone: str, *, with_entity: bool = True) -> Contract:
    """Every aggregate over visits and over orders of whole days."""
    windows = ""
    for table in ("visits", "orders"):
        reaches = [length for length in REACHES if table == "visits" or "hours" not in length]
        for number, (name, arguments) in enumerate(AGGREGATES.items()):
            parts = ", ".join(part for part in (arguments, reaches[number % len(reaches)]) if part)
            windows += f"  {table}_{name}: {{table: {table}, aggregate: {name}, reason: r, {parts}}}\n"
        for name in ("sum", "min", "age", "recency"):
            column = "column: amount, where: shop != 'y', " if name in ("sum", "min") else ""
            windows += f"  {table}_{name}_ever: {{table: {table}, aggregate: {name}, {column}reason: r}}\n"
        windows += f"  {table}_trend: {{table: {table}, aggregate: trend, days: 2, reason: r}}\n"
        windows += (
            f"  {table}_trend_sum: {{table: {table}, aggregate: trend, column: amount, last: 1 days, reason: r}}\n"
        )
        where = "where: amount > 1 and shop != 'y'"
        windows += (
            f"  {table}_where: {{table: {table}, aggregate: mean, column: amount, {where}, days: 4, reason: r}}\n"
        )
        windows += f"  {table}_top_amount: {{table: {table}, aggregate: mode, column: amount, days: 4, reason: r}}\n"
    windows += "  plans_count: {table: plans, aggregate: count, reason: r}\n"
    windows += "  seats_trend: {table: levels, aggregate: slope, column: seats, days: 5, reason: r}\n"
    if with_entity:
        windows += f"  customer_for: {{table: {ENTITY}, aggregate: age, reason: r}}\n"
    tables = TABLES if with_entity else TABLES[TABLES.index("\n  plans:") :]
    return parse(f"""
version: 2
name: random
zone: {zone}
tables:{tables}
windows:
{windows}
label: {{kind: no_event, table: visits, horizon: 5 days}}
cuts: [2024-03-01]
""")


def moments(zone: str) -> st.SearchStrategy[datetime]:
    """Within some days of the change of the clocks, often equal to each other."""
    return st.integers(-5 * 96, 3 * 96).map(lambda quarters: CHANGES[zone] + timedelta(minutes=15 * quarters))


def days(zone: str) -> st.SearchStrategy[date]:
    """As ``moments``, days."""
    return st.integers(-5, 3).map(lambda count: CHANGES[zone].date() + timedelta(days=count))


KEYS = st.sampled_from(["a", "b", "c", "ä"])
AMOUNTS = st.none() | st.sampled_from([0.0, 0.1, 1.0, 2.0, 3.5])
SHOPS = st.none() | st.sampled_from(["x", "y", "ß"])
DELAYS = st.sampled_from([-1, 0, 0, 0, 0, 1, 30])


@st.composite
def tables(draw: st.DrawFn, zone: str) -> dict[str, Rows]:
    """Rows by table. Ids and instants of knowledge never contradict each other."""
    times, dates = moments(zone), days(zone)
    customers = draw(st.lists(KEYS, unique=True, max_size=4))
    found: dict[str, Rows] = {
        "customers": [{"id": key, "since": draw(times), "country": draw(SHOPS) or "x"} for key in customers],
        "plans": _corrected(draw, times, lambda: {"plan": draw(SHOPS), "price": draw(AMOUNTS)}, "valid_from", "change"),
        "visits": _corrected(draw, times, lambda: {"amount": draw(AMOUNTS), "shop": draw(SHOPS)}, "at", "visit"),
        "levels": [
            {"customer": draw(KEYS), "day": draw(dates), "seats": draw(st.none() | st.integers(0, 9))}
            for _ in range(draw(st.integers(0, 4)))
        ],
        "orders": [],
    }
    for _ in range(draw(st.integers(0, 10))):
        day = draw(dates)
        row = {"customer": draw(KEYS), "day": day, "amount": draw(AMOUNTS), "shop": draw(SHOPS)}
        found["orders"].append({**row, "recorded": day + timedelta(days=draw(st.sampled_from([-1, 0, 0, 1, 2])))})
    for name in ("visits", "orders"):
        if found[name] and draw(st.booleans()):
            found[name].append(dict(found[name][0]))
    return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Cases in several zones, with and without an entity; the instant is a midnight, or near or at the time of rows."""
    zone, with_entity = draw(st.sampled_from(ZONES)), draw(st.booleans())
    rows = draw(tables(zone))
    if not with_entity:
        del rows[ENTITY]
    midnight = datetime.combine(draw(days(zone)), time(), ZoneInfo(zone)).astimezone(UTC)
    return Case(zone, with_entity, rows, draw(st.sampled_from([midnight, draw(moments(zone))])))


def _corrected(draw: st.DrawFn, times: st.SearchStrategy[datetime], values: Any, time: str, row_id: str) -> Rows:
    rows: Rows = []
    for number in range(draw(st.integers(0, 10))):
        at = draw(times)
        known = at + timedelta(hours=draw(DELAYS))
        row = {"customer": draw(KEYS), time: at, "recorded": known, row_id: draw(st.sampled_from([str(number), None]))}
        rows.append({**row, **values()})
        if row[row_id] is not None:
            for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
                known += timedelta(hours=draw(st.integers(1, 40)))
                at = draw(st.sampled_from([at, at + timedelta(hours=1)]))
                rows.append({**row, time: at, "recorded": known, **values()})
    return rows


def arrow(described: Contract, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Tables:
    """The rows as parsed tables."""
    types = {"timestamp": pa.timestamp("us"), "date": pa.date32(), "number": pa.float64(), "integer": pa.int64()}
    made = {}
    for name, table in assembly_of(described).tables.items():
        fields = [(column, types.get(found.type, pa.string())) for column, found in table.columns.items()]
        plain = [{column: _plain(row[column]) for column, _ in fields} for row in rows.get(name, ())]
        made[name] = pa.Table.from_pylist(plain, schema=pa.schema(fields))
    return Tables.of_arrow(described, made)


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
