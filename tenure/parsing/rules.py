"""What a contract asks of the values of one parsed column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.contract import Column
from tenure.parsing.faults import Kind, RowFaults, absent
from tenure.parsing.lenient import flags, valid

RANGE, VALUES = "range", "values"
"""Names of the checks of numbers and of texts."""


def check_presence(name: str, column: Column, values: pa.Array, faults: RowFaults) -> None:
    """Find missing values where there must be one. Of a label none is missed: its row is set aside."""
    missing = ~valid(values)
    if column.role in ("key", "time", "known_at"):
        faults.add(missing, absent(name, column.role))
    elif not column.nullable and column.role != "label":
        faults.add(missing, Kind("nulls", name, "is missing, and is not nullable"))


def check_values(
    name: str, column: Column, values: pa.Array, faults: RowFaults, known: NDArray[np.bool_] | None = None
) -> None:
    """Find numbers outside the column's range, and texts that are not among its values.

    Args:
        known: which texts are among them, shape (rows,); by default those that are equal to one.
    """
    if column.range is not None:
        low, high = column.range
        numbers = pc.cast(values, pa.float64(), safe=False)
        if low is not None:
            faults.add(flags(pc.less(numbers, low)), Kind(RANGE, name, f"is below {low:g}"), values)
        if high is not None:
            faults.add(flags(pc.greater(numbers, high)), Kind(RANGE, name, f"is above {high:g}"), values)
    if column.values is not None and column.is_text:
        if known is None:
            known = flags(pc.is_in(values, pa.array(column.values)))
        faults.add(valid(values) & ~known, Kind(VALUES, name, "is not one of the contract's values"), values)
