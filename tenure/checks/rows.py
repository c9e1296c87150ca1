"""Checks of single rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.checks.label import equal_any
from tenure.contract import Column, Contract
from tenure.parsing.faults import Kind, RowFaults, absent
from tenure.parsing.lenient import flags, valid
from tenure.parsing.parse import table_columns

AHEAD = timedelta(hours=14)
"""Largest offset from UTC: a time that is later than now by more is in the future in every time zone."""


def check_rows(
    contract: Contract,
    batch: pa.RecordBatch,
    now: datetime,
    absent: Collection[str] = (),
    exempt: NDArray[np.bool_] | None = None,
    *,
    table: str | None = None,
) -> RowFaults:
    """Find the rows of a parsed batch that break the contract: missing values, invalid values, times in the future.

    A missing label is no fault: its row is set aside (``tenure.checks.set_aside``).

    Args:
        contract: the rules.
        batch: parsed columns, as ``parse_batch`` returns them.
        now: the current time, aware.
        absent: optional columns that the table lacks; they are not checked.
        exempt: rows that are not checked, shape (rows,): those that are set aside.
        table: the table's name, as for ``table_columns``.
    """
    faults = RowFaults(batch.num_rows, exempt)
    columns = table_columns(contract, table)
    # A row that is known may be of a time to come, as a planned end is.
    dated = "known_at" if any(column.role == "known_at" for column in columns.values()) else "time"
    for name, column in columns.items():
        if column.role == "ignored" or name in absent:
            continue
        values = batch.column(name)
        _check_presence(name, column, ~valid(values), faults)
        _check_values(name, column, values, faults)
        if column.role == dated:
            limit = (now + AHEAD).replace(tzinfo=None)
            latest = pa.scalar(limit.date() if column.type == "date" else limit, values.type)
            faults.add(flags(pc.greater(values, latest)), Kind("future", name, "is in the future"), values)
    return faults


def _check_presence(name: str, column: Column, missing: np.ndarray, faults: RowFaults) -> None:
    if column.role in ("key", "time", "known_at"):
        faults.add(missing, absent(name, column.role))
    elif not column.nullable and column.role != "label":
        faults.add(missing, Kind("nulls", name, "is missing, and is not nullable"))


def _check_values(name: str, column: Column, values: pa.Array, faults: RowFaults) -> None:
    if column.range is not None:
        low, high = column.range
        numbers = pc.cast(values, pa.float64(), safe=False)
        if low is not None:
            faults.add(flags(pc.less(numbers, low)), Kind("range", name, f"is below {low:g}"), values)
        if high is not None:
            faults.add(flags(pc.greater(numbers, high)), Kind("range", name, f"is above {high:g}"), values)
    if column.values is not None and column.is_text:
        same = equal_any(values, column.values) if column.role == "label" else pc.is_in(values, pa.array(column.values))
        known = flags(same)
        faults.add(valid(values) & ~known, Kind("values", name, "is not one of the contract's values"), values)
