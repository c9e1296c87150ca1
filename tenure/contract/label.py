"""Whether a contract's label can be: a column's value or number, or what an event log holds after a cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenure.contract.schema import Contract


def check_label(contract: Contract) -> None:
    """
    Raises:
        ValueError: one line that says what the label lacks, or has too much.
    """
    if contract.events is not None:
        _check_events(contract)
        _check_horizon(contract)
        return
    if contract.windows:
        raise ValueError("'windows' are for event logs: add 'events'")
    column = contract.label_column
    if column is None:
        raise ValueError("no column has the role 'label'")
    if contract.task == "regression":
        _check_number(contract, column)
    else:
        _check_positive(contract, column)


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
        numeric = window.column is None or contract.columns[window.column].is_numeric
        if not numeric and window.aggregate != "distinct":
            raise ValueError(f"window '{name}': '{window.aggregate}' needs a number, '{window.column}' is none")


def _check_horizon(contract: Contract) -> None:
    """What a regression adds up after the cut."""
    if contract.task == "regression" and contract.label.aggregate is None:
        raise ValueError("'label.aggregate' must say what of the horizon's events is predicted: sum or count")
    added_up = contract.label.column
    if added_up is not None and added_up not in contract.columns:
        raise ValueError(f"'label.column' is a column that is not there: {added_up}")
    if added_up is not None and contract.columns[added_up].type not in ("integer", "number"):
        raise ValueError(f"'label.column' must be an integer or number column to add up, '{added_up}' is none")


def _check_number(contract: Contract, column: str) -> None:
    if contract.label.horizon_days is not None or contract.label.aggregate is not None:
        raise ValueError(f"'label.horizon_days' and 'label.aggregate' are for event logs, '{column}' is a column")
    kind = contract.columns[column].type
    if kind not in ("integer", "number"):
        raise ValueError(f"regression predicts an integer or number column, the label '{column}' is a {kind}")


def _check_positive(contract: Contract, column: str) -> None:
    if contract.label.positive is None:
        raise ValueError(f"'label.positive' must name the value of '{column}' that means churn")
    values = contract.columns[column].values
    if values is not None and contract.label.positive not in values:
        raise ValueError(
            f"'label.positive' is '{contract.label.positive}', which '{column}' cannot hold: {', '.join(values)}"
        )
