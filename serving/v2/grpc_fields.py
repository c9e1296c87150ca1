"""Divides a ``ModelInferRequest`` into its fields, without parsing the tensors.

Protobuf parses a message in one call, during which it holds the interpreter's lock. Here each tensor is parsed by
itself, so the event loop can run between two of them; and the path of one row looks most tensors up by their bytes.
The encoding: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from typing import NamedTuple

from serving.v2.errors import RequestError

INPUT, RAW = 0x2A, 0x3A
"""Tags of the fields ``inputs`` and ``raw_input_contents``, both length-delimited."""
MORE = 0x80
"""Bit of a varint's byte that is not its last; lengths from here on take more than one byte."""

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_MAX_LENGTH_BYTES = 5
_KNOWN_FIELDS = 7
"""Number of the last field of a ``ModelInferRequest``."""
MAX_FIELDS = 2**16
"""Limit for the fields of each kind. A contract has fewer columns, and an empty field takes 2 bytes in the message and
some hundred once it is parsed."""


class Fields(NamedTuple):
    """The fields of a message."""

    inputs: list[bytes]
    """Messages of the type ``InferInputTensor``."""
    raw: list[bytes]
    """The contents in binary form."""
    rest: bytes
    """The other fields, encoded: a ``ModelInferRequest`` without tensors."""


def divide(message: bytes) -> Fields | None:
    """The fields of a message; None if it is invalid, or encoded in an unusual way.

    Fields that the message type does not have are left out.

    Raises:
        RequestError: it has more than ``MAX_FIELDS`` inputs, raw contents or other fields.
    """
    inputs: list[bytes] = []
    raw: list[bytes] = []
    rest: list[bytes] = []
    at, size = 0, len(message)
    try:
        while at < size:
            tag = message[at]
            if tag == INPUT:
                at = _take(message, at, inputs)
            elif tag == RAW:
                at = _take(message, at, raw)
            else:
                start, at = at, _end(message, at)
                if tag < MORE and tag >> 3 <= _KNOWN_FIELDS:
                    if len(rest) >= MAX_FIELDS:
                        raise _too_many()
                    rest.append(message[start:at])
    except RequestError:
        raise
    except (IndexError, ValueError):
        return None
    return Fields(inputs, raw, b"".join(rest)) if at == size else None


def _take(message: bytes, at: int, parts: list[bytes]) -> int:
    """Append the contents of the fields of one tag from ``at`` on; returns the offset of the next field.

    Raises:
        IndexError: the message is truncated.
        ValueError: a length is invalid.
        RequestError: there are too many fields.
    """
    size, tag = len(message), message[at]
    for _ in range(MAX_FIELDS - len(parts)):
        length = message[at + 1]
        start = at + 2
        if length >= MORE:
            length, start = _varint(message, at + 1)
        at = start + length
        parts.append(message[start:at])
        if at >= size:
            if at == size:
                return at
            raise ValueError("the message is truncated")
        if message[at] != tag:
            return at
    raise _too_many()


def _too_many() -> RequestError:
    return RequestError(f"the message has more than {MAX_FIELDS} inputs, raw contents or other fields")


def _end(message: bytes, at: int) -> int:
    """The end of the field at ``at``; raises as ``_take``."""
    tag, start = _varint(message, at)
    kind = tag & 7
    if tag < 8:
        raise ValueError("a field without a number")
    if kind == _DELIMITED:
        length, start = _varint(message, start)
        return start + length
    if kind == _VARINT:
        return _varint(message, start)[1]
    if kind == _FIXED64:
        return start + 8
    if kind == _FIXED32:
        return start + 4
    raise ValueError("a group, or an invalid type")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number of up to 35 bits, and the offset after it; raises as ``_take``."""
    number = 0
    for place in range(_MAX_LENGTH_BYTES):
        byte = message[at + place]
        number |= (byte & 0x7F) << (7 * place)
        if byte < MORE:
            return number, at + place + 1
    raise ValueError("a long number")
