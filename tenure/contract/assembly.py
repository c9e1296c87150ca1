"""How the rows that a model takes are computed from tables as of an instant: one view of both versions of a contract.

A contract of one table with a label column has no assembly: its rows are the model's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from tenure.contract.aggregates import AGGREGATES, Aggregate
from tenure.contract.columns import Column
from tenure.contract.cuts import Rolling
from tenure.contract.durations import DAY_US, Duration, parse_duration
from tenure.contract.expression import Expression
from tenure.contract.tables import Table
from tenure.contract.windows import Window

if TYPE_CHECKING:
    from tenure.contract.settings import LabelKind

EVENTS_TABLE = "events"
"""Name of the one table of a version 1 event log."""


@dataclass(frozen=True, eq=False)
class WindowFeature:
    """A window, its expressions parsed; families are expanded."""

    name: str
    table: str
    window: Window
    where: Expression | None
    """Of the table's columns."""
    of: Expression | None
    result: Column
    """The input that the model takes; also of a window that is no feature."""

    @property
    def aggregate(self) -> Aggregate:
        return AGGREGATES[self.window.aggregate]

    @property
    def last(self) -> Duration | None:
        return None if self.window.last is None else parse_duration(self.window.last)

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns that it reads, besides key and time."""
        used = [] if self.window.column is None else [self.window.column]
        for expression in (self.where, self.of):
            used += [] if expression is None else expression.columns
        return tuple(dict.fromkeys(used))

    @property
    def reach_phrase(self) -> str:
        """How far back it reaches, in words: ``the 30 days``, ``the last 12 hours``, ``all time``."""
        if self.window.days is not None:
            return f"the {self.window.days} days"
        return "all days" if self.window.last is None else f"the last {self.window.last}"


@dataclass(frozen=True)
class AsOfColumn:
    """A column of an entity, a history or a snapshot, with the value that holds at the instant."""

    table: str
    column: Column


@dataclass(frozen=True, eq=False)
class HorizonLabel:
    """The label: what happens from ``gap`` after the cut on, for ``horizon``."""

    kind: LabelKind
    table: str
    where: Expression | None
    column: str | None
    """The column that is aggregated, or whose value becomes one of ``to``."""
    to: tuple[str, ...]
    aggregate: str | None
    ends: str | None
    grace: Duration
    gap: Duration
    horizon: Duration
    times: tuple[Duration, ...] = ()
    """Of which the model predicts the probability, too; ascending, none longer than the horizon."""

    @property
    def part_ends(self) -> tuple[Duration, ...]:
        """Where the parts end that ``times`` divide the horizon into, from its begin on; empty without ``times``."""
        inside = tuple(each for each in self.times if each != self.horizon)
        return (*inside, self.horizon) if inside else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns that it reads, besides key and time."""
        used = [name for name in (self.column, self.ends) if name is not None]
        return tuple(dict.fromkeys([*used, *(() if self.where is None else self.where.columns)]))

    @property
    def reach(self) -> np.timedelta64:
        """From a cut to the end of its horizon. Where clocks change, days are taken as 24 hours."""
        parts = (self.gap, self.horizon, self.grace)
        days, microseconds = sum(part.days for part in parts), sum(part.microseconds for part in parts)
        if not microseconds:
            return np.timedelta64(days, "D")
        return np.timedelta64(days * DAY_US + microseconds, "us")

    @property
    def phrase(self) -> str:
        """The time that the label is computed from, in words: ``the 90 days from the cut on``."""
        after = "from the cut on" if self.gap == Duration() else f"from {self.gap} after the cut on"
        return f"the {self.horizon} {after}"


@dataclass(frozen=True, eq=False)
class Assembly:
    """Tables, and what is computed from them."""

    zone: str
    """Where days begin."""
    tables: Mapping[str, Table]
    whole_days: frozenset[str]
    """Names of the tables whose times count by their day: those with a date, and the log of version 1."""
    entity: str | None
    """Name of the table with one row a customer; None if the customers are the keys of all tables."""
    key: str
    """Column of the key in what is computed."""
    as_of_columns: Mapping[str, AsOfColumn]
    """By name: inputs, and the columns that only reports use."""
    windows: Mapping[str, WindowFeature]
    label: HorizonLabel
    cuts: Rolling | tuple[date | datetime, ...]
    eligible: Expression | None
    """Of inputs, windows and derived features: who stands at a cut, and is scored."""

    def zone_of(self, table: str) -> str:
        """Zone of a table's times that are written without an offset."""
        return self.tables[table].zone or self.zone

    def columns_of(self, table: str, *, label: bool = True) -> list[str]:
        """The table's columns that are read, key and times first.

        Args:
            table: its name.
            label: whether those that only the label needs are among them.
        """
        described = self.tables[table]
        used = described.columns_of("key", "time", "known_at", "row_id")
        used += [name for name, column in self.as_of_columns.items() if column.table == table]
        for window in self.windows.values():
            used += window.columns if window.table == table else ()
        if label and self.label.table == table:
            used += self.label.columns
        return list(dict.fromkeys(used))
