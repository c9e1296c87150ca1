"""Divides a small JSON body into its tensors, and looks them up by their bytes.

Most tensors of one row, such as a category or a flag, are repeated byte for byte, so they are parsed and checked once.

Where the body is divided is a guess, but a wrong one is noticed: the text around the tensors is parsed with a mark in
their place, and each tensor is parsed as an object of its own when it is met first. If the mark is found where the
tensors should be and every part is valid, then the body is JSON, and what the parts say together.
"""

from __future__ import annotations

import random
import re
from typing import Any, NamedTuple

import numpy as np
import orjson

from serving.v2.json_body import read_object
from serving.v2.tensors import INTEGERS

MAX_BYTES = 16 * 1024
"""Larger bodies are not divided: they hardly ever have one row."""
MAX_KNOWN = 4096
"""Tensors kept, all of which are dropped when there are more."""
MAX_KNOWN_BYTES = 256
MAX_KNOWN_AROUND = 16
"""Texts around tensors that are kept likewise; clients have one each."""

_OPENING = re.compile(rb"\[[ \t\n\r]*\{")
_SEPARATOR = re.compile(rb"\}[ \t\n\r]*,[ \t\n\r]*\{")
_SPACE = b" \t\n\r"
_LIST_END, _CLOSING = b"]}"
_MARK = random.getrandbits(60)  # a client cannot know it
_MARKED = b"[%d" % _MARK

_Bounds = tuple[int, int] | None
_BOUNDS: dict[str, dict[type, _Bounds]] = {
    "BYTES": dict.fromkeys((str, type(None))),
    "BOOL": dict.fromkeys((bool, type(None))),
    "FP32": dict.fromkeys((float, int, type(None))),
    "FP64": dict.fromkeys((float, int, type(None))),
    **{
        name: {int: (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)), type(None): None}
        for name, dtype in INTEGERS.items()
    },
}
"""The bounds of values by datatype and Python type; None without bounds."""
_SHAPES = ([1], [1, 1])

_Column = tuple[str, list[Any]]
"""A tensor of one value: its name, and the list of the value, which is never changed."""


class Divided(NamedTuple):
    """A body of tensors with one value each."""

    columns: dict[str, list[Any]]
    document: dict[str, Any]
    """The body's other members."""


class OneValueTensors:
    """Reads bodies, and caches their tensors."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Column] = {}
        """By the text of a tensor between its braces."""
        self._numbers: dict[bytes, tuple[str, dict[type, _Bounds]]] = {}
        """Name and bounds by the text of a tensor before its number."""
        self._only_inputs: set[tuple[bytes, bytes]] = set()
        """Texts before and after the tensors of bodies without other members."""

    def read(self, body: bytes) -> Divided | None:
        """The tensors of a body; None if one has another form than one value, or the body is not divided.

        Raises:
            ValueError, KeyError, TypeError: likewise.
        """
        opening = _OPENING.search(body) if len(body) <= MAX_BYTES else None
        if opening is None:
            return None
        start, end = opening.end(), body.rindex(b"]")
        stop = end if body[end - 1] == _CLOSING else len(body[:end].rstrip(_SPACE))
        if body[stop - 1] != _CLOSING or stop <= start:
            return None
        inside = body[start : stop - 1]
        separator = _SEPARATOR.search(inside)
        texts = inside.split(separator.group()) if separator is not None else [inside]
        found = list(map(self._known.get, texts))
        if not all(found):
            for place, column in enumerate(found):
                if column is None:
                    text = texts[place]
                    found[place] = read = self._number(text) or self._parsed(text)
                    if read is None:
                        return None
        columns: dict[str, list[Any]] = dict(found)  # type: ignore[arg-type]  # none is None
        if len(columns) != len(found):
            return None
        document = self._others(body[: opening.start()], body[end:])
        return None if document is None else Divided(columns, document)

    def _others(self, before: bytes, after: bytes) -> dict[str, Any] | None:
        """The other members of a body with these texts before and after its tensors; None if they are elsewhere."""
        if (before, after) in self._only_inputs:
            return {}
        document = read_object(b"%b%b%b" % (before, _MARKED, after), "inputs")
        if document.pop("inputs") != [_MARK]:
            return None
        if not document and len(before) + len(after) <= MAX_KNOWN_BYTES:
            if len(self._only_inputs) >= MAX_KNOWN_AROUND:
                self._only_inputs.clear()
            self._only_inputs.add((before, after))
        return document

    def _number(self, text: bytes) -> _Column | None:
        """A tensor that differs in its number from one met before."""
        start = text.rfind(b"[") + 1
        known = self._numbers.get(text[:start])
        if known is None or text[-1] != _LIST_END:
            return None
        value = orjson.loads(text[start:-1])
        name, bounds_by_type = known
        bounds = bounds_by_type[type(value)]
        return (name, [value]) if bounds is None or bounds[0] <= value <= bounds[1] else None

    def _parsed(self, text: bytes) -> _Column | None:
        """Parse a tensor, and cache it."""
        entry = orjson.loads(b"{%b}" % text)
        name, data, shape = entry["name"], entry["data"], entry["shape"]
        # A fifth member may be parameters, which may declare a binary value.
        if len(entry) != 4 or shape not in _SHAPES or type(shape[0]) is not int or type(data) is not list:
            return None
        (value,) = data
        bounds_by_type = _BOUNDS[entry["datatype"]]
        bounds = bounds_by_type[type(value)]
        if type(name) is not str or (bounds is not None and not bounds[0] <= value <= bounds[1]):
            return None
        if len(text) <= MAX_KNOWN_BYTES:
            before = text[: text.rfind(b"[") + 1]
            if type(value) in (int, float) and _ends_in_data(entry, before):
                _keep(self._numbers, before, (name, bounds_by_type))
            else:
                _keep(self._known, text, (name, data))
        return name, data


def _ends_in_data(entry: dict[str, Any], before: bytes) -> bool:
    """Whether a tensor's text ends in its only value, after the text ``before``."""
    try:
        marked = orjson.loads(b"{%b%d]}" % (before, _MARK))
    except orjson.JSONDecodeError:
        return False
    return bool(marked == entry | {"data": [_MARK]})


def _keep(known: dict[bytes, Any], text: bytes, what: Any) -> None:
    if len(known) >= MAX_KNOWN:
        known.clear()
    known[text] = what
