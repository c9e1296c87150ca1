"""A contract with every kind of column, and rows for it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from tenure.contract import Contract, parse
from tenure.transform import Transform, fit, of_table

CONTRACT = """
name: sample
label: {positive: "1"}
columns:
  id: {type: string, role: key}
  looked: {type: date, role: time}
  born: {type: date, nullable: true}
  age: {type: integer, range: [0, 120]}
  spend: {type: number, nullable: true, missing_values: ["n/a", "-1"]}
  wild: {type: number, nullable: true, clip: true}
  plan: {type: category, values: [basic, plus, max]}
  town: {type: string, nullable: true, missing_values: ["?"]}
  member: {type: boolean, values: ["no", "yes"]}
  active: {type: boolean, nullable: true}
  extra: {type: number, required: false, default: "7"}
  gender: {type: category, role: sensitive}
  y: {type: boolean, role: label}
derived:
  days: {expression: "days_between(born, looked)", reason: r}
  per_year: {expression: "spend / max(age, 1)", reason: r}
  rich: {expression: "spend > 100", reason: r}
  band: {expression: "bucket(age, 0, 18, 65)", reason: r}
  cross: {expression: 'concat(plan, "/", coalesce(town, "nowhere"))', reason: r}
  services: {expression: "count(member, active, plan == 'max')", reason: r}
"""

MOSTLY: dict[str, list[Any]] = {
    "looked": [
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 31),
        date(2024, 3, 31),
        date(2024, 4, 30),
        date(2024, 5, 31),
    ],
    "born": [date(1990, 1, 1), None, date(1950, 6, 6), date(2001, 1, 1), date(1970, 1, 1), date(1970, 1, 2)],
    "age": [34, 20, 73, 23, 54, 54],
    "spend": [10.5, None, 250.0, 0.0, 99.25, 12.0],
    "wild": [1.0, 2.0, 3.0, 4.0, 1000.0, None],
    "plan": ["basic", "plus", "basic", "max", "plus", "basic"],
    "town": ["Ulm", None, "Bonn", "Ulm", "Köln", "Bonn"],
    "member": [True, False, True, True, False, True],
    "active": [True, None, False, True, True, False],
    "extra": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
}
TYPES = {
    "looked": pa.date32(),
    "born": pa.date32(),
    "age": pa.int64(),
    "spend": pa.float64(),
    "wild": pa.float64(),
    "plan": pa.string(),
    "town": pa.string(),
    "member": pa.bool_(),
    "active": pa.bool_(),
    "extra": pa.float64(),
}


def contract() -> Contract:
    return parse(CONTRACT)


def table(rows: dict[str, list[Any]] | None = None) -> pa.Table:
    return pa.table({name: pa.array(values, TYPES[name]) for name, values in (rows or MOSTLY).items()})


def fitted() -> Transform:
    return fit(contract(), of_table(table()))


def as_text(name: str, value: Any) -> str:
    """A value as a CSV or a client of text would have it."""
    if value is None:
        return {"spend": " n/a ", "town": "?"}.get(name, "")
    if name == "member":
        return "yes" if value else "no"
    return f" {value} "


words = st.text(max_size=5).filter(lambda word: "\0" not in word)
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "looked": st.none() | st.dates(date(1970, 1, 1), date(2200, 1, 1)),
    "born": st.none() | st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    "age": st.none() | st.integers(-(2**53), 2**53),
    "spend": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "wild": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "plan": st.none() | st.sampled_from(["basic", "plus", "max", "new"]) | words,
    "town": st.none() | st.sampled_from(["Ulm", "Bonn", "Köln"]) | words,
    "member": st.none() | st.booleans(),
    "active": st.none() | st.booleans(),
    "extra": st.none() | st.floats(-1e6, 1e6),
}
ROWS = st.lists(st.fixed_dictionaries(COLUMNS), min_size=1, max_size=6)


def by_column(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in COLUMNS}
