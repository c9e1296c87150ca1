"""The prediction log: what was asked and what was answered, row by row, as Parquet files in one folder.

The one place that says what a file of it looks like. The server writes it, monitoring and shadow replays read it.

    request_id  string                  the request's X-Request-ID; rows of one request share it
    row         int32                   which row of the request, from 0
    time        timestamp[us, UTC]      when it was answered
    model       string                  name that was asked for
    version     string                  version of the bundle that answered
    score       double                  calibrated probability, or predicted value; null where the fallback had none
    fallback    bool                    answered by the fallback
    decision    bool                    whether to contact the customer
    customer    string                  the key, under a secret (HMAC); null if it was not sent or there is no secret
    inputs      struct<column: type …>  the raw columns as the contract names them; null for a missing value

Files are ordered by name: a later file holds later rows (the writer starts names with the UTC time).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from tenure.errors import DataError, SourceError

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
    ]
)
"""Every column but ``inputs``, whose type depends on the contract."""
_ADDED_LATER = ("decision", "customer")
"""Columns that a log of an older server lacks."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Logged:
    """One answered row. ``score`` is None where the fallback had none."""

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


def schema(inputs: pa.Schema) -> pa.Schema:
    """Of a file whose requests carry the columns ``inputs``."""
    return FIXED.append(pa.field("inputs", pa.struct(list(inputs)), nullable=False))


def newest(location: str, rows: int, model: str | None = None, version: str | None = None) -> list[Logged]:
    """The last rows of a log, the newest file first.

    Args:
        location: folder, or a URI that pyarrow.fs knows (s3://bucket/log, with ?endpoint_override= where needed).
        rows: at most so many.
        model: only rows that were asked of this name.
        version: only rows that this version answered.

    Raises:
        DataError: if there is no Parquet file, or one that is no prediction log.
        SourceError: if the location cannot be reached.
    """
    try:
        system, path = open_location(location)
        found = system.get_file_info(pyarrow.fs.FileSelector(path, recursive=True))
        files = sorted((item.path for item in found if item.path.endswith(".parquet")), reverse=True)
        if not files:
            raise DataError(f"no Parquet file under {location}")
        wanted: list[Logged] = []
        for file in files:
            for logged in _rows(system, file):
                if model in (None, logged.model) and version in (None, logged.version):
                    wanted.append(logged)
                    if len(wanted) == rows:
                        return wanted
    except FileNotFoundError as error:
        raise DataError(f"no prediction log at {location}") from error
    except OSError as error:
        raise SourceError(f"prediction log at {location}: {' '.join(str(error).split())[:300]}") from error
    else:
        return wanted


def open_location(location: str) -> tuple[pyarrow.fs.FileSystem, str]:
    """The file system of a log, and its folder there.

    Raises:
        DataError: it is no location.
        OSError: the system that holds it cannot be reached.
    """
    if "://" not in location:
        return pyarrow.fs.LocalFileSystem(), location
    try:
        return pyarrow.fs.FileSystem.from_uri(location)
    except pa.ArrowInvalid as error:
        raise DataError(f"prediction log: {location} is no location: {' '.join(str(error).split())[:200]}") from error


def _rows(system: pyarrow.fs.FileSystem, file: str) -> Iterator[Logged]:
    """A file's rows, the last first."""
    try:
        with system.open_input_file(file) as source:
            table = pq.read_table(source)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(f"{file} is no Parquet file: {' '.join(str(error).split())[:200]}") from error
    for field in (*FIXED, pa.field("inputs", pa.null())):
        if field.name not in table.column_names and field.name not in _ADDED_LATER:
            raise DataError(f"{file} is no prediction log: it has no column {field.name!r}")
    if not pa.types.is_struct(table.schema.field("inputs").type):
        raise DataError(f"{file} is no prediction log: 'inputs' is {table.schema.field('inputs').type}, not a struct")
    names = [name for name in (*FIXED.names, "inputs") if name in table.column_names]
    for values in reversed(table.select(names).to_pylist()):
        yield Logged(**values)
