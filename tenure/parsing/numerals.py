"""Parses text and typed columns as numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.parsing.lenient import cast_lenient, flags, keep, matches, valid

FLOAT_PATTERN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^-?(?i:nan|inf|infinity)$"
INTEGER_PATTERN = r"^-?[0-9]{1,19}$"
LARGEST_EXACT = 2.0**53
"""Up to here float64 represents every integer exactly."""


class Numbers(NamedTuple):
    """A parsed column of numbers. A null that is neither wrong nor infinite is a missing value."""

    values: pa.Array
    """int64 or float64; null where missing, wrong or infinite."""
    wrong: np.ndarray
    """Values that are not numbers, or not integers where integers are parsed; bool, shape (rows,)."""
    infinite: np.ndarray
    """Infinite values; bool, shape (rows,)."""


def floats(column: pa.Array) -> Numbers:
    """Parse a text or numeric column as float64. NaN is a missing value."""
    present = valid(column)
    if pa.types.is_string(column.type):
        try:
            values = pc.cast(column, pa.float64())
        except pa.ArrowInvalid:
            values = pc.cast(keep(column, matches(column, FLOAT_PATTERN)), pa.float64())
    else:
        # Decimals and large integers may lose digits.
        values = pc.cast(column, pa.float64(), safe=False)
    wrong = present & ~valid(values)
    infinite = flags(pc.is_inf(values))
    usable = ~infinite & ~flags(pc.is_nan(values))
    if not usable.all():
        values = keep(values, usable)
    return Numbers(values, wrong, infinite)


def integers(column: pa.Array) -> Numbers:
    """Parse a text or numeric column as int64. 3.0 is 3; 3.5 is wrong, and so is a float beyond 2^53."""
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        if column.type == pa.uint64():
            values = keep(column, flags(pc.less_equal(column, pa.scalar(2**63 - 1, pa.uint64()))))
        else:
            values = column
        nothing = np.zeros(len(column), dtype=bool)
        return Numbers(pc.cast(values, pa.int64()), valid(column) & ~valid(values), nothing)
    if pa.types.is_string(column.type):
        # Arrow parses 0x10 as 16.
        if not pc.any(pc.match_substring(column, "x", ignore_case=True)).as_py():
            try:
                return Numbers(pc.cast(column, pa.int64()), *np.zeros((2, len(column)), dtype=bool))
            except pa.ArrowInvalid:
                pass
        exact = cast_lenient(keep(column, matches(column, INTEGER_PATTERN)), pa.int64())
        from_float = _whole(floats(keep(column, valid(column) & ~matches(column, INTEGER_PATTERN))))
        values = pc.coalesce(exact, from_float.values)
        too_large = matches(column, INTEGER_PATTERN) & ~valid(exact)
        return Numbers(values, from_float.wrong | too_large, from_float.infinite)
    return _whole(floats(column))


def _whole(numbers: Numbers) -> Numbers:
    values = pc.fill_null(numbers.values, 0.0).to_numpy(zero_copy_only=False)
    whole = (values == np.floor(values)) & (np.abs(values) <= LARGEST_EXACT)
    kept = keep(numbers.values, whole)
    return Numbers(pc.cast(kept, pa.int64()), numbers.wrong | ~whole, numbers.infinite)
