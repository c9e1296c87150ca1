"""Casts of text columns in which some values may be invalid."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def cast_lenient(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """``text`` cast to ``kind``, null where a value does not parse.

    Arrow reports that a cast failed, but not where: the column is bisected until the invalid values are found. That is
    fast for few invalid values, so callers remove most of them by a pattern first.
    """
    try:
        return pc.cast(text, kind)
    except pa.ArrowInvalid:
        if len(text) == 1:
            return pa.nulls(1, kind)
        half = len(text) // 2
        return pa.concat_arrays([cast_lenient(text.slice(0, half), kind), cast_lenient(text.slice(half), kind)])


def keep(values: pa.Array, mask: np.ndarray) -> pa.Array:
    """``values``, null where ``mask`` is False."""
    return pc.if_else(pa.array(mask), values, pa.scalar(None, values.type))


def matches(text: pa.Array, pattern: str) -> np.ndarray:
    """Which values match a regular expression; bool, shape (rows,). Nulls do not match."""
    return flags(pc.match_substring_regex(text, pattern))


def flags(values: pa.Array) -> np.ndarray:
    """A boolean column as a numpy array, shape (rows,); null is False."""
    found: np.ndarray = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return found


def valid(values: pa.Array) -> np.ndarray:
    """Which values are not null; bool, shape (rows,)."""
    found: np.ndarray = values.is_valid().to_numpy(zero_copy_only=False)
    return found
