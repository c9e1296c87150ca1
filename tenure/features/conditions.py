"""Expressions over the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tenure.contract.columns import Column
from tenure.contract.durations import DAY_US
from tenure.contract.expression import Expression
from tenure.contract.values import Floats, Text, Value
from tenure.features.arrays import Array


def evaluate(
    expression: Expression,
    arrays: Mapping[str, Array],
    columns: Mapping[str, Column],
    local: Callable[[NDArray[np.int64]], NDArray[np.int64]],
    rows: int,
) -> Floats:
    """A condition for each row: 1, 0 or NaN for null; shape (rows,). Timestamps are those of the local clock.

    Args:
        expression: of type boolean.
        arrays: the columns that it reads.
        columns: as the contract describes them.
        local: from microseconds in UTC to those of the local clock.
        rows: their number.
    """
    values = {name: _value(arrays[name], columns[name], local) for name in expression.columns}
    with np.errstate(all="ignore"):
        found = expression.evaluate(values, rows)
    if isinstance(found, Text):
        raise TypeError(f"'{expression.text}' is not a condition")
    return found


def _value(array: Array, column: Column, local: Callable[[NDArray[np.int64]], NDArray[np.int64]]) -> Value:
    if array.words is not None:
        codes = array.values if array.known is None else np.where(array.known, array.values, -1)
        return Text(codes.astype(np.int32), tuple(array.words.to_pylist()))
    values: Floats
    if column.is_temporal:
        values = (local(array.values) if column.type == "timestamp" else array.values) / DAY_US
    else:
        values = array.values.astype(np.float64)
    return values if array.known is None else np.where(array.known, values, np.nan)
