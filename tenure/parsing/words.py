"""Converts columns to text, and text to booleans."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract.boolean_words import boolean_meaning
from tenure.contract.digit_values import digit_spelling
from tenure.errors import DataError
from tenure.parsing.lenient import flags, keep, valid


def plain(column: pa.Array, name: str) -> pa.Array:
    """Decode ``column``: a dictionary, run ends or an extension type to its values; large and view types to plain ones.

    Raises:
        DataError: the column holds lists, structs or another nested type.
    """
    kind = column.type
    decoded = _decoded(column)
    if decoded is not None:
        return plain(decoded, name)
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_binary_view(kind):
        return column.cast(pa.binary())
    if pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind):
        raise DataError(
            f"column '{name}' holds {kind}: a contract describes columns with one text, number or date per row"
        )
    return column


def _decoded(column: pa.Array) -> pa.Array | None:
    """The values of a dictionary, run ends or an extension type; None for any other column."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.dictionary_decode()
    if pa.types.is_run_end_encoded(kind):
        return pc.run_end_decode(column)
    if isinstance(kind, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    return column.storage if isinstance(kind, pa.BaseExtensionType) else None


def texts(column: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """A plain column as trimmed text, and which values are not valid UTF-8 (bool, shape (rows,)); those are null."""
    kind = column.type
    broken = np.zeros(len(column), dtype=bool)
    if pa.types.is_binary(kind):
        try:
            text = column.cast(pa.string())
        except pa.ArrowInvalid:
            broken = np.array([value is not None and not _is_utf8(value) for value in column.to_pylist()])
            text = keep(column, ~broken).cast(pa.string())
    elif pa.types.is_floating(kind):
        text = _without_point(column)
    elif pa.types.is_timestamp(kind):
        # Of nanoseconds, as pandas has them, the text could not be read as a moment again.
        unit = pa.timestamp("us", None if kind.tz is None else "UTC")
        text = pc.cast(pc.cast(column, unit, safe=False), pa.string())
    else:
        text = column.cast(pa.string())
    return pc.utf8_trim_whitespace(text), broken


def booleans(text: pa.Array, values: tuple[str, ...] | None) -> tuple[pa.Array, np.ndarray]:
    """Parse texts as booleans; see ``boolean_meaning``.

    Args:
        text: the texts.
        values: the text for false and the one for true; None for the common words.

    Returns:
        The booleans, and which texts are neither; bool, shape (rows,).
    """
    meaning = boolean_meaning(values)
    coded = text.dictionary_encode()
    found = pa.array([meaning(word) for word in coded.dictionary.to_pylist()], pa.bool_()).take(coded.indices)
    return found, valid(text) & ~valid(found)


def spelled(text: pa.Array, values: tuple[str, ...] | None) -> pa.Array:
    """Texts of whole numbers as the contract's values spell them; see ``digit_spelling``."""
    spelling = digit_spelling(values)
    if spelling is None or flags(pc.is_in(text, pa.array(values, pa.string()))).sum() == len(text) - text.null_count:
        return text
    coded = text.dictionary_encode()
    return pa.array([spelling(word) for word in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def _without_point(column: pa.Array) -> pa.Array:
    """Numbers as text, integers without '.0': an integer key becomes a float where a value is missing."""
    column = keep(column, ~flags(pc.is_nan(column)))
    as_floats = pc.cast(column, pa.float64())
    values = pc.fill_null(as_floats, 0.5).to_numpy(zero_copy_only=False)
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2.0**53)
    return pc.coalesce(
        pc.cast(pc.cast(keep(as_floats, whole), pa.int64()), pa.string()),
        pc.cast(keep(column, ~whole), pa.string()),
    )


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
