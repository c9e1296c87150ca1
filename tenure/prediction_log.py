"""The prediction log: requests and answers, row by row, as Parquet files in one folder.

This module defines the files. The server writes them; monitoring and shadow replays read them.

    request_id  string                  the request's X-Request-ID; rows of one request share it
    row         int32                   which row of the request, from 0
    time        timestamp[us, UTC]      when it was answered
    model       string                  name of the model in the request
    version     string                  version of the bundle that answered
    score       double                  calibrated probability or predicted value; null if the fallback had none
    fallback    bool                    answered by the fallback
    decision    bool                    whether to contact the customer
    customer    string                  pseudonym of the key; null if it was not sent or there is no secret
    output      string                  the answer's output that is the score: probability or value
    inputs      struct<column: type …>  the raw columns as the contract names them, and _today (ISO 8601) if a feature
                                        depends on the day; null for a missing value

Files are ordered by name: a later file holds later rows (the writer starts names with the UTC time).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs
import pyarrow.parquet as pq

from tenure.errors import DataError, SourceError, one_line

FIXED = pa.schema(
    [
        pa.field("request_id", pa.string(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("version", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("fallback", pa.bool_(), nullable=False),
        pa.field("decision", pa.bool_()),
        pa.field("customer", pa.string()),
        pa.field("output", pa.string()),
    ]
)
"""Every column but ``inputs``, whose type depends on the contract."""
_WRITTEN = re.compile(r"\d{8}T\d{6}")
"""Start of a file's name: the UTC time at which it was written."""
_ADDED_LATER = ("decision", "customer", "output")
"""Columns that the logs of older servers do not have."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Logged:
    """One answered row. ``score`` is None if the fallback had none."""

    request_id: str
    row: int
    time: datetime
    model: str
    version: str
    score: float | None
    fallback: bool
    inputs: Row
    decision: bool | None = None
    customer: str | None = None
    output: str | None = None


def schema(inputs: pa.Schema) -> pa.Schema:
    """The schema of a file whose requests have the columns ``inputs``."""
    return FIXED.append(pa.field("inputs", pa.struct(list(inputs)), nullable=False))


def newest(location: str, rows: int, model: str | None = None) -> list[Logged]:
    """The last rows of a log, the newest file first.

    Args:
        location: a folder, or a URI of pyarrow.fs (s3://bucket/log, with ?endpoint_override= where needed).
        rows: the maximum number of rows.
        model: only rows of requests to this model; None for all.

    Raises:
        DataError: there is no Parquet file, or one is not a prediction log.
        SourceError: the location cannot be reached.
    """
    wanted: list[Logged] = []
    for table in _tables(location):
        for values in reversed(table.to_pylist()):
            logged = Logged(**values)
            if model in (None, logged.model):
                wanted.append(logged)
                if len(wanted) == rows:
                    return wanted
    return wanted


def answered(location: str, version: str, rows: int, since: datetime) -> pa.Table:
    """The last rows that a version of a bundle answered: all columns, the newest file first.

    Args:
        location: as for ``newest``.
        version: of the bundle.
        rows: the maximum number of rows.
        since: with a time zone; files that were written before are not read.

    Raises:
        DataError, SourceError: as ``newest``.
    """
    found: list[pa.Table] = []
    left = rows
    for table in _tables(location, since):
        own = table.filter(pc.equal(table["version"], version))
        if own.num_rows:
            found.append(own.slice(max(own.num_rows - left, 0)))
            left -= found[-1].num_rows
        if not left:
            break
    # All rows of a version have one contract, so one schema; the logs of older servers have fewer columns.
    return pa.concat_tables(found, promote_options="default") if found else schema(pa.schema([])).empty_table()


def open_location(location: str) -> tuple[pyarrow.fs.FileSystem, str]:
    """The file system of a log, and its folder there.

    Raises:
        DataError: the location is invalid.
        OSError: the file system cannot be reached.
    """
    if "://" not in location:
        return pyarrow.fs.LocalFileSystem(), location
    try:
        return pyarrow.fs.FileSystem.from_uri(location)
    except pa.ArrowInvalid as error:
        raise DataError(f"prediction log: {location} is not a valid location: {one_line(error, 200)}") from error


def _tables(location: str, since: datetime | None = None) -> Iterator[pa.Table]:
    """The files of a log, the newest first; errors as for ``newest``."""
    try:
        system, path = open_location(location)
        found = system.get_file_info(pyarrow.fs.FileSelector(path, recursive=True))
        files = [item.path for item in found if item.path.endswith(".parquet")]
        if not files:
            raise DataError(f"no Parquet file under {location}")
        for file in sorted(files, reverse=True):
            if since is None or not _is_before(file.rpartition("/")[2], since):
                yield _table(system, file)
    except FileNotFoundError as error:
        raise DataError(f"no prediction log at {location}") from error
    except OSError as error:
        raise SourceError(f"prediction log at {location}: {one_line(error, 300)}") from error


def _is_before(name: str, since: datetime) -> bool:
    """Whether a file was written before ``since``, by its name."""
    written = _WRITTEN.match(name)
    return written is not None and written[0] < f"{since.astimezone(UTC):%Y%m%dT%H%M%S}"


def _table(system: pyarrow.fs.FileSystem, file: str) -> pa.Table:
    try:
        with system.open_input_file(file) as source:
            table = pq.read_table(source)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(f"{file} is not a Parquet file: {one_line(error, 200)}") from error
    for field in (*FIXED, pa.field("inputs", pa.null())):
        if field.name not in table.column_names and field.name not in _ADDED_LATER:
            raise DataError(f"{file} is not a prediction log: it has no column {field.name!r}")
    if not pa.types.is_struct(table.schema.field("inputs").type):
        raise DataError(
            f"{file} is not a prediction log: 'inputs' is {table.schema.field('inputs').type}, not a struct"
        )
    names = [name for name in (*FIXED.names, "inputs") if name in table.column_names]
    return table.select(names)
