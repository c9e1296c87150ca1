"""The first lines of a CSV: where its rows begin, the names of its columns, and errors of files that are not CSV."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError
from tenure.sources.address import Address
from tenure.sources.formats.csv.dialect import DELIMITERS, fields_of_line, likely_delimiter
from tenure.sources.formats.csv.records import LINE_END, Lexer, Record, Unclosed
from tenure.sources.magic import foreign
from tenure.sources.names import unique_names

SAMPLE_ROWS = 50
"""Rows that show whether every row ends with a delimiter."""

MIN_NAMED_ROWS = 5


@dataclass(frozen=True)
class Header:
    """What stands above the rows of a CSV."""

    fields: tuple[str, ...]
    """The names as they stand in the file, without empty ones at the end that no row has a value for."""
    width: int
    """Fields of a row; more than ``fields`` where rows end with delimiters."""
    size: int
    """Bytes above the first row, in UTF-8."""

    trailing: int = 0
    """Empty names at the end that are left out."""

    @property
    def names(self) -> list[str]:
        return unique_names(self.fields)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is unusual about the delimiters at the end of lines, for a person."""
        if self.trailing:
            return ("the header ends with a delimiter, and no row has a value after it",)
        if self.width > len(self.fields):
            return ("rows end with a delimiter, and have no value after it",)
        return ()


def read_header(head: bytes, whole: bool, address: Address, settings: Source) -> Header:
    """Find the column names and the first row.

    Args:
        head: the first bytes of the file, in UTF-8 and without a byte order mark.
        whole: whether that is all of the file.
        address: of the file, for messages.
        settings: delimiter, and the lines to skip.

    Raises:
        DataError: the file is empty, is not a CSV, has another delimiter, or no header.
        ContractError: the delimiter is not an ASCII character, or more lines are skipped than there are.
    """
    if not head:
        raise DataError(f"{address.shown} is empty")
    what = foreign(head)
    if what is not None:
        raise DataError(f"{address.shown} is {what}")
    if not settings.delimiter.isascii():
        raise ContractError(f"'source.delimiter' must be an ASCII character, not '{settings.delimiter}'")
    if b"\0" in LINE_END.split(head, 1)[0]:
        raise DataError(
            f"{address.shown} is not text in {settings.encoding}: it contains NUL bytes; see 'source.encoding'"
        )
    lexer = Lexer(settings.delimiter)
    start = _skip_lines(head, address, settings.skip_rows)
    first = _next_row(lexer, head, start, whole, address)
    fields = [] if first is None else [field.decode("utf-8", "replace") for field in first.fields]
    if first is None or not any(field.strip() for field in fields):
        raise DataError(f"{address.shown} has no header: its first line must name the columns")
    if len(fields) == 1:
        _require_one_column(head[start:].decode("utf-8", "replace"), address, settings)
    size = first.end
    for _ in range(settings.skip_rows_after_header):
        described = _next_row(lexer, head, size, whole, address)
        if described is None:
            break
        size = described.end
    rows = _sample(lexer, head, size, whole)
    if _has_row_names(fields, rows):
        fields = ["", *fields]
    names, width = _without_trailing(fields, rows)
    return Header(tuple(names), width, size, len(fields) - len(names))


def _skip_lines(head: bytes, address: Address, lines: int) -> int:
    start = 0
    for _ in range(lines):
        end = LINE_END.search(head, start)
        if end is None:
            raise ContractError(f"'source.skip_rows' is {lines:,}, and {address.shown} has no header after that line")
        start = end.end()
    return start


def _next_row(lexer: Lexer, head: bytes, start: int, whole: bool, address: Address) -> Record | None:
    """The first record from ``start`` that is not a blank line; None at the end of the file."""
    while start < len(head):
        found = lexer.record(head, start, whole)
        if found is None or isinstance(found, Unclosed):
            line = 1 + len(LINE_END.findall(head, 0, start))
            raise DataError(f"{address.shown}, line {line}: the header opens a quote that is never closed: remove it")
        if found.fields:
            return found
        start = found.end
    return None


def _sample(lexer: Lexer, head: bytes, start: int, whole: bool) -> list[list[bytes]]:
    rows: list[list[bytes]] = []
    while start < len(head) and len(rows) < SAMPLE_ROWS:
        found = lexer.record(head, start, whole)
        if found is None or isinstance(found, Unclosed):
            break
        rows += [found.fields] if found.fields else []
        start = found.end
    return rows


def _without_trailing(fields: list[str], rows: list[list[bytes]]) -> tuple[list[str], int]:
    """The names without empty ones at the end that no row has a value for, and the usual number of fields of a row."""
    named = len(fields)
    while named > 1 and not fields[named - 1].strip():
        named -= 1
    valued = max((_valued(row) for row in rows if len(row) <= len(fields)), default=len(fields))
    named = max(named, valued)
    widths = Counter(len(row) for row in rows if _valued(row) <= named <= len(row))
    width = max(widths, key=lambda each: (widths[each], each)) if widths else named
    return fields[:named], width


def _has_row_names(fields: list[str], rows: list[list[bytes]]) -> bool:
    """Whether every row begins with a name of its own, which the header has no field for, as R writes tables."""
    named = all(len(row) == len(fields) + 1 and row[-1].strip() for row in rows)
    return named and len(rows) >= MIN_NAMED_ROWS and len({row[0] for row in rows}) == len(rows)


def _valued(row: list[bytes]) -> int:
    """Number of the row's last field that is not blank."""
    return max((place for place, value in enumerate(row, 1) if value.strip()), default=0)


def _require_one_column(text: str, address: Address, settings: Source) -> None:
    """
    Raises:
        DataError: another delimiter divides the first line.
    """
    other = likely_delimiter(text)
    if other == settings.delimiter or len(fields_of_line(text.lstrip("\r\n").splitlines()[0], other)) < 2:
        return
    set_to = "\\t" if other == "\t" else other
    own = DELIMITERS.get(settings.delimiter, f"'{settings.delimiter}'")
    raise DataError(
        f"{address.shown} is delimited by {DELIMITERS[other]}, not by {own}: set 'source.delimiter: \"{set_to}\"'"
    )
