"""The records of a JSON file, one at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tenure.errors import DataError
from tenure.sources.formats.json.shapes import records_of
from tenure.sources.text import Utf8Reader

BLOCK_BYTES = 8 << 20
"""Also the size of the largest record that can be read."""
INT64 = range(-(2**63), 2**63)
ARRAY_IN_OBJECT = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[\s*(?=\{)')
BETWEEN = re.compile(r"[\s,]*")
LINE_END = re.compile(r"\r\n|\n|\r")
CUT_OFF = 16
"""An error so near the end of what was read may be due to what was not."""


class Digits(str):
    """An integer beyond int64, as it stands in the file."""

    __slots__ = ()


@dataclass(frozen=True)
class Record:
    """An element of the file."""

    line: int
    """The line that it begins in, from 1."""
    value: Any
    """None if it is not JSON."""
    error: str | None = None
    """Why it is not JSON."""
    text: str = ""
    """Its text, where it is not JSON."""


def _integer(digits: str) -> int | Digits:
    # Python limits the digits of an integer that it parses.
    if len(digits) < 19:
        return int(digits)
    return value if len(digits) < 21 and (value := int(digits)) in INT64 else Digits(digits)


DECODER = json.JSONDecoder(parse_int=_integer)


def read_records(text: Utf8Reader, shown: str) -> Iterator[Record]:
    """The records of a file: the elements of its array, its lines, or the objects that follow each other in it.

    Of a file with one object, the records in it: see ``records_of``. Where it is longer than a block, those of the
    array of objects that is its first value.

    Raises:
        DataError: the file is empty, an array is damaged, or a record is longer than ``BLOCK_BYTES``.
    """
    window = _Window(text, shown)
    window.fill()
    start = window.text.lstrip()
    if not start:
        raise DataError(f"{shown} is empty")
    if start.startswith("["):
        window.skip(window.text.index("[") + 1)
        return _elements(window)
    first, *others = [line for line in LINE_END.split(window.text) if line.strip()]
    is_lines = _parses(first) and (not others or others[0].lstrip().startswith("{"))
    if window.final and start.startswith("{") and (records := _of_one_object(start)) is not None:
        return iter([Record(window.line, value) for value in records])
    array = ARRAY_IN_OBJECT.match(window.text)
    if array is not None and not (is_lines and others):
        window.skip(array.end())
        return _elements(window)
    # A first line that is damaged is one row; records of several lines begin with a brace alone, or are not lines.
    damaged = first.strip() != "{" and bool(others) and _parses(others[0])
    return _lines(window) if is_lines or damaged or not start.startswith("{") else _elements(window)


class _Window:
    """The part of the file that is in memory."""

    def __init__(self, text: Utf8Reader, shown: str) -> None:
        self._source = text
        self.shown = shown
        self.text = ""
        self.line = 1
        self.final = False
        self._cut = b""

    def fill(self) -> None:
        """Read more.

        Raises:
            DataError: the window is full already.
        """
        if len(self.text) >= BLOCK_BYTES:
            raise DataError(
                f"{self.shown}, line {self.line:,}: the record that begins here is longer than {BLOCK_BYTES >> 20} MiB"
            )
        stored = self._source.read(BLOCK_BYTES)
        self.final = len(stored) < BLOCK_BYTES
        stored = self._cut + stored
        whole = len(stored) if self.final else _whole_characters(stored)
        self._cut = stored[whole:]
        self.text += stored[:whole].decode("utf-8", "replace")

    def skip(self, size: int) -> None:
        """Drop what was read; the line number goes on."""
        self.line += len(LINE_END.findall(self.text, 0, size))
        self.text = self.text[size:]


def _whole_characters(stored: bytes) -> int:
    """Size of ``stored`` without a character that is cut off at its end, and without a CR that an LF may follow."""
    size = len(stored)
    while size and len(stored) - size < 4 and (stored[size - 1] >= 0x80 or stored[size - 1] == 0x0D):
        size -= 1
    return size or len(stored)


def _lines(window: _Window) -> Iterator[Record]:
    while True:
        *lines, rest = LINE_END.split(window.text)
        for number, line in enumerate(lines, window.line):
            if line.strip():
                yield _record(number, line)
        window.line += len(lines)
        window.text = rest
        if window.final:
            if rest.strip():
                yield _record(window.line, rest)
            return
        window.fill()


def _record(number: int, line: str) -> Record:
    try:
        return Record(number, DECODER.decode(line))
    except (ValueError, RecursionError) as error:
        return Record(number, None, getattr(error, "msg", "too deep"), line)


def _elements(window: _Window) -> Iterator[Record]:
    """The values up to the array's bracket, or to the file's end."""
    here = counted = 0
    while True:
        found = BETWEEN.match(window.text, here)
        here = here if found is None else found.end()
        if window.text[here : here + 1] == "]" or (here == len(window.text) and window.final):
            return
        try:
            value, end = DECODER.raw_decode(window.text, here)
            cut = end == len(window.text)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "too deep")
            place = getattr(error, "pos", here)
            cut = reason.startswith("Unterminated string") or place >= len(window.text) - CUT_OFF
            if window.final or not cut:
                line = window.line + len(LINE_END.findall(window.text, counted, place))
                what = "the file ends inside a record" if cut else f"not JSON: {reason}"
                raise DataError(f"{window.shown}, line {line:,}: {what}") from None
        if cut and not window.final:
            window.skip(here)
            here = counted = 0
            window.fill()
            continue
        window.line += len(LINE_END.findall(window.text, counted, here))
        counted = here
        yield Record(window.line, value)
        here = end


def _of_one_object(text: str) -> list[dict[str, Any]] | None:
    """The records in the only object of a file; None if there are several, or it is damaged or a record."""
    try:
        whole, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return None if text[end:].strip() else records_of(whole)


def _parses(line: str) -> bool:
    try:
        return isinstance(DECODER.decode(line), dict)
    except (ValueError, RecursionError):
        return False
