"""Files of rows that are not used: ``rejected.parquet`` and ``quarantine.parquet``."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from tenure.sources.protocol import RejectedRow

SCHEMA = pa.schema([pa.field("row", pa.int64()), pa.field("reason", pa.string()), pa.field("text", pa.string())])


def to_batch(rejected: Iterable[RejectedRow]) -> pa.RecordBatch:
    """The rejected rows as a batch of ``SCHEMA``."""
    rows = list(rejected)
    columns = [
        pa.array([row.row for row in rows], pa.int64()),
        pa.array([row.reason for row in rows], pa.string()),
        pa.array([_storable(row.text) for row in rows], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _storable(text: str) -> str:
    """``text`` without lone surrogates, which UTF-8 cannot encode."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
