"""The tables of a contract whose features are computed as of an instant."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tenure.contract.columns import Column, Part, Role
from tenure.contract.settings import Source
from tenure.contract.zones import ZoneName

Kind = Literal["entity", "history", "events", "snapshot"]

TABLE_NAME = r"^[a-z][a-z0-9_]{0,39}$"
"""Valid names of tables: without a dot, so that ``table.column`` is read in one way."""

_ONE_EACH: tuple[Role, ...] = ("key", "time", "known_at", "row_id")


class Table(Part):
    """One source of rows about customers.

    Where a row counts at an instant: ``time < instant``, and ``known_at <= instant``, up to the instant at which a
    later version of it (one with the same ``row_id``) is known.
    """

    kind: Kind
    """``entity``: one row a customer; with a time the customer exists from then on. ``history``: a row holds from its
    time until the customer's next row. ``snapshot``: a panel, one row a customer and time; the newest counts.
    ``events``: rows in time, read by windows alone."""
    description: str = ""
    source: Source = Source()
    zone: ZoneName | None = None
    """Of times that are written without an offset; the contract's without it."""
    known_before_time: Literal["allow", "refuse"] = "allow"
    """Whether a row may be known before its time, as a planned cancellation is. Such rows are counted."""
    columns: Annotated[dict[str, Column], Field(min_length=1)]

    def columns_of(self, *roles: Role) -> list[str]:
        """Names of the columns with one of ``roles``, in the contract's order."""
        return [name for name, column in self.columns.items() if column.role in roles]

    @property
    def key_column(self) -> str:
        """Column that identifies the customer."""
        return self.columns_of("key")[0]

    @property
    def time(self) -> str | None:
        """Column of the row's time; of an entity None where customers have always existed."""
        return next(iter(self.columns_of("time")), None)

    @property
    def known_at(self) -> str | None:
        """Column of the instant at which the row became known; None where that is its time."""
        return next(iter(self.columns_of("known_at")), None)

    @property
    def row_id(self) -> str | None:
        """Column that two versions of one row share; None where rows are never corrected."""
        return next(iter(self.columns_of("row_id")), None)

    @property
    def row_identity(self) -> tuple[str, ...]:
        """Columns that identify a row: of an entity the key. Empty where rows may be equal, or are corrected."""
        return (self.key_column,) if self.kind == "entity" and self.row_id is None else ()

    @property
    def has_whole_days(self) -> bool:
        """Whether the time of a row is a day: it counts once that day is over."""
        return self.time is not None and self.columns[self.time].type == "date"

    @model_validator(mode="after")
    def _roles(self) -> Self:
        for role in _ONE_EACH:
            if len(self.columns_of(role)) > 1:
                raise ValueError(f"more than one column has the role '{role}': {', '.join(self.columns_of(role))}")
        if not self.columns_of("key"):
            raise ValueError("no column has the role 'key': give it to the column that identifies the customer")
        if self.columns_of("label"):
            raise ValueError(
                f"'{self.columns_of('label')[0]}' has the role 'label': with 'tables' a label is computed, see 'label'"
            )
        if self.kind != "entity" and self.time is None:
            raise ValueError(f"no column has the role 'time': a table of kind '{self.kind}' needs one")
        if self.known_before_time == "refuse" and self.known_at is None:
            raise ValueError("'known_before_time: refuse' needs a column with the role 'known_at'")
        for name in self.columns_of("time", "known_at"):
            if not self.columns[name].is_temporal:
                raise ValueError(f"'{name}' has the role '{self.columns[name].role}': it must be a date or a timestamp")
        if self.kind == "events" and self.columns_of("sensitive"):
            name = self.columns_of("sensitive")[0]
            raise ValueError(f"'{name}' is sensitive: of an event give it the role 'ignored', or put it in the entity")
        return self
