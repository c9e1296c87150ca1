"""Rows of a request in the contract's types, by the parsing of ingest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.tables.rows import TableRows
from serving.v2.errors import RequestError
from tenure.contract import Column
from tenure.errors import TenureError

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536
"""Rows parsed at once: an invalid row ends the work with its batch."""


def parsed(rows: TableRows, columns: Mapping[str, Column], zone: str, key: str) -> pa.Table:
    """The rows of one table, with the number of the customer, from 1, as ``key``, int64.

    Args:
        columns: those that are read, without the key; one that was not sent has its default.
        zone: of times without an offset.

    Raises:
        RequestError: a value is invalid, or a time is missing; names the row and the column.
    """
    import pyarrow as pa

    batches = [
        _parsed_batch(rows, columns, zone, range(start, min(start + BATCH_ROWS, len(rows))))
        for start in range(0, max(len(rows), 1), BATCH_ROWS)
    ]
    table = pa.Table.from_batches(batches)
    return table.append_column(key, pa.array(np.asarray(rows.owners, dtype=np.int64) + 1))


def _parsed_batch(rows: TableRows, columns: Mapping[str, Column], zone: str, part: range) -> pa.RecordBatch:
    import pyarrow as pa

    from tenure.parsing import arrow_type, parse_batch
    from tenure.parsing.faults import absent
    from tenure.parsing.parse import default_of

    place = slice(part.start, part.stop)
    sent = {name: column for name, column in columns.items() if name in rows.columns}
    raw = pa.RecordBatch.from_arrays([_array(rows.columns[name][place]) for name in sent], names=list(sent))
    if not sent:
        raw = pa.RecordBatch.from_pydict({})
    try:
        found, faults = parse_batch(raw, sent, zone)
        values = {
            name: found.column(name)
            if name in sent
            else pa.repeat(pa.scalar(default_of(name, column, zone), arrow_type(column)), len(part))
            for name, column in columns.items()
        }
    except TenureError as error:
        raise RequestError(f"{rows.place_of(part.start)}: {error}") from error
    if faults.bad.any():
        numbers = pa.array(range(len(part)), pa.int64())
        fault = faults.rejected(raw, numbers)[0]
        raise RequestError(f"{rows.place_of(part.start + fault.row)}: {fault.reason}")
    for name, column in columns.items():
        if column.role in ("time", "known_at") and values[name].null_count:
            row = int(np.argmin(values[name].is_valid().to_numpy(zero_copy_only=False)))
            raise RequestError(f"{rows.place_of(part.start + row)}: {absent(name, column.role)}")
    return pa.RecordBatch.from_pydict(values)


def _array(values: Sequence[Any] | np.ndarray) -> pa.Array:
    """Values as Arrow's; those of several types as text, which is parsed as a CSV's is."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError):
        return pa.array([value if value is None else str(value) for value in values], pa.string())
