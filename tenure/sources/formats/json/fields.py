"""The columns of JSON objects: names of nested values, and types that all values of a column have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tenure.sources.formats.json.records import Digits

Scalar = bool | int | float | str | None


def flat(record: dict[str, Any]) -> dict[str, Scalar]:
    """The record with the values of objects in it, at any depth, as ``object.name``; lists as JSON texts."""
    found: dict[str, Scalar] = {}
    # Not recursive: the decoder allows objects as deep as Python's stack.
    within = [("", iter(record.items()))]
    while within:
        prefix, rest = within[-1]
        for name, value in rest:
            if isinstance(value, dict):
                within.append((f"{prefix}{name}.", iter(value.items())))
                break
            found[prefix + name] = _scalar(value)
        else:
            within.pop()
    return found


def common_type(kinds: set[type]) -> pa.DataType:
    """The Arrow type for a column with values of these Python types; text where they have no common one."""
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds and kinds <= {int, float}:
        return pa.float64()
    return pa.string()


def to_array(values: Sequence[Scalar], kind: pa.DataType) -> pa.Array:
    """A column of the type that ``common_type`` returned for all its values."""
    if not pa.types.is_string(kind):
        return pa.array(values, kind)
    texts = [value if value is None or type(value) is str else _text(value) for value in values]
    try:
        return pa.array(texts, kind)
    except UnicodeEncodeError:
        # JSON can hold halves of characters, which UTF-8 cannot.
        return pa.array([None if t is None else t.encode("utf-8", "replace").decode() for t in texts], kind)


def _scalar(value: Any) -> Scalar:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str.__str__(value) if isinstance(value, Digits) else str(value)
