"""Parses a large JSON document in pieces.

orjson holds the interpreter's lock while it parses, for about 3 ms a megabyte, and the event loop waits as long, on
whichever thread it runs. Between the pieces the lock can change hands.

The elements of one list, of which the document mostly consists, are parsed apart from the rest, in which a mark stands
for each piece. Where the list is cut is a guess, but a wrong one is noticed: JSON is read from left to right, so if the
text before a cut leads to an element of the list (the marks are found there) and each piece is a list of whole values,
then the document is what both together say. Otherwise it is parsed as a whole. An element is guessed to begin with the
key that the first one begins with, so that no cut is made between the objects inside an element.
"""

from __future__ import annotations

import random
import re
from typing import Any

import orjson

PIECE_BYTES = 64 * 1024
"""The least size of a piece. A tensor is not divided."""

_OPENING = re.compile(rb"\s*:\s*\[")
_FIRST_KEY = re.compile(rb"\s*(\{\s*\"[^\"\\]{1,100}\")")
_MARK = random.getrandbits(60)  # a client cannot know it


def loads(text: bytes, member: str) -> Any:
    """Parse a document whose objects in the list ``member`` take most of its bytes.

    Raises:
        orjson.JSONDecodeError: it is not JSON.
    """
    if len(text) < 2 * PIECE_BYTES:
        return orjson.loads(text)
    found = _in_pieces(text, member)
    return orjson.loads(text) if found is None else found


def _in_pieces(text: bytes, member: str) -> dict[str, Any] | None:
    name = b'"%b"' % member.encode()
    named = text.find(name)
    opening = _OPENING.match(text, named + len(name))
    if named < 0 or opening is None:
        return None
    first = _FIRST_KEY.match(text, opening.end())
    begins = b"\\{" if first is None else re.escape(first[1])
    separator = re.compile(b"}(\\s*,\\s*)(?=%b)" % begins)
    elements: list[Any] = []
    marks = 0
    start = opening.end()
    try:
        while (end := _cut(text, start, separator)) is not None:
            elements += orjson.loads(b"[%b]" % text[start : end[0]])
            start = end[1]
            marks += 1
        around = orjson.loads(b"%b%b%b" % (text[: opening.end()], b"%d," % _MARK * marks, text[start:]))
    except orjson.JSONDecodeError:
        return None
    if not isinstance(around, dict):
        return None
    rest = around.get(member)
    if not isinstance(rest, list) or len(rest) <= marks or any(mark != _MARK for mark in rest[:marks]):
        return None
    around[member] = elements + rest[marks:]
    return around


def _cut(text: bytes, start: int, separator: re.Pattern[bytes]) -> tuple[int, int] | None:
    """The end of a piece that begins at ``start``, and the start of the next one; None if the rest is short."""
    found = separator.search(text, start + PIECE_BYTES)
    return None if found is None else (found.start(1), found.end(1))
