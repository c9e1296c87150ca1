"""The label over a horizon of a contract, and the keys that its kind needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tenure.contract.assembly import EVENTS_TABLE, HorizonLabel
from tenure.contract.durations import Duration, parse_duration
from tenure.contract.horizon_times import horizon_times
from tenure.contract.located_errors import located
from tenure.contract.references import column_of, condition, table_of
from tenure.contract.tables import Table

if TYPE_CHECKING:
    from tenure.contract.schema import Contract
    from tenure.contract.settings import Label


def horizon_label(contract: Contract, tables: Mapping[str, Table]) -> HorizonLabel:
    """The label of a contract, with its table, condition and durations.

    Raises:
        pydantic.ValidationError: a key of ``label`` is missing, or contradicts its kind or table.
    """
    label = contract.label
    if contract.events is not None:
        if label.column is not None and label.column not in contract.columns:
            raise ValueError(f"'label.column' is a column that is not there: {label.column}")
        # A version 1 contract without a horizon is refused by ``check_label``.
        horizon = Duration(days=label.horizon_days or 1)
        kind = "no_event" if label.aggregate is None else "value"
        none = Duration()
        return HorizonLabel(kind, EVENTS_TABLE, None, label.column, (), label.aggregate, None, none, none, horizon)  # type: ignore[arg-type]
    with located(("label",)):
        if label.kind is None:
            raise ValueError("'kind' is missing: no_event, event, status, lapse, or value for a regression")
        if label.horizon is None:
            raise ValueError("'horizon' is missing: how long after the cut is looked at, such as '30 days'")
        table = table_of(label.table, tables)
        described = tables[table]
        if described.time is None:
            raise ValueError(f"table '{table}' has no time: the label needs a table with one")
        _check_label_keys(contract, described)
        _check_whole_days(label, table, described)
        for name in (label.column, label.status):
            if name is not None:
                column_of(name, table, described)
        where = condition(label.where, "where", table, described)
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
            times=horizon_times(label),
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
    given = [("horizon", label.horizon), ("gap", label.gap), ("grace", label.grace)]
    for key, text in (*given, *(("times", text) for text in label.times)):
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
