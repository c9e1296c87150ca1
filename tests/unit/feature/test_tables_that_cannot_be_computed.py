"""Tables that features cannot be computed from: one line that names table, column and key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from as_of_tables import contract

from tenure.contract.sources import assembly_of
from tenure.errors import DataError, InputError
from tenure.features import at
from tenure.features.tables import Tables

MOMENT = pa.timestamp("us")
LATER = 2_000_000_000_000_000


def tables(**changed: dict[str, Any]) -> Tables:
    """One customer with one visit; ``changed`` replaces columns of tables."""
    now = datetime(2024, 3, 1)  # noqa: DTZ001 parsed tables are in UTC
    visit = {"customer": ["a"], "at": [now], "recorded": [now], "visit": ["1"], "amount": [1.0], "shop": ["x"]}
    made: dict[str, dict[str, Any]] = {"customers": {"id": ["a"], "since": [now], "country": ["x"]}, "visits": visit}
    found = {}
    types = {"timestamp": MOMENT, "date": pa.date32(), "number": pa.float64(), "integer": pa.int64()}
    for name, described in assembly_of(contract("UTC")).tables.items():
        columns = made.get(name, {}) | changed.get(name, {})
        found[name] = pa.table(
            {
                column: columns[column]
                if isinstance(columns.get(column), pa.Array)
                else pa.array(columns.get(column, []), types.get(kind.type, pa.string()))
                for column, kind in described.columns.items()
            }
        )
    return Tables.of_arrow(contract("UTC"), found)


def twice(**second: Any) -> dict[str, list[Any]]:
    """The visit, and another version of it that became known at the same time."""
    first = {name: column[0].as_py() for name, column in zip(*_visit(), strict=True)}
    return {name: [value, second.get(name, value)] for name, value in first.items()}


def _visit() -> tuple[list[str], list[pa.ChunkedArray]]:
    found = tables().table("visits", list(assembly_of(contract("UTC")).tables["visits"].columns))
    return found.column_names, found.columns


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"visits": {"customer": [None]}}, "table 'visits': no 'customer' in 1 row"),
        ({"visits": {"at": [None]}}, "table 'visits': no 'at' in 1 row"),
        ({"visits": {"recorded": [None]}}, "table 'visits': no 'recorded' in 1 row"),
        (
            {"customers": {"id": pa.array([7])}},
            "table '.*': the keys in 'customer' are of type string, not int64: .*'a'",
        ),
        (
            {"visits": twice(amount=2.0)},
            "table 'visits': 1 pair of rows with the same 'visit' became known at the same time and differ: the first "
            "has customer 'a' and visit '1'",
        ),
        ({"visits": twice(shop=None)}, "table 'visits': 1 pair of rows with the same 'visit'"),
    ],
)
def test_an_error_names_table_and_column(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        at(contract("UTC"), tables(**changed), LATER)
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("error")
def test_a_sum_beyond_the_largest_number_is_unknown() -> None:
    visit = {name: column.to_pylist() * 3 for name, column in zip(*_visit(), strict=True)}
    visits = visit | {"visit": ["1", "2", "3"], "amount": [1.7e308, -1.7e308, 1.7e308]}
    found = at(contract("UTC"), tables(visits=visits), LATER)
    for name in found.column_names:
        if pa.types.is_floating(found[name].type):
            assert np.isfinite(found[name].drop_null().to_numpy()).all(), name


def test_equal_versions_are_one_row() -> None:
    found = at(contract("UTC"), tables(visits=twice()), LATER)
    assert found.column("visits_count").to_pylist() == [1.0]


def test_tables_without_rows_have_no_customers_and_all_columns() -> None:
    nobody = at(contract("UTC"), tables(customers={"id": [], "since": [], "country": []}), LATER)
    assert nobody.num_rows == 0
    assert nobody.schema == at(contract("UTC"), tables(), LATER).schema


def test_a_missing_table_is_named() -> None:
    with pytest.raises(DataError, match="table 'customers' is missing"):
        Tables.of_arrow(contract("UTC"), {})


def test_customers_that_cannot_be_keys() -> None:
    with pytest.raises(InputError, match="'customers' must be keys of one type"):
        at(contract("UTC"), tables(), LATER, customers=["a", 7])
    numbers = {"customers": {"id": pa.array([7])}, "visits": {name: [] for name in _visit()[0]}}
    with pytest.raises(DataError, match=r"'customers' are of type string, 'id' of table 'customers' is not: .*'a'"):
        at(contract("UTC"), tables(**numbers), LATER, customers=["a"])
