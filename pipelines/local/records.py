"""Customers as records: from the command line, a file or standard input."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tenure.errors import DataError, InputError

BATCH_ROWS = 2_000

Record = dict[str, Any]
"""One customer: raw column to value; None if missing."""


def read_records(arguments: Sequence[str]) -> Iterator[Record]:
    """The customers that the command line names.

    Args:
        arguments: ``column=value`` pairs of one customer; or the path of a table in a file; or ``-`` for CSV or JSON on
            standard input.

    Raises:
        InputError: the arguments are neither pairs nor one file.
        DataError: the file cannot be read, or a row is invalid.
    """
    pairs = [argument.partition("=") for argument in arguments]
    if all(name and equals for name, equals, _ in pairs):
        yield {name: value if value != "" else None for name, _, value in pairs}
        return
    if len(arguments) != 1:
        raise InputError("give column=value pairs, or one file, or '-' for standard input")
    if arguments[0] == "-":
        yield from _standard_input()
    else:
        yield from _file_rows(Path(arguments[0]), arguments[0])


def batches(records: Iterator[Record], rows: int = BATCH_ROWS) -> Iterator[list[Record]]:
    """The records in lists of at most ``rows``."""
    while batch := list(islice(records, rows)):
        yield batch


def _standard_input() -> Iterator[Record]:
    with tempfile.TemporaryDirectory(prefix="tenure-predict-") as folder:
        file = Path(folder) / "standard-input"
        file.write_bytes(sys.stdin.buffer.read())
        yield from _file_rows(file, "standard input")


def _file_rows(file: Path, shown: str) -> Iterator[Record]:
    """Rows of a table, as they stand in the file; blank texts are missing values."""
    import pyarrow as pa

    from tenure.contract.settings import Source
    from tenure.sources.address import Address
    from tenure.sources.factory import open_address
    from tenure.sources.sniff import sniff_address

    if not file.exists():
        raise InputError(f"{shown} is neither a file nor column=value")
    address = Address(str(file.absolute()), shown)
    source = open_address(address, sniff_address(address, Source(uri=address.uri)).source)
    for batch in source.batches():
        for rejected in batch.rejected:
            raise DataError(f"{shown}, row {rejected.row}: {rejected.reason}")
        columns = {}
        for name, column in zip(batch.columns.schema.names, batch.columns.columns, strict=True):
            try:
                values = column.cast(pa.string()).to_pylist() if pa.types.is_binary(column.type) else column.to_pylist()
            except pa.ArrowInvalid as error:
                raise DataError(f"{shown}: column '{name}' is not text in UTF-8") from error
            columns[name] = [None if isinstance(value, str) and not value.strip() else value for value in values]
        yield from (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
