"""A JSON file, read twice: once for the names and types of its columns, once for its rows.

Arrow's own reader infers types from the first block and fails at a value of another type in a later one; it has no
place for integers beyond 64 bits and stops at the first damaged line. Python's keeps them all, in a fifth of the speed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property
from itertools import islice

import numpy as np
import pyarrow as pa

from tenure.errors import DataError
from tenure.sources.file_table import FileTable
from tenure.sources.files import FileReader, open_text, reading
from tenure.sources.formats.json.fields import Scalar, common_type, flat, to_array
from tenure.sources.formats.json.records import Record, read_records
from tenure.sources.names import unique_names
from tenure.sources.protocol import Batch, RejectedRow, cut
from tenure.sources.text import Utf8Reader
from tenure.sources.watchdog import watched

BATCH_ROWS = 16_384


class JsonTable(FileTable):
    """A file of JSON objects. A line that is not JSON, or a record that is not an object, is a rejected row."""

    def columns(self) -> list[str]:
        return list(self._columns)

    def kinds(self, records: int | None = None) -> dict[str, set[type]]:
        """Python types of the values of each column, in the order in which the columns first occur.

        Args:
            records: how many of the first records to look at; None for all.

        Raises:
            DataError, SourceError: as ``columns``.
        """

        def look() -> Generator[dict[str, set[type]], None, None]:
            found: dict[str, set[type]] = {}
            for number, (_, record) in enumerate(islice(self._records(), records), 1):
                if isinstance(record.value, dict):
                    for name, value in flat(record.value).items():
                        found.setdefault(name, set()).add(type(value))
                if number % BATCH_ROWS == 0:
                    yield found
            yield found

        remote = self._address.scheme is not None
        *_, last = watched(look, self._settings.timeout_s, self.shown) if remote else look()
        parents = {name[:end] for name in last for end, letter in enumerate(name) if letter == "."}
        kinds = {name: found - {type(None)} for name, found in last.items()}
        # A record without an object may hold a null in its place.
        return {name: found for name, found in kinds.items() if found or name not in parents}

    @cached_property
    def _columns(self) -> dict[str, tuple[str, pa.DataType]]:
        """Column to its name in the file and its type."""
        kinds = self.kinds()
        if not kinds:
            raise DataError(f"{self.shown} holds no JSON objects: it must be an array of objects, or an object a line")
        types = map(common_type, kinds.values())
        return dict(zip(unique_names(list(kinds)), zip(kinds, types, strict=True), strict=True))

    def _records(self) -> Iterator[tuple[FileReader, Record]]:
        raw, file = open_text(self._address, self._settings)
        try:
            with reading(self._address):
                text = Utf8Reader(file, self._address, self._settings.encoding)
                for record in read_records(text, self.shown):
                    yield raw, record
        finally:
            raw.close()

    def _read(self, wanted: list[str]) -> Generator[Batch, None, None]:
        columns = {name: self._columns[name] for name in wanted}
        records = enumerate(self._records(), 1)
        while batch := list(islice(records, BATCH_ROWS)):
            rows: list[int] = []
            values: list[dict[str, Scalar]] = []
            rejected: list[RejectedRow] = []
            for row, (_, record) in batch:
                if isinstance(record.value, dict):
                    rows.append(row)
                    values.append(flat(record.value))
                else:
                    rejected.append(_rejected(row, record))
            arrays = [to_array([each.get(own) for each in values], kind) for own, kind in columns.values()]
            schema = pa.schema({name: kind for name, (_, kind) in columns.items()})
            raw = batch[-1][1][0]
            numbers = pa.array(np.array(rows, dtype=np.int64))
            yield Batch(pa.RecordBatch.from_arrays(arrays, schema=schema), numbers, tuple(rejected), raw.share)


def _rejected(row: int, record: Record) -> RejectedRow:
    if record.error is None:
        return RejectedRow(row, "not a JSON object", f"line {record.line:,} is not an object", cut(str(record.value)))
    return RejectedRow(row, "not JSON", f"line {record.line:,} is not JSON: {record.error}", cut(record.text))
