"""Dates after the day that a row describes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from tenure.checks.leakage.table import Finding, Table
from tenure.contract import Contract
from tenure.contract.values import Text

LATE_SHARE = 0.01
"""Smallest share of rows whose date lies after the row's day; fewer are errors of data entry."""
EPOCH = date(1970, 1, 1)


def dated(contract: Contract, table: Table) -> Iterator[Finding]:
    """Dates after the row's time, or the cut; after the contract's ``as_of`` where rows have no time."""
    if contract.is_assembled and table.time is not None:
        day, to_the_day = table.time, False
        text = "lies after the cut"
    elif contract.time is not None and table.time is not None:
        day, to_the_day = table.time, contract.columns[contract.time].type == "date"
        text = f"lies after '{contract.time}', the day that the row describes,"
    elif contract.as_of is not None:
        day, to_the_day = np.full(table.label.size, float((contract.as_of - EPOCH).days)), True
        text = f"lies after {contract.as_of}, the day that the table describes ('as_of'),"
    else:
        return
    for name, column in contract.inputs.items():
        values = table.values.get(name)
        if not column.is_temporal or name == contract.time or values is None or isinstance(values, Text):
            continue
        there = np.isfinite(values) & np.isfinite(day)
        if not there.any():
            continue
        whole = to_the_day or column.type == "date"
        late = np.floor(values) > np.floor(day) if whole else values > day
        share = float(late[there].mean())
        if share > LATE_SHARE:
            yield Finding("dated after the cut", name, f"{text} in {share:.1%} of the rows", share, LATE_SHARE)
