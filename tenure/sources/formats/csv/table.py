"""A CSV, read by blocks. Every column is read as bytes; the contract defines how they are parsed."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv

from tenure.contract import settings
from tenure.errors import DataError
from tenure.sources.address import Address
from tenure.sources.files import FileReader, open_text, read_head, reading
from tenure.sources.formats.csv.header import is_utf8, read_header
from tenure.sources.protocol import Batch, RejectedRow, cut
from tenure.sources.watchdog import watched

BLOCK_BYTES = 8 << 20
"""Also the size of the largest row that can be read."""


class CsvTable:
    """A CSV file as in RFC 4180: inside quotes, quotes are doubled and line ends allowed. Blank lines are skipped."""

    def __init__(self, address: Address, source: settings.Source, block_bytes: int = BLOCK_BYTES) -> None:
        self._address = address
        self._settings = source
        self._block_bytes = block_bytes
        self._header: list[str] | None = None

    @property
    def shown(self) -> str:
        return self._address.shown

    def columns(self) -> list[str]:
        if self._header is None:
            head = read_head(self._address, self._settings)
            self._header = read_header(head, self._address, self._settings)
        return [name.strip() for name in self._header]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        names = self.columns()
        header = dict(zip(names, self._header or [], strict=True))
        wanted = {name: header[name] for name in (names if columns is None else columns)}
        if self._address.scheme is None:
            return self._read(wanted)
        return watched(lambda: self._read(wanted), self._settings.timeout_s, self.shown)

    def close(self) -> None:
        """Does nothing: the file is open only while it is read."""

    def _read(self, wanted: dict[str, str]) -> Generator[Batch, None, None]:
        raw, text = open_text(self._address, self._settings)
        try:
            numbering = _Numbering()
            with reading(self._address):
                yield from self._blocks(raw, text, wanted, numbering)
        finally:
            raw.close()

    def _blocks(
        self, raw: FileReader, text: FileReader, wanted: dict[str, str], numbering: _Numbering
    ) -> Iterator[Batch]:
        schema = pa.schema([pa.field(name, pa.binary()) for name in wanted])
        last: pa.RecordBatch | None = None
        try:
            reader = self._open(text, wanted, numbering)
            for block in reader:
                if block.num_rows:
                    last = pa.RecordBatch.from_arrays(block.columns, schema=schema)
                    yield Batch(last, numbering.take(block.num_rows), numbering.rejected(), raw.share)
        except pa.ArrowInvalid as error:
            if "Empty CSV file" in str(error):
                # All rows after the header are rejected, or there are none.
                last = None
            elif "straddles" in str(error):
                raise DataError(
                    f"{self.shown}: a row after row {numbering.last:,} is longer than {self._block_bytes >> 20} MiB;"
                    " is a quote opened there and never closed?"
                ) from None
            else:
                raise
        if last is not None and text.quotes % 2 == 1 and _holds_line_end(last.slice(last.num_rows - 1)):
            raise DataError(
                f"{self.shown}: row {numbering.last:,} opens a quote that is never closed, and contains the rest"
            )
        left = numbering.rejected()
        if left:
            empty = pa.RecordBatch.from_arrays([pa.array([], pa.binary()) for _ in wanted], schema=schema)
            yield Batch(empty, pa.array([], pa.int64()), left, raw.share)

    def _open(self, text: FileReader, wanted: dict[str, str], numbering: _Numbering) -> pyarrow.csv.CSVStreamingReader:
        encoding = self._settings.encoding
        return pyarrow.csv.open_csv(
            text,
            # With threads, rejected rows have no row number.
            pyarrow.csv.ReadOptions(
                use_threads=False, block_size=self._block_bytes, encoding="utf8" if is_utf8(encoding) else encoding
            ),
            pyarrow.csv.ParseOptions(
                delimiter=self._settings.delimiter, newlines_in_values=True, invalid_row_handler=numbering.reject
            ),
            pyarrow.csv.ConvertOptions(
                column_types={name: pa.binary() for name in wanted.values()},
                include_columns=list(wanted.values()),
                strings_can_be_null=False,
            ),
        )


class _Numbering:
    """Numbers the rows of a file; rows with a wrong number of fields are rejected by the reader and never arrive."""

    def __init__(self) -> None:
        self.last = 0
        self._skipped: list[int] = []
        self._rejected: list[RejectedRow] = []

    def reject(self, row: pyarrow.csv.InvalidRow) -> str:
        number = row.number - 1  # the header is the reader's row 1
        kind = "wrong number of fields"
        fields = "1 field" if row.actual_columns == 1 else f"{row.actual_columns:,} fields"
        reason = f"{fields} where the header has {row.expected_columns:,}"
        self._skipped.append(number)
        self._rejected.append(RejectedRow(number, kind, reason, cut(row.text)))
        return "skip"

    def take(self, count: int) -> pa.Array:
        """Row numbers of the next ``count`` rows that arrive; int64."""
        skipped = np.array(self._skipped, dtype=np.int64)
        numbers = np.arange(self.last + 1, self.last + 1 + count + len(skipped), dtype=np.int64)
        numbers = numbers[~np.isin(numbers, skipped)][:count]
        self.last = int(numbers[-1])
        self._skipped = [number for number in self._skipped if number > self.last]
        return pa.array(numbers)

    def rejected(self) -> tuple[RejectedRow, ...]:
        found, self._rejected = tuple(self._rejected), []
        return found


def _holds_line_end(row: pa.RecordBatch) -> bool:
    return any(b"\n" in (value or b"") for column in row.columns for value in column.to_pylist())
