"""A CSV, read by blocks. Every column is read as bytes; the contract defines how they are parsed."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import cached_property

import pyarrow as pa

from tenure.contract import settings
from tenure.sources.address import Address
from tenure.sources.file_table import FileTable
from tenure.sources.files import HEAD_BYTES, FileReader, open_text, reading
from tenure.sources.formats.csv.blocks import BlockReader
from tenure.sources.formats.csv.header import Header, read_header
from tenure.sources.formats.csv.likeness import RecordLikeness
from tenure.sources.formats.csv.quotes import QuoteCheck
from tenure.sources.formats.csv.quoting import Reads, RequotedReader
from tenure.sources.formats.csv.records import Lexer
from tenure.sources.formats.csv.rows import RowParser, Rows, without_last
from tenure.sources.protocol import Batch
from tenure.sources.text import Utf8Reader

BLOCK_BYTES = 8 << 20
"""Also the size of the largest row that can be read."""


class CsvTable(FileTable):
    """A CSV file as in RFC 4180: inside quotes, quotes are doubled and line ends allowed. Blank lines are skipped."""

    def __init__(self, address: Address, source: settings.Source, block_bytes: int = BLOCK_BYTES) -> None:
        super().__init__(address, source)
        self._block_bytes = block_bytes

    def columns(self) -> list[str]:
        return self._header.names

    @cached_property
    def _head(self) -> bytes:
        """The beginning of the file in UTF-8."""

        def read() -> bytes:
            raw, file = open_text(self._address, self._settings)
            try:
                with reading(self._address):
                    return self._text(file).read(HEAD_BYTES)
            finally:
                raw.close()

        return self._once(read)

    @cached_property
    def _header(self) -> Header:
        return read_header(self._head, len(self._head) < HEAD_BYTES, self._address, self._settings)

    def _read(self, wanted: list[str]) -> Generator[Batch, None, None]:
        raw, file = open_text(self._address, self._settings)
        try:
            with reading(self._address):
                rows: Iterable[Rows] = self._blocks(self._text(file), wanted)
                if self._settings.skip_rows_at_end:
                    rows = without_last(rows, self._settings.skip_rows_at_end)
                for found in rows:
                    if len(found):
                        yield Batch(found.columns, pa.array(found.numbers), tuple(found.rejected), raw.share)
        finally:
            raw.close()

    def _text(self, file: FileReader) -> Reads:
        text = Utf8Reader(file, self._address, self._settings.encoding)
        return text if self._settings.quoting == "double" else RequotedReader(text, self._settings.quoting)

    def _blocks(self, text: Reads, wanted: list[str]) -> BlockReader:
        header = self._header
        lexer = Lexer(self._settings.delimiter)
        likeness = RecordLikeness(self._head[header.size :], lexer, header.width)
        parser = RowParser(header, self._settings.delimiter, wanted)
        check = QuoteCheck(lexer, likeness, self.shown)
        return BlockReader(text, header, parser, check, self._block_bytes)
