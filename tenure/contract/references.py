"""What windows and labels refer to: tables, their columns, and conditions over these."""

from __future__ import annotations

from collections.abc import Mapping

from tenure.contract.columns import Column
from tenure.contract.expression import Expression, parse
from tenure.contract.tables import Table
from tenure.contract.values import TODAY_COLUMN, ExpressionType


def expression_type(column: Column) -> ExpressionType:
    """What expressions see a column as."""
    if column.is_text:
        return "text"
    if column.is_temporal:
        return "date"
    return "boolean" if column.type == "boolean" else "number"


def table_of(name: str | None, tables: Mapping[str, Table]) -> str:
    """The name of an existing table; of the one table of events for None.

    Raises:
        ValueError: there is no such table, or there are several tables of events.
    """
    if name is not None:
        if name not in tables:
            raise ValueError(f"no table is called '{name}': there are {', '.join(tables)}")
        return name
    events = [each for each, table in tables.items() if table.kind == "events"]
    if len(events) != 1:
        raise ValueError(f"'table' is missing: there are {', '.join(tables)}")
    return events[0]


def column_of(name: str, table: str, described: Table) -> Column:
    """A column of a table, which a feature or a label may read.

    Raises:
        ValueError: the table has no such column, or it is sensitive.
    """
    if name not in described.columns:
        raise ValueError(f"table '{table}' has no column '{name}'")
    column = described.columns[name]
    if column.role == "sensitive":
        raise ValueError(f"'{name}' is sensitive: no feature may use it")
    if column.role in ("key", "row_id"):
        raise ValueError(f"'{name}' identifies rows of table '{table}' (role '{column.role}'): 'count' counts them")
    return column


def condition(text: str | None, key: str, table: str, described: Table) -> Expression | None:
    """A condition over a table's columns; never over the key or a sensitive column.

    Raises:
        ValueError: it is not a valid expression, or not true or false.
    """
    if text is None:
        return None
    names = described.columns_of("feature", "time")
    found = parse(text, {name: expression_type(described.columns[name]) for name in names})
    if found.type != "boolean":
        raise ValueError(f"'{key}' must be true or false for a row of '{table}', '{text}' is a {found.type}")
    if TODAY_COLUMN in found.columns:
        raise ValueError(f"'{key}' is of a row of '{table}', which has no today(): use 'days' or 'last'")
    return found
