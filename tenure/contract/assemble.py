"""Makes the assembly of a contract, of either version, and checks that its parts go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tenure.contract.aggregates import AGGREGATES, Takes
from tenure.contract.assembly import EVENTS_TABLE, AsOfColumn, Assembly, WindowFeature
from tenure.contract.columns import Column
from tenure.contract.durations import parse_duration
from tenure.contract.horizon_label import horizon_label
from tenure.contract.located_errors import error_at, located
from tenure.contract.references import column_of, condition, expression_type, table_of
from tenure.contract.tables import Table
from tenure.contract.windows import MAX_WINDOWS, Window, expand

if TYPE_CHECKING:
    from tenure.contract.schema import Contract
    from tenure.contract.settings import Label

ACTIVE_WINDOW = "_active"
"""Window that counts the events by which a customer of a version 1 event log is active."""


def assemble(contract: Contract) -> Assembly | None:
    """The contract's assembly; None for one table with a label column. ``eligible`` is still to be parsed.

    Raises:
        pydantic.ValidationError: parts of the contract contradict each other.
    """
    if contract.tables:
        tables = dict(contract.tables)
    elif contract.events is not None:
        tables = {EVENTS_TABLE: _log(contract)}
    else:
        return None
    entity = _entity(tables)
    if contract.zone is None and contract.tables:
        raise error_at(("zone",), "is missing: in which time zone do days begin? UTC, or a name such as Europe/Berlin")
    key = tables[entity or next(iter(tables))].key_column
    _check_keys(tables, key if entity is None else tables[entity].key_column)
    return Assembly(
        zone=contract.zone or "UTC",
        tables=tables,
        whole_days=frozenset(name for name, table in tables.items() if contract.events or table.has_whole_days),
        entity=entity,
        key=key,
        as_of_columns=_as_of_columns(tables, entity, contract.label),
        windows=_windows(contract, tables),
        label=horizon_label(contract, tables),
        cuts=contract.events.cuts if contract.events is not None else contract.cuts or (),
        eligible=None,
    )


def _log(contract: Contract) -> Table:
    """The table of a version 1 event log. Its sensitive columns are in no part of the panel."""
    columns = {
        name: column.model_copy(update={"role": "ignored"}) if column.role == "sensitive" else column
        for name, column in contract.columns.items()
    }
    return Table(kind="events", source=contract.source, columns=columns)


def _entity(tables: Mapping[str, Table]) -> str | None:
    names = [name for name, table in tables.items() if table.kind == "entity"]
    if len(names) > 1:
        raise error_at(
            ("tables", names[1], "kind"),
            f"'{names[0]}' is the entity already: a table with other columns of the same customers is a snapshot or a "
            "history with a time",
            "entity",
        )
    return next(iter(names), None)


def _check_keys(tables: Mapping[str, Table], key: str) -> None:
    first = next(iter(tables.values())) if key not in {table.key_column for table in tables.values()} else None
    reference = first or next(table for table in tables.values() if table.key_column == key)
    kind = expression_type(reference.columns[reference.key_column])
    for name, table in tables.items():
        column = table.columns[table.key_column]
        if expression_type(column) != kind:
            raise error_at(
                ("tables", name, "columns", table.key_column, "type"),
                f"the key '{table.key_column}' has the type {column.type}, the key '{reference.key_column}' the type "
                f"{reference.columns[reference.key_column].type}: give both the same type",
                column.type,
            )


def _as_of_columns(tables: Mapping[str, Table], entity: str | None, label: Label) -> dict[str, AsOfColumn]:
    """The columns with a value as of an instant: features, those of reports, and the label's status.

    The status decides who is eligible, so its value is needed even if it is not a feature.
    """
    found: dict[str, AsOfColumn] = {}
    for name, table in tables.items():
        if table.kind == "events":
            continue
        status = [label.status] if name == label.table and label.status in table.columns else []
        for column in dict.fromkeys([*table.columns_of("feature", "sensitive"), *status]):
            if column in found:
                raise error_at(
                    ("tables", name, "columns", column),
                    f"table '{found[column].table}' has a column of this name, too: give one of them the role "
                    "'ignored', or rename it in its source",
                    column,
                )
            described = table.columns[column]
            if name != entity:
                # Before its first row a customer has no value.
                described = described.model_copy(update={"nullable": True, "max_missing_share": 1.0})
            found[column] = AsOfColumn(name, described)
    return found


def _windows(contract: Contract, tables: Mapping[str, Table]) -> dict[str, WindowFeature]:
    found: dict[str, WindowFeature] = {}
    for written, window in contract.windows.items():
        with located(("windows", written)):
            for name, single in expand(written, window):
                if name in found:
                    raise ValueError(f"another window is called '{name}', too")
                found[name] = _window(name, single, tables)
    if contract.events is not None:
        active = Window(aggregate="count", days=contract.events.active_days, feature=False)
        found[ACTIVE_WINDOW] = _window(ACTIVE_WINDOW, active, tables)
    if len(found) > MAX_WINDOWS:
        raise error_at(("windows",), f"there are {len(found):,} windows, at most {MAX_WINDOWS:,} are allowed")
    return found


def _window(name: str, window: Window, tables: Mapping[str, Table]) -> WindowFeature:
    table = table_of(window.table, tables)
    described = tables[table]
    if described.time is None:
        raise ValueError(f"table '{table}' has no time: a window needs a table with one")
    if described.has_whole_days and window.last is not None and parse_duration(window.last).microseconds:
        raise ValueError(
            f"table '{table}' has whole days, of which 'last: {window.last}' is a part: write a number of days"
        )
    aggregate = AGGREGATES[window.aggregate]
    column = None
    if window.column is not None:
        column = column_of(window.column, table, described)
        if aggregate.takes in (Takes.NUMBER, Takes.NUMBER_OR_NONE) and not column.is_numeric:
            raise ValueError(
                f"window '{name}': '{window.aggregate}' needs {Takes.NUMBER.value}, "
                f"'{window.column}' is a {column.type}"
            )
    unit = window.unit or aggregate.unit
    result = Column(type="number", nullable=True, unit=unit, description=window.reason, max_missing_share=1.0)
    if aggregate.result == "column" and column is not None and not column.is_numeric:
        kind = "category" if column.is_text else column.type
        result = result.model_copy(update={"type": kind})
    return WindowFeature(
        name,
        table,
        window,
        condition(window.where, "where", table, described),
        condition(window.of, "of", table, described),
        result,
    )
