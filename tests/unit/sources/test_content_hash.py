"""The identity of content."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from tenure.sources import ContentHash

TABLE = pa.table(
    {
        "text": pa.array(["a", None, "", "bc", "ü"]),
        "whole": pa.array([1, 2, None, -4, 5]),
        "number": pa.array([0.5, None, -0.0, 1e300, 3.0]),
        "yes": pa.array([True, False, True, None, True]),
        "day": pa.array([date(2024, 1, 1), None, date(1969, 1, 1), date(2024, 1, 2), date(2024, 1, 3)]),
        "moment": pa.array([0, None, -3 * 10**14, 2 * 10**17, 5], pa.timestamp("us")),
    }
)


def hash_of(table: pa.Table, rows: int = 100) -> str:
    content = ContentHash(table.schema)
    for batch in table.to_batches(max_chunksize=rows):
        content.update(batch)
    return content.hexdigest()


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_batches_do_not_matter(rows: int) -> None:
    assert hash_of(TABLE, rows) == hash_of(TABLE)


def test_how_nulls_are_stored_does_not_matter() -> None:
    kept = pa.table({"t": pa.array(["x", "hidden"]), "n": pa.array([1, 7])})
    masked = pa.table(
        {name: pa.compute.if_else(pa.array([True, False]), kept[name], None) for name in kept.column_names}
    )
    plain = pa.table({"t": pa.array(["x", None]), "n": pa.array([1, None])})
    assert hash_of(masked) == hash_of(plain)


@pytest.mark.parametrize("column", TABLE.column_names)
def test_every_value_matters(column: str) -> None:
    place = TABLE.column_names.index(column)
    for row in (0, 1):
        other = TABLE[column].to_pylist()
        other[row] = other[3]
        changed = TABLE.set_column(place, TABLE.schema.field(column), pa.array(other, TABLE[column].type))
        assert hash_of(changed) != hash_of(TABLE)


def test_order_names_and_types_matter() -> None:
    assert hash_of(TABLE.take([1, 0, 2, 3, 4])) != hash_of(TABLE)
    assert hash_of(TABLE.rename_columns({"text": "texts"})) != hash_of(TABLE)
    assert hash_of(pa.table({"a": pa.array([1])})) != hash_of(pa.table({"a": pa.array([1.0])}))


def test_bytes_do_not_move_between_values() -> None:
    assert hash_of(pa.table({"a": ["ab", "c"]})) != hash_of(pa.table({"a": ["a", "bc"]}))


def test_minus_zero_is_zero() -> None:
    assert hash_of(pa.table({"a": [0.0]})) == hash_of(pa.table({"a": [-0.0]}))
