"""A raw column in any of the accepted containers: lists, numpy arrays, Arrow arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, TypeVar

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

Values: TypeAlias = "pa.Array | pa.ChunkedArray | Sequence[Any] | NDArray[Any]"
"""One value a row. Text may be ``str`` or UTF-8 ``bytes``; None and NaN are missing."""

Number = TypeVar("Number", np.int32, np.float64)

SMALL = 64
"""Rows up to which a loop in Python beats the overhead of array functions."""


def unpacked(values: Values, name: str) -> list[Any] | NDArray[Any] | pa.Array:
    """A column as a list of Python values where there are few or mixed ones, else as an array.

    Raises:
        DataError: ``values`` is not one value a row.
    """
    if isinstance(values, list):
        return values
    if is_arrow(values):
        return _of_arrow(values, name)
    if isinstance(values, str | bytes):
        raise DataError(f"column '{name}' is one {type(values).__name__}, not a list of values")
    if isinstance(values, Sequence):
        return list(values)
    array = np.asarray(values)
    if array.ndim != 1:
        raise DataError(f"column '{name}' has the shape {array.shape}, not one value a row")
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]")  # numpy converts nanoseconds to integers
    if len(array) <= SMALL or array.dtype.kind not in "fiub":
        found: list[Any] = array.tolist()
        return found
    return array


def is_arrow(values: object) -> TypeGuard[pa.Array | pa.ChunkedArray]:
    """Whether a column is Arrow's.

    pyarrow is not imported for it: a process without pyarrow has no such column, and a server that never gets one
    saves 30 MB.
    """
    loaded = sys.modules.get("pyarrow")
    return loaded is not None and isinstance(values, (loaded.Array, loaded.ChunkedArray))


_TEXTS = frozenset((str, bytes, type(None)))


def distinct_texts(values: list[Any]) -> tuple[list[Any], NDArray[np.int32]] | None:
    """As ``coded``, for a long list of texts and None; None for a short list, or one with values of other types.

    Equal values of other types, such as 1, 1.0 and True, may be read differently.
    """
    if len(values) <= SMALL or not _TEXTS.issuperset(map(type, values)):
        return None
    distinct = list(dict.fromkeys(values))
    return distinct, looked_up(values, packed(distinct, np.arange(len(distinct), dtype=np.int32)), np.int32)


def packed(keys: Iterable[Any], numbers: NDArray[Any]) -> dict[Any, bytes]:
    """A table for ``looked_up``: the bytes of a number for each key."""
    return {key: number.tobytes() for key, number in zip(keys, numbers, strict=True)}


def looked_up(values: list[Any], table: Mapping[Any, bytes], dtype: type[Number]) -> NDArray[Number]:
    """The numbers of values in a table of ``packed``, whose numbers are of this type; shape (rows,), read-only.

    Raises:
        KeyError, TypeError: a value is not in the table, or cannot be.
    """
    # Joined bytes become an array in half the time that a list of numbers takes.
    found = itemgetter(*values)(table) if len(values) > SMALL else [table[value] for value in values]
    return np.frombuffer(b"".join(found), dtype=dtype)


def coded(column: pa.Array) -> tuple[list[Any], NDArray[np.int32]]:
    """The distinct values of an Arrow column and, for each row, which of them it holds; -1 is null."""
    encoded = column.dictionary_encode()
    indices = encoded.indices
    codes = (indices.fill_null(-1) if indices.null_count else indices).to_numpy(zero_copy_only=False)
    return encoded.dictionary.to_pylist(), codes.astype(np.int32, copy=False)


def each(values: list[Any], read: Callable[[Any], Any], name: str, codes: NDArray[np.int32] | None = None) -> list[Any]:
    """``read`` of every value; if the values are distinct ones, ``codes`` holds the index of each row's value.

    Raises:
        DataError: a value is invalid; names the column, the first such row, and the error of ``read``.
    """
    try:
        return [read(value) for value in values]
    except ValueError:
        for index, value in enumerate(values):
            try:
                read(value)
            except ValueError as error:
                row = index if codes is None else int(np.argmax(codes == index))
                raise wrong(name, row, str(error)) from None
        raise


def wrong(name: str, row: int, what: str) -> DataError:
    return DataError(f"column '{name}', row {row + 1}: {what}")


def _of_arrow(values: pa.Array | pa.ChunkedArray, name: str) -> list[Any] | pa.Array:
    import pyarrow as pa

    column = _plain(values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values, name)
    return column.to_pylist() if len(column) <= SMALL and not pa.types.is_temporal(column.type) else column


def _plain(column: pa.Array, name: str) -> pa.Array:
    """The column without dictionary or run-end encoding, which few Arrow functions support."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode(), name)
    if pa.types.is_run_end_encoded(kind):
        return _plain(pa.compute.run_end_decode(column), name)
    if pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_binary_view(kind):
        return column.cast(pa.binary())
    if pa.types.is_nested(kind):
        raise DataError(f"column '{name}' holds {kind}, not one text, number or date a row")
    return column
