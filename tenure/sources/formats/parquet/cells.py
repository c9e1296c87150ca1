"""Columns of kinds that a contract has no type for."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def readable(column: pa.Array) -> pa.Array:
    """Lists, structs and maps as JSON texts, as from a JSON file; durations in seconds; other columns as they are."""
    if pa.types.is_nested(column.type):
        values = column.to_pylist()
        texts = [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]
        return pa.array(texts, pa.string())
    if pa.types.is_duration(column.type):
        return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), PER_SECOND[column.type.unit])
    return column
