"""Checks of single rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.checks.label import equal_any
from tenure.contract import Contract
from tenure.parsing.faults import Kind, RowFaults
from tenure.parsing.lenient import flags
from tenure.parsing.parse import table_columns
from tenure.parsing.rules import check_presence, check_values

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
        check_presence(name, column, values, faults)
        known = None
        if column.role == "label" and column.values is not None and column.is_text:
            known = flags(equal_any(values, column.values))
        check_values(name, column, values, faults, known)
        if column.role == dated:
            limit = (now + AHEAD).replace(tzinfo=None)
            latest = pa.scalar(limit.date() if column.type == "date" else limit, values.type)
            faults.add(flags(pc.greater(values, latest)), Kind("future", name, "is in the future"), values)
    return faults
