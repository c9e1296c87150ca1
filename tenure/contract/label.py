"""Checks of a contract's label: a column of the table, or what an event log holds after a cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenure.contract.aggregates import AGGREGATES, Takes
from tenure.tasks import get

if TYPE_CHECKING:
    from tenure.contract.schema import Contract


def check_label(contract: Contract) -> None:
    """Check that the label is complete, and that nothing in it contradicts the source or the task.

    Raises:
        ValueError: one line that says what is missing or superfluous.
    """
    if contract.events is not None:
        _check_events(contract)
    elif contract.tables:
        _ = contract.assembly
    elif contract.windows:
        raise ValueError("'windows' are for event logs: add 'events'")
    elif contract.label_column is None:
        raise ValueError("no column has the role 'label'")
    get(contract.task).check_label(contract)


def _check_events(contract: Contract) -> None:
    if contract.label.horizon_days is None or contract.label_column is not None:
        raise ValueError("an event log's label is 'label.horizon_days'; no column has the role 'label'")
    if contract.time is None:
        raise ValueError("an event log needs a column with the role 'time'")
    if not contract.windows:
        raise ValueError("an event log needs 'windows': its features")
    for name, window in contract.windows.items():
        if window.column is not None and window.column not in contract.columns:
            raise ValueError(f"window '{name}' aggregates a column that is not there: {window.column}")
        column = None if window.column is None else contract.columns[window.column]
        takes = AGGREGATES[window.aggregate].takes
        if column is not None and not column.is_numeric and takes is Takes.NUMBER:
            raise ValueError(
                f"window '{name}': '{window.aggregate}' needs {takes.value}, '{window.column}' is a {column.type}"
            )
