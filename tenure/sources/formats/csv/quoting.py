"""CSV files that are quoted in other ways than RFC 4180: rewritten line by line before they are read."""

from __future__ import annotations

import re
from typing import Protocol

from tenure.contract.settings import Quoting
from tenure.sources.formats.csv.dialect import likely_delimiter, usual_rows

MIN_SHARE = 0.8
"""Share of the first lines with a field in single quotes, where that is how the file is quoted."""
MAX_LINE_BYTES = 8 << 20
"""A longer line is not rewritten: the reader names it as too long."""
BACKSLASH = re.compile(rb'\\(["\\])')
ESCAPED_QUOTE = re.compile(r'\\"(?![,;\t|\r\n]|$)')
SINGLE = re.compile(rb"(?<![^,;\t|\r\n])'((?:[^'\r\n]|'')*)'(?![^,;\t|\r\n])")
IN_SINGLE = re.compile(r"(?:^|[,;\t|])'(?:[^']|'')*'(?=[,;\t|]|$)")
IN_DOUBLE = re.compile(r'(?:^|[,;\t|])"')


class Reads(Protocol):
    """What reads a text: ``size`` bytes at a time, fewer only at its end."""

    def read(self, size: int) -> bytes: ...


class RequotedReader:
    """Reads a CSV with its quotes as in RFC 4180. Line ends stay where they are, so that lines keep their numbers."""

    def __init__(self, text: Reads, quoting: Quoting) -> None:
        self._text = text
        self._quoting = quoting
        self._rest = b""
        self._ready = b""

    def read(self, size: int) -> bytes:
        """As ``Utf8Reader.read``."""
        while len(self._ready) < size:
            more = self._text.read(size)
            self._rest += more
            whole = 1 + max(self._rest.rfind(b"\n"), self._rest.rfind(b"\r"))
            if not more or len(self._rest) - whole > MAX_LINE_BYTES:
                whole = len(self._rest)
            self._ready += requote(self._rest[:whole], self._quoting)
            self._rest = self._rest[whole:]
            if not more:
                break
        found, self._ready = self._ready[:size], self._ready[size:]
        return found


def requote(text: bytes, quoting: Quoting) -> bytes:
    """Whole lines of a CSV with their quotes as in RFC 4180."""
    if quoting == "backslash":
        return BACKSLASH.sub(lambda found: b'""' if found[1] == b'"' else b"\\", text)
    if quoting == "single":
        return SINGLE.sub(_in_double_quotes, text)
    return text


def find_quoting(head: str) -> Quoting:
    """How the first lines of a CSV are quoted.

    A backslash before a quote escapes it if more is in the field, and if at least as many rows have the usual number of
    fields that way. Single quotes are quotes if nearly every line has a field in them.
    """
    if ESCAPED_QUOTE.search(head) is not None:
        escaped = requote(head.encode(), "backslash").decode()
        if _usual(escaped) >= _usual(head):
            return "backslash"
    lines = [line for line in head.splitlines()[:200] if line.strip()]
    single = sum(IN_SINGLE.search(line) is not None for line in lines)
    is_single = lines and single >= MIN_SHARE * len(lines) and not any(map(IN_DOUBLE.search, lines))
    return "single" if is_single else "double"


def quoting_note(quoting: Quoting) -> tuple[str, ...]:
    """The evidence, for a person."""
    notes = {
        "backslash": ("quotes inside quoted fields have a backslash before them",),
        "single": ("fields are quoted by single quotes",),
    }
    return notes.get(quoting, ())


def _usual(text: str) -> int:
    return usual_rows(text, likely_delimiter(text))


def _in_double_quotes(found: re.Match[bytes]) -> bytes:
    return b'"' + found[1].replace(b"''", b"'").replace(b'"', b'""') + b'"'
