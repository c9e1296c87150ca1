"""Records of a CSV, one at a time, by the rules of Arrow's parser."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class Record:
    """A record of a CSV; without fields if its line is blank."""

    fields: list[bytes]
    end: int
    """Position after the record's line end."""


@dataclass(frozen=True)
class Unclosed:
    """The text ends inside a quoted field."""

    quote: int
    """Position of the opening quote."""


class Lexer:
    """Splits text at delimiters and line ends.

    A quote opens a field only as the field's first character, and two quotes in a quoted field stand for one. What
    follows a closing quote belongs to the field as it stands.
    """

    def __init__(self, delimiter: str) -> None:
        """
        Args:
            delimiter: an ASCII character.
        """
        self.delimiter = delimiter.encode()
        mark = re.escape(self.delimiter)
        rest = b"[^" + mark + b"\r\n]*+"
        quoted = rb'"[^"]*+(?:""[^"]*+)*+"'
        unquoted = b'[^"' + mark + b"\r\n]" + rest
        field = b"(?:" + quoted + rest + b"|" + unquoted + b"|)"
        self._rest = re.compile(rest)
        self._quoted = re.compile(quoted)
        one_line = b'(?:"[^"\r\n]*+(?:""[^"\r\n]*+)*+"' + rest + b"|" + unquoted + b"|)"
        self._multiline = re.compile(b"(?:" + one_line + mark + b")*+(" + quoted + b")" + rest + mark + b"?")
        self._record = re.compile(field + b"(?:" + mark + field + b")*+(?:\r\n|\n|\r)")

    def end(self, text: bytes, start: int) -> int | None:
        """Position after the record that begins at ``start``; None if its line end is not in ``text``."""
        found = self._record.match(text, start)
        return None if found is None else found.end()

    def quoted_lines(self, text: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """The quoted fields of a record that hold line ends: positions of their opening and closing quotes."""
        found = []
        # Each match skips fields of one line; where there is none, the rest are such fields.
        while start < end and (match := self._multiline.match(text, start, end)) is not None:
            opening, after = match.span(1)
            if LINE_END.search(text, opening, after) is not None:
                found.append((opening, after - 1))
            start = match.end()
        return found

    def record(self, text: bytes, start: int, final: bool) -> Record | Unclosed | None:
        """The record that begins at ``start``, with its fields.

        Args:
            text: UTF-8.
            start: position in ``text``.
            final: whether the file ends where ``text`` does.

        Returns:
            None if the record's line end is not in ``text``.
        """
        fields: list[bytes] = []
        here = start
        while True:
            value = b""
            if text[here : here + 1] == b'"':
                found = self._quoted.match(text, here)
                if found is None or (found.end() == len(text) and not final):
                    return Unclosed(here)
                value, here = text[here + 1 : found.end() - 1].replace(b'""', b'"'), found.end()
            rest = self._rest.match(text, here)
            here = here if rest is None else rest.end()
            value += b"" if rest is None else rest[0]
            if here == len(text) and not final:
                return None
            fields.append(value)
            if text[here : here + 1] != self.delimiter:
                break
            here += 1
        end = LINE_END.match(text, here)
        blank = fields == [b""] and here == start
        return Record([] if blank else fields, here if end is None else end.end())
