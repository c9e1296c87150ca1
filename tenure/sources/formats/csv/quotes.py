"""Cuts a CSV into whole records, and finds a quote that is opened by mistake and swallows rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenure.errors import DataError
from tenure.sources.formats.csv.records import LINE_END, Lexer, Unclosed
from tenure.sources.text import count_lines

QUOTE = ord('"')
LINE_FEED, CARRIAGE_RETURN = 10, 13
SWALLOWED_SHARE = 0.5
"""A quoted field is a mistake if at least this share of the lines in it look like records, and so does the line that it
begins in, quotes being characters like any other."""
MANY_SWALLOWED = 10
"""So many lines like records are a mistake, whatever the field begins in."""


class QuoteCheck:
    """Finds where the records of a block end, and checks its quoted fields of several lines.

    Lines are classified by their quotes, all at once: a line is regular if its quotes open at the beginning of a field,
    close at the end of one, and are even in number. Only the records that begin in other lines are read one by one.
    """

    def __init__(self, lexer: Lexer, is_record: Callable[[bytes], bool], shown: str) -> None:
        """
        Args:
            lexer: of the file's delimiter.
            is_record: whether a line looks like a record of the table, quotes being characters like any other.
            shown: the address, for messages.
        """
        self.lexer = lexer
        self._is_record = is_record
        self._shown = shown
        (delimiter,) = lexer.delimiter
        self._beside_quotes = np.zeros(256, dtype=bool)
        self._beside_quotes[[delimiter, LINE_FEED, CARRIAGE_RETURN, QUOTE]] = True

    def last_end(self, block: bytes, line: int, final: bool) -> int:
        """Position after the last whole record of ``block``, which begins with a record; 0 if there is none.

        Args:
            block: UTF-8.
            line: number of its first line, for messages.
            final: whether the file ends with the block.

        Raises:
            DataError: a quote is never closed, or what it opens looks like rows; names the line of the quote.
        """
        starts, irregular = self._lines(block)
        done = 0
        for start in starts[irregular].tolist():
            if start < done:
                continue
            end = self.lexer.end(block, start)
            if end is None:
                record = self.lexer.record(block, start, final)
                if isinstance(record, Unclosed) and final:
                    where = self.where(block, line, record.quote)
                    raise DataError(f"{where} opens a quote that is never closed: close it, or remove it")
                if record is None or isinstance(record, Unclosed):
                    return int(start)
                end = record.end
            for opening, closing in self.lexer.quoted_lines(block, start, end):
                self._check(block, line, (start, end), (opening, closing))
            done = end
        return len(block) if final else max(done, int(starts[-1]))

    def check_rejected(self, block: bytes, line: int, text: str) -> None:
        """Check a row of several lines with a wrong number of fields.

        Args:
            block: as in ``last_end``.
            line: as in ``last_end``.
            text: the row.

        Raises:
            DataError: its first line alone looks like a record.
        """
        row = text.encode()
        if self._is_record(LINE_END.split(row, 1)[0]):
            where = self.where(block, line, block.find(row) + row.index(b'"'))
            raise DataError(f"{where} opens a quote that is not closed in its line: close it, or remove it")

    def where(self, block: bytes, line: int, position: int) -> str:
        """The file and the line of a position in the block, for a message."""
        return f"{self._shown}, line {line + count_lines(block[:position]):,}"

    def _lines(self, block: bytes) -> tuple[np.ndarray, np.ndarray]:
        """Where each physical line starts, and whether it is irregular; shape (lines,)."""
        text = np.frombuffer(block, dtype=np.uint8)
        ends = text == LINE_FEED
        if b"\r" in block:
            ends |= text == CARRIAGE_RETURN
        starts = np.concatenate([[0], np.flatnonzero(ends) + 1])
        quotes = np.flatnonzero(text == QUOTE)
        first = np.searchsorted(quotes, starts)
        counts = np.diff(first, append=len(quotes))
        number_in_line = np.arange(len(quotes)) - np.repeat(first, counts)
        before = text[quotes - 1]
        after = text[np.minimum(quotes + 1, len(text) - 1)]
        if quotes[0] == 0:
            before[0] = LINE_FEED
        if quotes[-1] == len(text) - 1:
            after[-1] = LINE_FEED
        regular = self._beside_quotes[np.where(number_in_line % 2 == 0, before, after)]
        irregular = counts % 2 == 1
        irregular[np.searchsorted(starts, quotes[~regular], side="right") - 1] = True
        return starts, irregular

    def _check(self, block: bytes, line: int, record: tuple[int, int], quotes: tuple[int, int]) -> None:
        """
        Args:
            block: as in ``last_end``.
            line: as in ``last_end``.
            record: where the record begins and ends.
            quotes: positions of the opening and the closing quote.

        Raises:
            DataError: a quoted field of several lines is one by mistake.
        """
        (begin, end), (opening, closing) = record, quotes
        after = block[closing + 1 : closing + 2]
        if after not in (b"", b"\n", b"\r", self.lexer.delimiter):
            other = line + count_lines(block[:closing])
            raise DataError(
                f"{self.where(block, line, opening)} opens a quote that is closed in the middle of a field, in"
                f" line {other:,}: remove it, close it, or double the quotes inside the field"
            )
        above = max(block.rfind(b"\n", begin, opening), block.rfind(b"\r", begin, opening))
        start = begin if above < 0 else above + 1
        first, *others = LINE_END.split(block[start:end])[: 1 + count_lines(block[start:closing])]
        lines = [each for each in others if each.strip()]
        swallowed = sum(map(self._is_record, lines))
        if swallowed < SWALLOWED_SHARE * max(len(lines), 1):
            return
        if swallowed >= MANY_SWALLOWED or self._is_record(first):
            rows = "a row that follows" if swallowed == 1 else f"{swallowed:,} rows that follow"
            raise DataError(
                f"{self.where(block, line, opening)} opens a quote that is not closed before {rows}: close it, or"
                " remove it"
            )
