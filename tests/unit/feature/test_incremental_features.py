"""Features from yesterday's state and today's rows, against computing them anew from all rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import as_of_tables
import numpy as np
import pyarrow as pa
import pytest
from as_of_tables import Case
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import parse
from tenure.errors import DataError, InputError, StorageError
from tenure.features import at
from tenure.features.incremental import State, cannot, start
from tenure.features.instants import instant_of
from tenure.features.state_files import read_state, write_state
from tenure.features.tables import Tables


def arrow(case: Case, rows: Mapping[str, as_of_tables.Rows]) -> dict[str, pa.Table]:
    tables = as_of_tables.arrow(case.contract, rows)
    return {name: tables.table(name, case.assembly.columns_of(name)) for name in rows}


def is_delivered(case: Case, name: str, row: Mapping[str, Any], moment: datetime) -> bool:
    """Whether a row is in the tables at a moment: as soon as it is known, of a day when it begins."""
    table = case.assembly.tables[name]
    known = row[str(table.known_at or table.time)]
    return known <= (moment if isinstance(known, datetime) else moment.date())


def advance(case: Case, moments: list[datetime]) -> State:
    """The state after each of the moments, the last one's returned."""
    delivered = {
        name: [row for row in rows if is_delivered(case, name, row, moments[0])] for name, rows in case.rows.items()
    }
    state = start(case.contract, as_of_tables.arrow(case.contract, delivered), instant_of(moments[0], "UTC"))
    for before, now in pairwise(moments):
        new = {
            name: [
                row for row in rows if is_delivered(case, name, row, now) and not is_delivered(case, name, row, before)
            ]
            for name, rows in case.rows.items()
        }
        state = state.advance(arrow(case, new), instant_of(now, "UTC"))
    return state


@given(case=as_of_tables.cases(), hours=st.lists(st.integers(1, 90), min_size=1, max_size=3))
@settings(max_examples=examples(40))
def test_the_features_are_those_of_all_rows(case: Case, hours: list[int]) -> None:
    moments = [case.instant - timedelta(hours=sum(hours[place:])) for place in range(len(hours) + 1)]
    state = advance(case, moments)
    delivered = {
        name: [row for row in rows if is_delivered(case, name, row, case.instant)] for name, rows in case.rows.items()
    }
    anew = at(case.contract, replace(case, rows=delivered).tables, case.micros)
    stale = state.stale.to_pylist()
    expected = [row for row in anew.to_pylist() if row[case.assembly.key] not in stale]
    found = state.features.to_pylist()
    assert [row[case.assembly.key] for row in found] == [row[case.assembly.key] for row in expected]
    for row, computed in zip(found, expected, strict=True):
        assert set(computed) - set(row) == set(cannot(case.contract))
        for name, value in row.items():
            assert value == (pytest.approx(computed[name]) if isinstance(value, float) else computed[name]), name
    for key in stale:
        own = [(row["visit"], row["customer"]) for row in case.rows["visits"] if row["customer"] == key]
        assert len(own) > len(set(own)), "a customer is stale who has no correction"


def test_which_features_cannot() -> None:
    found = cannot(as_of_tables.contract("UTC"))
    assert found["visits_std"] == "'std' over all history needs every row of 'visits'"
    assert not {"visits_count", "visits_sum_ever", "orders_age_ever", "visits_median", "plans_count"} & set(found)


def test_a_state_holds_what_windows_reach_and_reports_corrections_beyond() -> None:
    start_of = as_of_tables.CHANGES["UTC"]

    def visit(hours: int, amount: float, number: str, late: int = 0) -> dict[str, Any]:
        at_time = start_of + timedelta(hours=hours)
        recorded = at_time + timedelta(hours=late)
        return {"customer": "a", "at": at_time, "recorded": recorded, "visit": number, "amount": amount, "shop": "x"}

    rows: dict[str, as_of_tables.Rows] = {"customers": [], "plans": [], "levels": [], "orders": []}
    rows["visits"] = [visit(hour, 1.0, str(hour)) for hour in range(24)]
    case = Case("UTC", True, rows, start_of + timedelta(days=20))
    state = advance(case, [case.instant, case.instant + timedelta(days=1)])
    assert state.rows["visits"].num_rows == 1
    tomorrow = state.instant + 86_400_000_000
    assert state.advance({}, tomorrow).stale.to_pylist() == []
    correction = arrow(case, {"visits": [visit(2, 5.0, "2", late=24 * 22)]})
    assert state.advance(correction, tomorrow).stale.to_pylist() == ["a"]
    with pytest.raises(InputError, match="a state cannot go back in time"):
        state.advance({}, state.instant - 1)


@given(case=as_of_tables.cases())
@settings(max_examples=examples(10))
def test_a_state_survives_the_night(case: Case) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "state"
        write_state(advance(case, [case.instant - timedelta(days=2)]), folder)
        state = advance(case, [case.instant - timedelta(days=1)])
        write_state(state, folder)
        read = read_state(case.contract, folder)
        assert read.features.equals(state.features)
        later = state.instant + 86_400_000_000
        assert read.advance({}, later).features.equals(state.advance({}, later).features)
        assert len([path for path in folder.iterdir() if path.is_dir()]) == 1


def test_states_that_cannot_be_read(tmp_path: Path) -> None:
    described = as_of_tables.contract("UTC")
    with pytest.raises(StorageError, match=r"cannot read .*state.json"):
        read_state(described, tmp_path)
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(DataError, match="is not the record of a state"):
        read_state(described, tmp_path)
    empty = {name: [] for name in ("customers", "plans", "levels", "visits", "orders")}
    write_state(advance(Case("UTC", True, empty, as_of_tables.CHANGES["UTC"]), [as_of_tables.CHANGES["UTC"]]), tmp_path)
    with pytest.raises(DataError, match="holds the state of another contract than 'random'"):
        read_state(as_of_tables.contract("Europe/Berlin"), tmp_path)
    (tmp_path / str(instant_of(as_of_tables.CHANGES["UTC"], "UTC")) / "corrected.parquet").unlink()
    with pytest.raises(StorageError, match=r"cannot read .*corrected.parquet"):
        read_state(described, tmp_path)


def test_keys_of_tables_may_be_of_other_types() -> None:
    described = parse("""
version: 2
name: keys
zone: UTC
tables:
  customers: {kind: entity, columns: {id: {type: integer, role: key}, country: {type: category}}}
  visits: {kind: events, columns: {who: {type: integer, role: key}, at: {type: timestamp, role: time}}}
windows:
  ever: {table: visits, aggregate: count, reason: r}
  recent: {table: visits, aggregate: count, days: 1, reason: r}
label: {kind: no_event, table: visits, horizon: 5 days}
cuts: [2024-05-01]
""")
    moments = np.array(["2024-01-01", "2024-02-01", "2024-03-01T12:00"], dtype="datetime64[us]")
    visits = pa.table({"who": pa.array([7, 7, 7], pa.int32()), "at": moments})
    customers = pa.table({"id": pa.array([7, 8], pa.int64()), "country": ["x", "y"]})
    tables = Tables.of_arrow(described, {"customers": customers, "visits": visits})
    state = start(described, tables, instant_of(datetime(2024, 3, 1, tzinfo=UTC), "UTC"))
    assert state.rows["visits"].num_rows == 2
    state = state.advance({}, instant_of(datetime(2024, 3, 2, tzinfo=UTC), "UTC"))
    assert state.features.select(["id", "ever", "recent"]).to_pylist() == [
        {"id": 7, "ever": 3.0, "recent": 1.0},
        {"id": 8, "ever": 0.0, "recent": 0.0},
    ]
