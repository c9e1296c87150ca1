"""The delimiter of a CSV, and the rows that it divides the first lines into."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice

from tenure.sources.layout.rows import Row, usual_width

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
SAMPLE_ROWS = 200
"""Rows that the delimiter is found from."""
TAIL_STARTS = 30
"""Lines of a file's end that are tried as the beginning of a row: others may lie in a quoted field."""
TAIL_SHARE = 0.8
"""Share of a file's last rows with the usual number of fields, without which they are not judged."""


def likely_delimiter(text: str, delimiters: Sequence[str] = tuple(DELIMITERS)) -> str:
    """The delimiter that gives the most of the first lines the same number of fields, more than one.

    Of equal ones, that which gives the first line this number too; then that which gives the most fields.
    """

    def fits(delimiter: str) -> tuple[int, int, int]:
        rows = first_rows(text, delimiter)
        return _fitting(rows), -abs(len(rows[0].cells) - usual_width(rows)) if rows else 0, usual_width(rows)

    return max(delimiters, key=fits)


def first_rows(text: str, delimiter: str, count: int = SAMPLE_ROWS) -> list[Row]:
    """The first rows, without blank lines; in a text with a quote that is never closed, its lines one by one."""
    by_records = _records(text, delimiter, count)
    by_lines = _lines(text, delimiter, count)
    return by_records if _fitting(by_records) >= _fitting(by_lines) else by_lines


def last_rows(text: str, delimiter: str) -> list[Row]:
    """The rows of a file's end, which may begin inside a row; none if they cannot be told apart."""
    starts = [0] if '"' not in text else [found.end() for found in islice(re.finditer(r"\n", text), TAIL_STARTS)]
    parsed = [_records(text[start:], delimiter, len(text)) for start in starts]
    rows = max(parsed, key=_fitting, default=[])
    return rows if _fitting(rows) >= TAIL_SHARE * len(rows) else []


def fields_of_line(line: str, delimiter: str) -> list[str]:
    """The fields of one line, whose last quoted field may lack its closing quote."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def usual_rows(text: str, delimiter: str) -> int:
    """How many of the first rows have the usual number of fields; 0 if that is one."""
    return _fitting(_records(text, delimiter, SAMPLE_ROWS))


def _fitting(rows: Sequence[Row]) -> int:
    """Rows with the usual number of fields; 0 if that is one."""
    width = usual_width(rows)
    return sum(len(row.cells) == width for row in rows) if width > 1 else 0


def _records(text: str, delimiter: str, count: int) -> list[Row]:
    found: list[Row] = []
    # Universal line ends: the csv module takes a lone CR for one inside a quoted field only.
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    above = 0
    try:
        for cells in reader:
            if cells:
                found.append(Row(above, cells))
            above = reader.line_num
            if len(found) == count:
                break
    except csv.Error:
        pass
    return found


def _lines(text: str, delimiter: str, count: int) -> list[Row]:
    found = []
    for above, line in enumerate(io.StringIO(text, newline=None)):
        if line.strip("\n"):
            found.append(Row(above, fields_of_line(line.rstrip("\n"), delimiter)))
        if len(found) == count:
            break
    return found
