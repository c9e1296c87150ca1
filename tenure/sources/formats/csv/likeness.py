"""Whether a line looks like a record of its table, by the number and the look of its fields."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from tenure.sources.formats.csv.records import LINE_END, Lexer, Record
from tenure.sources.layout.cells import is_measured, is_missing, shape

SAMPLE_BYTES = 1 << 16
SAMPLE_LINES = 50
MIN_LINES = 3
"""Fewer lines say nothing about a column."""
MEASURED_SHARE = 0.9
SHAPED_SHARE = 0.7
"""Lines inside quoted fields are in the sample too."""
MIN_FIELDS_ALONE = 4
"""Without a column that tells, a line of so many fields is taken for a record by their number."""


class RecordLikeness:
    """Compares lines with the first lines of a table, quotes being characters like any other.

    A column tells if nearly all its values are numbers or dates, or most are of one shape with a digit in it, as
    identifiers are.
    """

    def __init__(self, head: bytes, lexer: Lexer, fields: int) -> None:
        """
        Args:
            head: the first lines under the header, UTF-8.
            lexer: of the file's delimiter.
            fields: number of fields of a record.
        """
        self._lexer = lexer
        self._delimiter = lexer.delimiter
        self._fields = fields
        self._head = head[:SAMPLE_BYTES]

    def __call__(self, line: bytes) -> bool:
        """Whether ``line``, without its line end, looks like a record: its quotes as characters, or as quotes."""
        found = line.split(self._delimiter)
        if len(found) > self._fields and b'"' in line:
            record = self._lexer.record(line, 0, final=True)
            found = record.fields if isinstance(record, Record) and record.end == len(line) else []
        if len(found) != self._fields:
            return False
        if not self._measured and not self._shapes:
            return self._fields >= MIN_FIELDS_ALONE
        cells = _cells(found)
        return all(is_measured(cells[place]) or is_missing(cells[place]) for place in self._measured) and all(
            shape(cells[place]) == expected for place, expected in self._shapes.items()
        )

    @cached_property
    def _columns(self) -> list[list[str]]:
        split = (line.split(self._delimiter) for line in LINE_END.split(self._head)[:-1])
        sample = [_cells(fields) for fields in split if len(fields) == self._fields][:SAMPLE_LINES]
        return [[row[place] for row in sample if not is_missing(row[place])] for place in range(self._fields)]

    @cached_property
    def _measured(self) -> list[int]:
        return [place for place, values in enumerate(self._columns) if _measured(values)]

    @cached_property
    def _shapes(self) -> dict[int, str]:
        others = ((place, values) for place, values in enumerate(self._columns) if place not in self._measured)
        return {place: found for place, values in others if (found := _shape(values)) is not None}


def _cells(fields: list[bytes]) -> list[str]:
    return [field.decode("utf-8", "replace").strip().strip('"') for field in fields]


def _measured(values: list[str]) -> bool:
    return len(values) >= MIN_LINES and sum(map(is_measured, values)) >= MEASURED_SHARE * len(values)


def _shape(values: list[str]) -> str | None:
    if len(values) < MIN_LINES:
        return None
    ((found, times),) = Counter(map(shape, values)).most_common(1)
    return found if times >= SHAPED_SHARE * len(values) and "9" in found else None
