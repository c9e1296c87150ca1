"""Parses blocks of a CSV into record batches; numbers the rows, and rejects those with a wrong number of fields."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from tenure.sources.formats.csv.header import Header
from tenure.sources.formats.csv.records import Lexer, Record
from tenure.sources.protocol import RejectedRow, cut


@dataclass(frozen=True)
class Rows:
    """The rows of a block."""

    columns: pa.RecordBatch
    """The requested columns, as bytes."""
    numbers: np.ndarray
    """Number of each row from 1; int64, shape (rows,)."""
    rejected: list[RejectedRow]

    def __len__(self) -> int:
        """Rows, rejected or not."""
        return len(self.numbers) + len(self.rejected)

    def until(self, last: int) -> Rows:
        """The rows with numbers up to ``last``."""
        kept = self.numbers <= last
        rejected = [row for row in self.rejected if row.row <= last]
        return Rows(self.columns.filter(pa.array(kept)), self.numbers[kept], rejected)


@dataclass(frozen=True)
class Parsed:
    """A block, divided into fields."""

    table: pa.Table
    invalid: list[tuple[int, int, str]]
    """Rows with another number of fields than most: number in the block from 1, number of fields, text."""

    def __len__(self) -> int:
        """Rows, of any number of fields."""
        return self.table.num_rows + len(self.invalid)

    def without_last(self) -> Parsed:
        """Without the last row, which has the usual number of fields."""
        return Parsed(self.table.slice(0, self.table.num_rows - 1), self.invalid)


class RowParser:
    """Parses blocks of whole records, one after the other.

    A row may have more fields than the header if they are blank: delimiters at the end of a line mean nothing.
    """

    def __init__(self, header: Header, delimiter: str, columns: Sequence[str]) -> None:
        """
        Args:
            header: of the file.
            delimiter: an ASCII character.
            columns: names of the columns to read.
        """
        self._fields = len(header.fields)
        self._width = header.width
        self._mark = delimiter
        self._lexer = Lexer(delimiter)
        self._places = [header.names.index(name) for name in columns]
        self._extra = range(self._fields, self._width)
        self._schema = pa.schema([pa.field(name, pa.binary()) for name in columns])
        self._parse = pyarrow.csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=self._reject
        )
        # By position: the file's own names may be repeated. Without one, Arrow reads all columns.
        self._convert = pyarrow.csv.ConvertOptions(
            column_types={str(place): pa.binary() for place in range(self._width)},
            include_columns=[str(place) for place in (*self._places, *self._extra)] or ["0"],
            strings_can_be_null=False,
        )
        self._invalid: list[tuple[int, int, str]] = []
        self._above = 0

    def parse(self, block: bytes) -> Parsed:
        """Divide a block of whole records into fields."""
        self._invalid = []
        options = pyarrow.csv.ReadOptions(
            # With threads, rejected rows have no number.
            use_threads=False,
            column_names=[str(place) for place in range(self._width)],
            block_size=len(block) + 1,
        )
        table = pyarrow.csv.read_csv(pa.py_buffer(block), options, self._parse, self._convert)
        return Parsed(table, self._invalid)

    def take(self, parsed: Parsed) -> Rows:
        """The rows of the next block, numbered."""
        table, invalid = parsed.table, parsed.invalid
        numbers = self._above + np.delete(
            np.arange(1, 1 + len(parsed), dtype=np.int64), [row - 1 for row, _, _ in invalid]
        )
        columns = [_flat(table.column(place)) for place in range(len(self._places))]
        batch = pa.RecordBatch.from_arrays(columns, schema=self._schema)
        rejected: list[RejectedRow] = []
        if self._extra:
            valued = self._valued(table)
            rejected += [self._rejected(int(numbers[place]), self._width, text) for place, text in valued.items()]
            kept = np.ones(table.num_rows, dtype=bool)
            kept[list(valued)] = False
            batch, numbers = batch.filter(pa.array(kept)), numbers[kept]
        for row, fields, text in invalid:
            values = self._values(fields, text)
            if values is None:
                rejected.append(self._rejected(self._above + row, fields, text))
            else:
                batch = pa.concat_batches([batch, self._one_row(values)])
                numbers = np.append(numbers, self._above + row)
        self._above += len(parsed)
        order = np.argsort(numbers, kind="stable")
        if (np.diff(order) < 0).any():
            batch, numbers = batch.take(pa.array(order)), numbers[order]
        return Rows(batch, numbers, sorted(rejected, key=lambda each: each.row))

    def _reject(self, row: pyarrow.csv.InvalidRow) -> str:
        self._invalid.append((row.number, row.actual_columns, row.text))
        return "skip"

    def _values(self, fields: int, text: str) -> list[bytes] | None:
        """The values of a row whose fields after the header's last are blank; None for another row."""
        if fields < self._fields or (fields > self._fields and text.rstrip(' \t\r\n"' + self._mark) == text):
            return None
        record = self._lexer.record(text.encode(), 0, final=True)
        if not isinstance(record, Record) or any(value.strip() for value in record.fields[self._fields :]):
            return None
        return record.fields

    def _one_row(self, values: list[bytes]) -> pa.RecordBatch:
        arrays = [pa.array([values[place]], pa.binary()) for place in self._places]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _valued(self, table: pa.Table) -> dict[int, str]:
        """The rows with a value after the header's last field: position in the block to the row's text."""
        extra = [table.column(str(place)) for place in self._extra]
        found: set[int] = set()
        for column in extra:
            lengths = pc.binary_length(column).to_numpy()
            found.update(place for place in np.flatnonzero(lengths).tolist() if column[place].as_py().strip())
        shown = {place: [column[place].as_py() for column in table.columns] for place in sorted(found)}
        return {place: self._mark.join(v.decode("utf-8", "replace") for v in values) for place, values in shown.items()}

    def _rejected(self, row: int, fields: int, text: str) -> RejectedRow:
        count = "1 field" if fields == 1 else f"{fields:,} fields"
        return RejectedRow(row, "wrong number of fields", f"{count} where the header has {self._fields:,}", cut(text))


def without_last(blocks: Iterable[Rows], count: int) -> Iterator[Rows]:
    """The rows of ``blocks`` without the last ``count``, rejected ones included; holds the blocks that they are in."""
    held: deque[Rows] = deque()
    total = waiting = 0
    for rows in blocks:
        held.append(rows)
        total += len(rows)
        waiting += len(rows)
        while waiting - len(held[0]) >= count:
            first = held.popleft()
            waiting -= len(first)
            yield first
    for rows in held:
        yield rows.until(total - count)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], pa.binary())])
