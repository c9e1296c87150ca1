"""Rows of a request in the contract's types, by the parsing of ingest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from serving.tables.rows import TableRows
from serving.v2.errors import RequestError
from tenure.contract import Column
from tenure.contract.written_numbers import written
from tenure.errors import TenureError

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536
"""Rows parsed at once: an invalid row ends the work with its batch."""


class Parsed(NamedTuple):
    """The rows of one table in the contract's types."""

    table: pa.Table
    left_out: Mapping[tuple[str, str], NDArray[np.int64]]
    """By check (``range`` or ``values``) and column: the customers of the rows that break the contract there."""


def parsed(rows: TableRows, columns: Mapping[str, Column], zone: str, key: str, *, is_checked: bool = True) -> Parsed:
    """The rows of one table, with the number of the customer, from 1, as ``key``, int64.

    Args:
        columns: those that are read, without the key; one that was not sent has its default.
        zone: of times without an offset.
        is_checked: whether a row with a number out of its column's range, or a text that is not among its values, is
            left out, as it is in training.

    Raises:
        RequestError: a value is invalid, or missing where there must be one; names the row and the column.
    """
    import pyarrow as pa

    owners = np.asarray(rows.owners, dtype=np.int64)
    batches: list[pa.RecordBatch] = []
    left_out: dict[tuple[str, str], list[NDArray[np.int64]]] = {}
    for start in range(0, max(len(rows), 1), BATCH_ROWS):
        part = range(start, min(start + BATCH_ROWS, len(rows)))
        batch = _parsed_batch(rows, columns, zone, part)
        own = owners[part.start : part.stop]
        batch = batch.append_column(key, pa.array(own + 1))
        broken = _broken(batch, columns) if is_checked else {}
        for fault, mask in broken.items():
            left_out.setdefault(fault, []).append(own[mask])
        batches.append(batch.filter(pa.array(~np.logical_or.reduce([*broken.values()]))) if broken else batch)
    return Parsed(pa.Table.from_batches(batches), {fault: np.concatenate(own) for fault, own in left_out.items()})


def _broken(batch: pa.RecordBatch, columns: Mapping[str, Column]) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """Which rows break the contract, by check and column; bool, shape (rows,)."""
    from tenure.parsing import RowFaults
    from tenure.parsing.rules import check_values

    found = {}
    for name, column in columns.items():
        faults = RowFaults(batch.num_rows)
        check_values(name, column, batch.column(name), faults)
        for kind in faults.counts:
            found[kind.check, name] = faults.bad
    return found


def _parsed_batch(rows: TableRows, columns: Mapping[str, Column], zone: str, part: range) -> pa.RecordBatch:
    import pyarrow as pa

    from tenure.parsing import arrow_type, parse_batch
    from tenure.parsing.parse import default_of
    from tenure.parsing.rules import check_presence

    place = slice(part.start, part.stop)
    sent = {name: column for name, column in columns.items() if name in rows.columns}
    raw = pa.RecordBatch.from_pydict({name: _array(rows.columns[name][place], column) for name, column in sent.items()})
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
    for name, column in sent.items():
        check_presence(name, column, values[name], faults)
    if faults.bad.any():
        fault = faults.rejected(raw, pa.array(range(len(part)), pa.int64()))[0]
        raise RequestError(f"{rows.place_of(part.start + fault.row)}: {fault.reason}")
    return pa.RecordBatch.from_pydict(values)


def _array(values: Sequence[Any] | np.ndarray, column: Column) -> pa.Array:
    """Values as Arrow's; those of several types as text, which is parsed as a CSV's is."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError):
        return pa.array([value if value is None else _text(value, column) for value in values], pa.string())


def _text(value: Any, column: Column) -> str:
    """A value as the column's format writes it: beside texts, the number 1.234 must not be read as ``1.234`` is."""
    if isinstance(value, float) and column.number_format is not None:
        return written(value, column.number_format)
    if isinstance(value, bool) and column.type == "boolean" and column.values:
        return str(column.values[value])
    return str(value)
