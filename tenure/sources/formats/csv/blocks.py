"""Reads a CSV by blocks of whole records."""

from __future__ import annotations

from collections.abc import Iterator

from tenure.errors import DataError
from tenure.sources.formats.csv.header import Header
from tenure.sources.formats.csv.quotes import QuoteCheck
from tenure.sources.formats.csv.quoting import Reads
from tenure.sources.formats.csv.records import LINE_END, Unclosed
from tenure.sources.formats.csv.rows import Parsed, RowParser, Rows
from tenure.sources.text import count_lines


class BlockReader:
    """Yields the rows of a CSV block by block; holds one block.

    A block is parsed up to its last line end together with a row of blanks. If there are as many rows as lines, then no
    quoted field holds a line end, and the block ended where a record does. Else its quotes are checked, which takes
    several times as long as parsing.
    """

    def __init__(self, text: Reads, header: Header, parser: RowParser, check: QuoteCheck, block_bytes: int) -> None:
        self._text = text
        self._parser = parser
        self._check = check
        self._block_bytes = block_bytes
        self._line = 1 + count_lines(text.read(header.size))
        delimiter = check.lexer.delimiter
        self._blank_row = delimiter * (header.width - 1) + b"\n" if header.width > 1 else b'""\n'

    def __iter__(self) -> Iterator[Rows]:
        block = b""
        while True:
            more = self._text.read(max(self._block_bytes - len(block), 1))
            while more.endswith(b"\r") and (next_byte := self._text.read(1)):
                more += next_byte  # CR LF is one line end
            final = not more
            block += more
            parsed, end = self._whole_records(block, final)
            if parsed is not None:
                yield self._parser.take(parsed)
                self._line += count_lines(block[:end])
                block = block[end:]
            elif len(block) >= self._block_bytes:
                raise DataError(self._too_long(block))
            if final:
                return

    def _whole_records(self, block: bytes, final: bool) -> tuple[Parsed | None, int]:
        """The parsed records of ``block`` that are whole, and where they end; None and 0 if there is none.

        Raises:
            DataError: as ``QuoteCheck.last_end``.
        """
        end = len(block) if final else 1 + max(block.rfind(b"\n"), block.rfind(b"\r"))
        if not end:
            return None, 0
        text = block[:end]
        if b'"' not in text:
            return self._parser.parse(text), end
        if final and not text.endswith((b"\n", b"\r")):
            text += b"\n"
        parsed = self._parser.parse(text + self._blank_row)
        if len(parsed) != count_lines(text) + 1:
            checked = self._check.last_end(block, self._line, final)
            if not checked:
                return None, 0
            parsed = self._parser.parse(block[:checked]) if checked != end else parsed.without_last()
            for _, _, row in parsed.invalid:
                if LINE_END.search(row.rstrip("\r\n").encode()):
                    self._check.check_rejected(block, self._line, row)
            return parsed, checked
        return parsed.without_last(), end

    def _too_long(self, block: bytes) -> str:
        size = f"{self._block_bytes >> 20} MiB" if self._block_bytes >> 20 else f"{self._block_bytes:,} bytes"
        lexer = self._check.lexer
        record = lexer.record(block, 0, final=False)
        if isinstance(record, Unclosed):
            quote: int | None = record.quote
        else:
            quote = next((opening for opening, _ in lexer.quoted_lines(block, 0, len(block))), None)
        if quote is None:
            where = self._check.where(block, self._line, 0)
            return f"{where}: the row that begins here is longer than {size}: is the delimiter right?"
        where = self._check.where(block, self._line, quote)
        return f"{where} opens a quote that is not closed within {size}: close it, or remove it"
