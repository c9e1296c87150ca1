"""What is asked of single rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tenure.checks.rows import AHEAD, check_rows
from tenure.contract import parse
from tenure.parsing import parse_batch, table_columns

NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
CONTRACT = """
name: t
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  seen: {type: timestamp, role: time}
  months: {type: integer, range: [0, 72]}
  spend: {type: number, range: [0.5, null], nullable: true}
  plan: {type: category, values: [a, b]}
  note: {type: string, role: ignored}
  left: {type: boolean, role: label, values: ["no", "yes"]}
"""
GOOD: dict[str, Any] = {"id": "1", "seen": "2024-05-01", "months": "3", "spend": "1", "plan": "a", "left": "no"}


def reasons(contract: str = CONTRACT, absent: tuple[str, ...] = (), **changed: Any) -> str:
    """What is wrong with a good row once ``changed``."""
    described = parse(contract)
    row = {**GOOD, **changed}
    batch = pa.RecordBatch.from_pydict({name: pa.array([value], pa.string()) for name, value in row.items()})
    parsed, faults = parse_batch(batch, table_columns(described))
    assert not faults.bad.any()
    found = check_rows(described, parsed, NOW, absent).rejected(batch, pa.array([1]))
    return found[0].reason if found else ""


def test_a_good_row() -> None:
    assert reasons() == ""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"months": "73"}, "'months' is above 72: 73"),
        ({"months": "72"}, ""),
        ({"months": "-1"}, "'months' is below 0: -1"),
        ({"spend": "0.4999"}, "'spend' is below 0.5: 0.4999"),
        ({"spend": "1e9"}, ""),
        ({"spend": ""}, ""),
        ({"months": ""}, "'months' is missing, and is not nullable"),
        ({"plan": "c"}, "'plan' is not one of the contract's values: 'c'"),
        ({"plan": "A"}, "'plan' is not one of the contract's values: 'A'"),
        ({"id": ""}, "'id' is missing, and is the key"),
        ({"seen": ""}, "'seen' is missing, and is the time"),
        ({"left": ""}, ""),  # set aside, see test_set_aside.py
        ({"seen": "2999-01-01"}, "'seen' is in the future: 2999-01-01 00:00:00"),
        ({"months": "73", "plan": "c"}, "'months' is above 72: 73; 'plan' is not one of the contract's values: 'c'"),
    ],
)
def test_a_row_against_the_contract(changed: dict[str, str], reason: str) -> None:
    assert reasons(**changed) == reason


def test_the_future_begins_where_it_is_future_everywhere_on_earth() -> None:
    latest = (NOW + AHEAD).replace(tzinfo=None)
    assert reasons(seen=latest.isoformat()) == ""
    assert "in the future" in reasons(seen=(latest + timedelta(seconds=1)).isoformat())
    days = CONTRACT.replace("timestamp", "date")
    assert reasons(days, seen=str(date(2024, 6, 2))) == ""
    assert "in the future" in reasons(days, seen=str(date(2024, 6, 3)))


def test_of_an_absent_optional_column_nothing_is_asked() -> None:
    assert "missing" in reasons(months="")
    assert reasons(months="", absent=("months",)) == ""
