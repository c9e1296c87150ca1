"""Features in whose direction a prediction may go only: which a contract names, and whether it can be kept to.

A column's direction holds for the prediction only where nothing else that the model reads moves with the column. So a
derived feature of such a column needs a direction of its own, and no text is derived from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenure.contract.columns import Column, Direction
from tenure.contract.family_names import MONOTONE
from tenure.contract.located_errors import error_at
from tenure.tasks import get

if TYPE_CHECKING:
    from tenure.contract.schema import Contract


def directions(contract: Contract) -> dict[str, Direction]:
    """The direction of each monotone input and derived feature, by name."""
    found = {name: column.monotone for name, column in contract.inputs.items() if column.monotone is not None}
    if contract.assembly is not None:
        windows = contract.assembly.windows.items()
        found |= {name: made.window.monotone for name, made in windows if made.window.monotone is not None}
    return found | {name: made.monotone for name, made in contract.derived.items() if made.monotone is not None}


def check_monotone(contract: Contract) -> None:
    """Check that every monotone feature is a number, and that every family can be held to it.

    Raises:
        ValidationError: names the column, the feature or the family, and what to do.
    """
    _check_tables(contract)
    found = directions(contract)
    if not found:
        return
    for name, direction in found.items():
        if contract.feature_type(name) not in ("number", "boolean"):
            section = "derived" if name in contract.derived else "windows"
            message = f"'monotone' is for numbers and booleans, '{name}' is a {contract.feature_type(name)}"
            raise error_at((section, name, "monotone"), message, direction)
    for name, expression in contract.expressions.items():
        sources = [column for column in expression.columns if column in found]
        if not sources or name in found:
            continue
        if expression.type == "text":
            message = (
                f"'{name}' makes texts of '{sources[0]}', which is monotone: texts have no order; remove this feature,"
                " or 'monotone' there"
            )
        else:
            message = (
                f"'{name}' is computed from '{sources[0]}', which is monotone: give this feature a 'monotone' too, in"
                f" the direction in which it goes with '{sources[0]}', or remove it"
            )
        raise error_at(("derived", name), message)
    for family in contract.training.families:
        if family not in MONOTONE:
            possible = ", ".join(name for name in MONOTONE if name in get(contract.task).families)
            message = (
                f"'{family}' cannot keep '{next(iter(found))}' monotone: leave the family out, or remove 'monotone';"
                f" families that can are {possible}"
            )
            raise error_at(("training", "families"), message, family)


def _check_tables(contract: Contract) -> None:
    """Rows of events are aggregated by windows: a column of theirs is no feature of a customer."""
    columns: dict[tuple[str, ...], Column]
    if contract.events is not None:
        columns = {("columns", name): column for name, column in contract.columns.items()}
    else:
        read = {} if contract.assembly is None else contract.assembly.as_of_columns
        columns = {
            ("tables", table, "columns", name): column
            for table, described in contract.tables.items()
            for name, column in described.columns.items()
            if name not in read or read[name].table != table
        }
    for location, column in columns.items():
        unread = f"the model does not read '{location[-1]}' itself"
        if column.monotone is not None:
            raise error_at((*location, "monotone"), f"{unread}: give 'monotone' to a window of it", column.monotone)
        if column.impute is not None:
            raise error_at((*location, "impute"), f"{unread}: 'features.impute' is for its windows", column.impute)
