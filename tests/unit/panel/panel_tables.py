"""Contracts of several tables with the label under test, and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from tenure.contract import Contract, parse
from tenure.features.tables import Tables

TEMPLATE = """
version: 2
name: shop
zone: {zone}
task: {task}
tables:
  customers:
    kind: entity
    columns:
      customer: {{type: string, role: key}}
      since: {{type: timestamp, role: time}}
      country: {{type: category, nullable: true}}
      gender: {{type: category, nullable: true, role: sensitive}}
  orders:
    kind: events
    columns:
      who: {{type: string, role: key}}
      at: {{type: {time}, role: time}}
      amount: {{type: number, nullable: true}}
  plans:
    kind: history
    columns:
      who: {{type: string, role: key}}
      start: {{type: {time}, role: time}}
      known: {{type: timestamp, role: known_at}}
      id: {{type: string, role: row_id}}
      status: {{type: category, nullable: true}}
      ends: {{type: {ends}, nullable: true, role: {of_ends}}}
windows:
  orders_{{n}}: {{table: orders, aggregate: count, for_each: [7, 30], reason: r}}
  spend: {{table: orders, aggregate: sum, column: amount, days: 30, reason: r}}
  active: {{table: orders, aggregate: count, days: 90, feature: false}}
  first_order: {{table: orders, aggregate: first, column: at, feature: false}}
label: {label}
cuts: {cuts}
{more}
"""

EARLY = "2020-01-01T00:00"


def contract(
    label: str = "{kind: no_event, table: orders, horizon: 30 days}",
    cuts: str = "[2026-03-01]",
    more: str = "",
    zone: str = "Europe/Berlin",
    time: str = "timestamp",
    ends: str = "date",
    task: str = "classification",
    of_ends: str = "ignored",
) -> Contract:
    """The contract of a shop with one label."""
    return parse(
        TEMPLATE.format(label=label, cuts=cuts, more=more, zone=zone, time=time, ends=ends, task=task, of_ends=of_ends)
    )


def tables(
    described: Contract,
    orders: Sequence[tuple[str, str, float | None]] = (),
    plans: Sequence[tuple[str, str, str, str | None, str | None, str | None]] = (),
    customers: Sequence[str] | Sequence[tuple[str, str]] = ("a", "b", "c"),
) -> Tables:
    """Tables in the contract's types; times are texts in UTC.

    Args:
        described: the contract.
        orders: customer, time and amount.
        plans: customer, time, when it became known (its time for an empty text), id, status and end.
        customers: keys, or keys and since when they exist.
    """
    made = described.assembly
    assert made is not None
    known = [(each, EARLY) if isinstance(each, str) else each for each in customers]
    rows = {
        "customers": [(key, since, None, None) for key, since in known],
        "orders": list(orders),
        "plans": [(who, start, when or start, *rest) for who, start, when, *rest in plans],
    }
    return Tables.of_arrow(
        described,
        {
            name: pa.table(
                {
                    column: _column([row[place] for row in rows[name]], settings.type)
                    for place, (column, settings) in enumerate(table.columns.items())
                }
            )
            for name, table in made.tables.items()
        },
    )


def _column(values: list[Any], kind: str) -> pa.Array:
    if kind == "timestamp":
        return pa.array([_moment(value) for value in values], pa.timestamp("us", "UTC"))
    if kind == "date":
        return pa.array([None if value is None else _moment(value).date() for value in values], pa.date32())
    return pa.array(values, pa.float64() if kind == "number" else pa.string())


def _moment(text: str | None) -> Any:
    return None if text is None else datetime.fromisoformat(text)
