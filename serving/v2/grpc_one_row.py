"""A fast path for the most frequent gRPC message: one row, all outputs, no parameters.

No object is made for each tensor. Most tensors of a row, such as a category or a flag, are repeated byte for byte, and
are looked up by their bytes; others are parsed by protobuf. Every other message, and every invalid one, is left to
``serving.v2.grpc``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from serving.v2 import grpc as wire
from serving.v2.answer import OutputTensor
from serving.v2.errors import RequestError
from serving.v2.grpc_fields import MORE, Fields
from serving.v2.one_row import OneRowWriter
from serving.v2.tensors import from_binary
from tenure.bundle import Bundle

_MODEL, _VERSION, _ID = 0x0A, 0x12, 0x1A
"""Tags of the message's texts."""
_ONE_ROW = (b"\x1a\x01\x01", b"\x1a\x02\x01\x01")
"""The shapes [1] and [1, 1] in a tensor, after its name and its datatype."""

MAX_KNOWN = 4096
"""Tensors kept in a cache, which is emptied when it is full."""
MAX_KNOWN_BYTES = 256

_DOUBLE = struct.Struct("<d")
_PACKED_DOUBLE = b"\x2a\x0a\x3a\x08"
"""The bytes before a tensor's only FP64 value: ``contents`` with ``fp64_contents``."""

_SCALARS = {
    "BOOL": struct.Struct("<?"),
    **dict(zip(("INT8", "INT16", "INT32", "INT64"), map(struct.Struct, ("<b", "<h", "<i", "<q")), strict=True)),
    **dict(zip(("UINT8", "UINT16", "UINT32", "UINT64"), map(struct.Struct, ("<B", "<H", "<I", "<Q")), strict=True)),
    "FP64": _DOUBLE,
}
"""Formats of one value in binary form. FP16 and FP32 are not in it; ``from_binary`` reads them as arrays."""


class OneRowMessage(NamedTuple):
    """The content of a message."""

    model: str
    version: str
    id: str
    columns: dict[str, Any]
    """Lists of one value by name, as ``serving.v2.grpc`` reads them, but with decoded texts."""
    in_binary: bool


class OneRowMessages:
    """Reads messages, and caches their tensors."""

    def __init__(self) -> None:
        self._values: dict[bytes, tuple[str, list[Any]]] = {}
        """Name, and the list of the value, which is never changed, by the bytes of a tensor."""
        self._doubles: dict[bytes, str] = {}
        """Name by the bytes of a tensor before its number of 64 bits."""
        self._described: dict[bytes, tuple[str, str, list[int]]] = {}
        """Name, datatype and shape by the bytes of a tensor without contents."""
        self._asked: dict[bytes, tuple[str, str, str]] = {}
        """Model, version and an empty id by the bytes of a message without tensors and without an id."""

    def read(self, fields: Fields) -> OneRowMessage | None:
        """The content of a message; None if this path does not read it, or it is invalid."""
        tensors, raw, rest = fields.inputs, fields.raw, fields.rest
        try:
            asked = self._asked.get(rest) or self._parse_asked(rest)
            if asked is None or not tensors:
                return None
            columns = self._in_binary(tensors, raw) if raw else self._typed(tensors)
        except (IndexError, ValueError, DecodeError, RequestError):
            return None
        if columns is None or len(columns) != len(tensors):
            return None
        return OneRowMessage(*asked, columns, bool(raw))

    def _typed(self, tensors: list[bytes]) -> dict[str, Any] | None:
        found = list(map(self._values.get, tensors))
        if not all(found):
            for place, column in enumerate(found):
                if column is None:
                    tensor = tensors[place]
                    name = self._doubles.get(tensor[:-8])
                    read = self._parse(tensor) if name is None else (name, [*_DOUBLE.unpack(tensor[-8:])])
                    if read is None:
                        return None
                    found[place] = read
        return dict(found)  # type: ignore[arg-type]  # none is None

    def _in_binary(self, tensors: list[bytes], raw: list[bytes]) -> dict[str, Any] | None:
        if len(tensors) != len(raw):
            return None
        columns: dict[str, Any] = {}
        for tensor, content in zip(tensors, raw, strict=True):
            described = self._described.get(tensor) or self._parse_described(tensor)
            if described is None:
                return None
            name, datatype, shape = described
            scalar = _SCALARS.get(datatype)
            if datatype == "BYTES":
                values: Any = [value.decode() for value in from_binary(name, datatype, shape, content).values]
            elif scalar is None:
                # As an array, so that FP16 and FP32 stay distinct from FP64.
                values = from_binary(name, datatype, shape, content).values
            elif len(content) == scalar.size:
                values = list(scalar.unpack(content))
            else:
                return None
            columns[name] = values
        return columns

    def _parse_asked(self, rest: bytes) -> tuple[str, str, str] | None:
        """Model, version and id of a message without its tensors; None if it has other fields."""
        model, at = _text(rest, 0, _MODEL)
        version, at = _text(rest, at, _VERSION)
        request_id, at = _text(rest, at, _ID)
        if at != len(rest):
            return None
        asked = model, version, request_id
        if not request_id:
            self._cache(self._asked, rest, asked)
        return asked

    def _parse(self, tensor: bytes) -> tuple[str, list[Any]] | None:
        """Parse a tensor by protobuf, and cache it."""
        if not _has_one_row(tensor):
            return None
        entry = pb.ModelInferRequest.InferInputTensor.FromString(tensor)
        read = wire.read_tensor(entry, None)
        if len(read) != 1:
            return None
        value = read.values[0]
        if isinstance(value, bytes):
            value = value.decode()
        if entry.datatype == "FP64" and tensor[-12:-8] == _PACKED_DOUBLE and tensor == _canonical(entry, value):
            self._cache(self._doubles, tensor[:-8], read.name)
        else:
            self._cache(self._values, tensor, (read.name, [value]))
        return read.name, [value]

    def _parse_described(self, tensor: bytes) -> tuple[str, str, list[int]] | None:
        if not _has_one_row(tensor):
            return None
        entry = pb.ModelInferRequest.InferInputTensor.FromString(tensor)
        shape = list(entry.shape)
        if entry.HasField("contents") or shape not in ([1], [1, 1]):
            return None
        described = entry.name, entry.datatype, shape
        self._cache(self._described, tensor, described)
        return described

    @staticmethod
    def _cache(known: dict[bytes, Any], tensor: bytes, what: Any) -> None:
        if len(tensor) <= MAX_KNOWN_BYTES:
            if len(known) >= MAX_KNOWN:
                known.clear()
            known[tensor] = what


def grpc_writer(model: str, bundle: Bundle, *, in_binary: bool) -> OneRowWriter:
    """A writer of answers over gRPC, with binary or typed contents."""

    def whole(outputs: Sequence[OutputTensor], answer_id: str) -> bytes:
        answer = wire.write_answer(model, bundle.version, answer_id, outputs, in_binary=in_binary)
        content: bytes = answer.SerializeToString()
        return content

    return OneRowWriter(whole, _DOUBLE.pack, _id_field)


def _text(fields: bytes, at: int, tag: int) -> tuple[str, int]:
    """The text of the field at ``at``, "" if another field is there, and the offset of the next field.

    Raises:
        ValueError: the text is long, or not UTF-8.
    """
    if at >= len(fields) or fields[at] != tag:
        return "", at
    length = fields[at + 1]
    end = at + 2 + length
    if length >= MORE:
        raise ValueError
    return fields[at + 2 : end].decode(), end


def _has_one_row(tensor: bytes) -> bool:
    """Whether a tensor's shape says one row, if its fields are in the usual order.

    Raises:
        IndexError: the tensor is truncated.
    """
    shape_at = 0
    for _ in ("name", "datatype"):
        shape_at += 2 + tensor[shape_at + 1]
    return tensor.startswith(_ONE_ROW, shape_at)


def _canonical(entry: pb.ModelInferRequest.InferInputTensor, value: float) -> bytes:
    """The tensor as protobuf writes it without other fields: its value is at the end."""
    plain = pb.ModelInferRequest.InferInputTensor(name=entry.name, datatype=entry.datatype, shape=entry.shape)
    plain.contents.fp64_contents.append(value)
    content: bytes = plain.SerializeToString()
    return content


def _id_field(text: str) -> bytes:
    value = text.encode()
    if 0 < len(value) < MORE:
        return b"%c%c%b" % (_ID, len(value), value)
    return pb.ModelInferResponse(id=text).SerializeToString()  # type: ignore[no-any-return]  # protobuf has no stubs
