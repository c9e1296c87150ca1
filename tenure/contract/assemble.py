"""Makes the assembly of a contract, of either version, and checks that its parts go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from tenure.contract.aggregates import AGGREGATES, Takes
from tenure.contract.assembly import EVENTS_TABLE, AsOfColumn, Assembly, HorizonLabel, WindowFeature
from tenure.contract.columns import Column
from tenure.contract.durations import Duration, parse_duration
from tenure.contract.expression import Expression, parse
from tenure.contract.tables import Table
from tenure.contract.values import TODAY_COLUMN, ExpressionType
from tenure.contract.windows import MAX_WINDOWS, Window, expand

if TYPE_CHECKING:
    from tenure.contract.schema import Contract
    from tenure.contract.settings import Label

Location = tuple[str, ...]

ACTIVE_WINDOW = "_active"
"""Window that counts the events by which a customer of a version 1 event log is active."""


def error_at(location: Location, message: str, value: object = None) -> ValidationError:
    """An error at a location in the document, from which its line is found."""
    details = InitErrorDetails(
        type=PydanticCustomError("value_error", "{error}", {"error": message}), loc=location, input=value
    )
    return ValidationError.from_exception_data("Contract", [details])


def expression_type(column: Column) -> ExpressionType:
    """What expressions see a column as."""
    if column.is_text:
        return "text"
    if column.is_temporal:
        return "date"
    return "boolean" if column.type == "boolean" else "number"


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
        label=_label(contract, tables),
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

    Whoever has left by the status is not eligible, which is known from its value even where it is no feature.
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
        location: Location = ("windows", written)
        with _located(location):
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
    table = _table_of(window.table, tables)
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
        column = _column_of(window.column, table, described)
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
        _condition(window.where, "where", table, described),
        _condition(window.of, "of", table, described),
        result,
    )


def _table_of(name: str | None, tables: Mapping[str, Table]) -> str:
    if name is not None:
        if name not in tables:
            raise ValueError(f"no table is called '{name}': there are {', '.join(tables)}")
        return name
    events = [each for each, table in tables.items() if table.kind == "events"]
    if len(events) != 1:
        raise ValueError(f"'table' is missing: there are {', '.join(tables)}")
    return events[0]


def _column_of(name: str, table: str, described: Table) -> Column:
    if name not in described.columns:
        raise ValueError(f"table '{table}' has no column '{name}'")
    column = described.columns[name]
    if column.role == "sensitive":
        raise ValueError(f"'{name}' is sensitive: no feature may use it")
    if column.role in ("key", "row_id"):
        raise ValueError(f"'{name}' identifies rows of table '{table}' (role '{column.role}'): 'count' counts them")
    return column


def _condition(text: str | None, key: str, table: str, described: Table) -> Expression | None:
    """A condition over a table's columns; never over the key or a sensitive column."""
    if text is None:
        return None
    names = described.columns_of("feature", "time")
    found = parse(text, {name: expression_type(described.columns[name]) for name in names})
    if found.type != "boolean":
        raise ValueError(f"'{key}' must be true or false for a row of '{table}', '{text}' is a {found.type}")
    if TODAY_COLUMN in found.columns:
        raise ValueError(f"'{key}' is of a row of '{table}', which has no today(): use 'days' or 'last'")
    return found


def _label(contract: Contract, tables: Mapping[str, Table]) -> HorizonLabel:
    label = contract.label
    if contract.events is not None:
        if label.column is not None and label.column not in contract.columns:
            raise ValueError(f"'label.column' is a column that is not there: {label.column}")
        # A version 1 contract without a horizon is refused by ``check_label``.
        horizon = Duration(days=label.horizon_days or 1)
        kind = "no_event" if label.aggregate is None else "value"
        none = Duration()
        return HorizonLabel(kind, EVENTS_TABLE, None, label.column, (), label.aggregate, None, none, none, horizon)  # type: ignore[arg-type]
    with _located(("label",)):
        if label.kind is None:
            raise ValueError("'kind' is missing: no_event, event, status, lapse, or value for a regression")
        if label.horizon is None:
            raise ValueError("'horizon' is missing: how long after the cut is looked at, such as '30 days'")
        table = _table_of(label.table, tables)
        described = tables[table]
        if described.time is None:
            raise ValueError(f"table '{table}' has no time: the label needs a table with one")
        _check_label_keys(contract, described)
        _check_whole_days(label, table, described)
        for name in (label.column, label.status):
            if name is not None:
                _column_of(name, table, described)
        where = _condition(label.where, "where", table, described)
        return HorizonLabel(
            kind=label.kind,
            table=table,
            where=where,
            column=label.column if label.status is None else label.status,
            to=label.to,
            aggregate=label.aggregate,
            ends=label.ends,
            grace=_grace(label, described),
            gap=_duration(label.gap),
            horizon=parse_duration(label.horizon),
        )


def _check_label_keys(contract: Contract, table: Table) -> None:
    """Check that exactly the keys that the kind of label needs are given, and that they fit the table.

    Raises:
        ValueError: they do not.
    """
    label = contract.label
    if (label.kind == "value") != (contract.task == "regression"):
        raise ValueError(f"kind '{label.kind}' is not for the task {contract.task}")
    if (label.kind == "status") != bool(label.to):
        raise ValueError("'to' names the values of 'status' that mean that a customer left: for kind 'status' alone")
    if (label.kind == "status") != (label.status is not None):
        raise ValueError("'status' names the column whose value becomes one of 'to': for kind 'status' alone")
    if label.kind == "status" and table.kind not in ("history", "snapshot"):
        raise ValueError(f"kind 'status' needs a history or a snapshot, the table is of kind '{table.kind}'")
    status = table.columns.get(label.status or "")
    if status is not None and status.is_text and status.values and not set(label.to) <= set(status.values):
        other = next(value for value in label.to if value not in (status.values or ()))
        raise ValueError(f"'to' has '{other}', '{label.status}' has the values {', '.join(status.values)}")
    if label.kind == "lapse" and label.ends is None:
        raise ValueError("'ends' is missing: the column with the end of a period")
    if label.kind != "lapse" and label.ends is not None:
        raise ValueError("'ends' names the column with the end of a period: for kind 'lapse' alone")
    if label.grace is not None and label.kind != "lapse":
        raise ValueError("'grace' is for kind 'lapse' alone")
    if label.ends is not None:
        column = table.columns.get(label.ends)
        if column is None or not column.is_temporal:
            raise ValueError(f"'ends' must name a date or timestamp of the table, not '{label.ends}'")
    if label.kind == "value" and label.aggregate is None:
        raise ValueError("'aggregate' must say what of the horizon's rows is predicted: count or sum")


def _check_whole_days(label: Label, name: str, table: Table) -> None:
    """Check that the time of a table of whole days is divided by days."""
    for key, text in (("horizon", label.horizon), ("gap", label.gap), ("grace", label.grace)):
        if table.has_whole_days and _duration(text).microseconds:
            raise ValueError(f"'{key}': table '{name}' has whole days, which {text} are not: give it in days")


def _grace(label: Label, table: Table) -> Duration:
    """How long after ``ends`` the next period may begin; a day in ``ends`` is part of the period, up to its end."""
    grace = _duration(label.grace)
    if label.ends is None or table.columns[label.ends].type != "date":
        return grace
    return Duration(grace.days + 1, grace.microseconds)


def _duration(text: str | None) -> Duration:
    return Duration() if text is None else parse_duration(text)


@contextmanager
def _located(location: Location) -> Iterator[None]:
    try:
        yield
    except ValidationError:
        raise
    except ValueError as error:
        raise error_at(location, str(error)) from None
