"""Tensors of V2 requests and answers, in JSON, typed contents and binary form."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.v2.errors import RequestError, quote

INTEGERS = {f"{sign}INT{bits}": np.dtype(f"{sign}int{bits}".lower()) for sign in ("", "U") for bits in (8, 16, 32, 64)}
FLOATS = {f"FP{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)}
NUMBERS = INTEGERS | FLOATS
DATATYPES = ("BOOL", "BYTES", *NUMBERS)

_MAX_JOINED_BYTES = 1024 * 1024
"""Size of a body up to which its texts are checked by joining them."""
_LIMITS = {name: (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)) for name, dtype in INTEGERS.items()}


@dataclass(slots=True)  # not frozen: one is made for every column of every request
class Tensor:
    """One named input with one value a row.

    ``values`` are str or bytes for BYTES, bool for BOOL, int and float for other datatypes. A list may hold None for a
    missing value; values in binary form are a numpy array without None.
    """

    name: str
    datatype: str
    values: list[Any] | np.ndarray

    def __len__(self) -> int:
        return len(self.values)


def from_json(name: str, datatype: str, shape: Sequence[int], data: Any, body_bytes: int) -> Tensor:
    """A tensor from the values in a request's JSON; ``null`` is a missing value.

    Args:
        body_bytes: size of the body.

    Raises:
        RequestError: the values are invalid; the message names input and row.
    """
    rows = rows_of(name, datatype, shape)
    if not isinstance(data, list):
        raise RequestError(f"input {quote(name)}: 'data' is not a list")
    if len(shape) == 2 and len(data) == rows and all(isinstance(row, list) and len(row) == 1 for row in data):
        data = [row[0] for row in data]
    if len(data) != rows:
        raise RequestError(f"input {quote(name)}: shape {list(shape)} says {rows} values, 'data' has {len(data)}")
    if not ((datatype == "BYTES" and body_bytes <= _MAX_JOINED_BYTES and _all_texts(data)) or _all_fit(datatype, data)):
        row = next(row for row, value in enumerate(data) if not _all_fit(datatype, [value]))
        raise RequestError(f"input {quote(name)}, row {row + 1}: {quote(data[row])} is not a valid {datatype}")
    return Tensor(name, datatype, data)


def from_contents(name: str, datatype: str, shape: Sequence[int], contents: Sequence[Any]) -> Tensor:
    """A tensor from the typed contents of a gRPC message.

    Raises:
        RequestError: the values are invalid; the message names the input.
    """
    rows = rows_of(name, datatype, shape)
    if len(contents) != rows:
        raise RequestError(
            f"input {quote(name)}: shape {list(shape)} says {rows} values, its {datatype} contents have {len(contents)}"
        )
    return Tensor(name, datatype, list(contents))


def from_binary(name: str, datatype: str, shape: Sequence[int], raw: bytes) -> Tensor:
    """A tensor from the binary form: little endian, every BYTES value preceded by its length as uint32.

    Raises:
        RequestError: the values are invalid; the message names the input.
    """
    rows = rows_of(name, datatype, shape)
    if datatype == "BYTES":
        return Tensor(name, datatype, _split(name, rows, raw))
    dtype = np.dtype(bool) if datatype == "BOOL" else NUMBERS[datatype].newbyteorder("<")
    if len(raw) != rows * dtype.itemsize:
        raise RequestError(
            f"input {quote(name)}: shape {list(shape)} says {rows} values of {datatype}, {len(raw)} bytes came"
        )
    if datatype == "BOOL":
        return Tensor(name, datatype, np.frombuffer(raw, dtype=np.uint8) != 0)
    return Tensor(name, datatype, np.frombuffer(raw, dtype=dtype))


def rows_of(name: str, datatype: str, shape: Sequence[int]) -> int:
    """The number of rows of a column with this shape, [n] or [n, 1].

    Raises:
        RequestError: the shape is another one, or the datatype is unknown.
    """
    if datatype not in DATATYPES:
        raise RequestError(
            f"input {quote(name)}: unknown datatype {quote(datatype)}; the datatypes are {', '.join(DATATYPES)}"
        )
    good = 1 <= len(shape) <= 2 and all(type(size) is int and size >= 0 for size in shape)
    if not good or (len(shape) == 2 and shape[1] != 1):
        raise RequestError(f"input {quote(name)}: shape {quote(list(shape))} is neither [n] nor [n, 1]")
    return shape[0]


def to_binary(datatype: str, values: Sequence[Any] | np.ndarray) -> bytes:
    """Values of an answer in the binary form."""
    if datatype == "BYTES":
        texts = [text.encode() for text in values]
        return b"".join(part for text in texts for part in (struct.pack("<I", len(text)), text))
    dtype = np.dtype(bool) if datatype == "BOOL" else NUMBERS[datatype].newbyteorder("<")
    return np.asarray(values, dtype=dtype).tobytes()


def _split(name: str, rows: int, raw: bytes) -> list[Any]:
    values: list[Any] = []
    offset = 0
    while offset < len(raw) and len(values) < rows:
        start = offset + 4
        length = int.from_bytes(raw[offset:start], "little")
        offset = start + length
        if start > len(raw) or offset > len(raw):
            raise RequestError(f"input {quote(name)}, row {len(values) + 1}: the value is truncated")
        values.append(raw[start:offset])
    if len(values) != rows or offset != len(raw):
        raise RequestError(f"input {quote(name)}: its bytes do not hold {rows} values")
    return values


def _all_texts(values: list[Any]) -> bool:
    """Whether all values are texts. Joining them is the fastest check; it takes up to four bytes for each of theirs."""
    try:
        "".join(values)
    except TypeError:
        return False
    return True


def _all_fit(datatype: str, values: list[Any]) -> bool:
    """Whether all values from JSON are None or of the datatype."""
    types = set(map(type, values))
    if not types <= _TYPES[datatype]:
        return False
    limits = _LIMITS.get(datatype)
    if limits is None:
        return True
    integers = values if _NONE not in types else [value for value in values if value is not None]
    return not integers or (limits[0] <= min(integers) and max(integers) <= limits[1])


_NONE = type(None)
_TYPES: dict[str, frozenset[type]] = {
    "BYTES": frozenset((str, _NONE)),
    "BOOL": frozenset((bool, _NONE)),
    **dict.fromkeys(INTEGERS, frozenset((int, _NONE))),
    **dict.fromkeys(FLOATS, frozenset((float, int, _NONE))),
}
"""Types of values from JSON, by datatype."""
