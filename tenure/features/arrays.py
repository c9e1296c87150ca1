"""Columns of parsed Arrow tables as numpy arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract.durations import DAY_US

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Array:
    """A column: numbers as float64, integers as int64, booleans as 0 and 1, dates and timestamps as microseconds since
    1970-01-01, texts as codes in the order of the texts."""

    values: NDArray[Any]
    known: Mask | None
    """False where it is null; None where no row is."""
    words: pa.Array | None
    """Texts by code, ascending."""

    def take(self, rows: NDArray[np.int64]) -> Array:
        """Some of the rows."""
        return Array(self.values[rows], None if self.known is None else self.known[rows], self.words)


def array_of(column: pa.ChunkedArray | pa.Array) -> Array:
    """A column; NaN counts as null."""
    whole = whole_array(column)
    known = None
    if whole.null_count:
        known = np.asarray(whole.is_valid().to_numpy(zero_copy_only=False))
    kind = whole.type
    if is_text(kind) or pa.types.is_dictionary(kind):
        words, codes = sorted_codes(whole)
        return Array(codes, known, words)
    if pa.types.is_temporal(kind):
        return Array(microseconds(whole), known, None)
    if pa.types.is_boolean(kind) or (pa.types.is_integer(kind) and not pa.types.is_uint64(kind)):
        wide = whole.cast(pa.int8() if pa.types.is_boolean(kind) else pa.int64())
        return Array(_filled(wide).to_numpy(zero_copy_only=False), known, None)
    values = whole.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    missing = np.isnan(values)
    return Array(values, ~missing if missing.any() else None, None)


def whole_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column in one piece."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def microseconds(array: pa.Array) -> NDArray[np.int64]:
    """Dates and timestamps as microseconds since 1970-01-01, in UTC where they have a zone; 0 for null."""
    if pa.types.is_date32(array.type):
        days = _filled(array.cast(pa.int32())).to_numpy(zero_copy_only=False)
        return days.astype(np.int64) * DAY_US
    zone = getattr(array.type, "tz", None)
    whole = array.cast(pa.timestamp("us", zone), safe=False)
    found: NDArray[np.int64] = _filled(whole.cast(pa.int64())).to_numpy(zero_copy_only=False)
    return found


def sorted_codes(array: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """The different values of a column in ascending order, and the place of each row's value among them; -1 for null.

    Texts are ordered by their bytes in UTF-8, which is the order of their code points.
    """
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    words, indices = encoded.dictionary, encoded.indices
    # Imported on demand: a model server that computes no windows saves 7 MB.
    import pyarrow.compute as pc

    order = pc.array_sort_indices(words)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    if not len(rank):
        return words, np.full(len(array), -1, dtype=np.int64)
    codes = rank[_filled(indices).to_numpy(zero_copy_only=False)]
    if indices.null_count:
        codes[~indices.is_valid().to_numpy(zero_copy_only=False)] = -1
    return words.take(order), codes


def _filled(array: pa.Array) -> pa.Array:
    return array.fill_null(0) if array.null_count else array
