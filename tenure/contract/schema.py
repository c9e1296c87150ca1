"""The contract: everything that Tenure is told about a dataset by its owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from tenure.contract.columns import NAME_PATTERN, Column, Derived, Part, Role, Window
from tenure.contract.expression import Expression, parse
from tenure.contract.label import check_label
from tenure.contract.settings import (
    Acceptance,
    Business,
    Decision,
    Events,
    Label,
    Quality,
    Segment,
    Serving,
    Source,
    Split,
    Task,
    Training,
)
from tenure.contract.task import find_setting_error, with_defaults
from tenure.contract.values import TODAY_COLUMN, ExpressionType
from tenure.tasks import DEFAULT

SNAPSHOT_COLUMN = "cut"
"""Time column of the snapshot table that an event log is turned into."""

ROW_COLUMN = "_row"
"""Column of the tables between steps: the row's number in the source, 1-based."""

WITHOUT_KEY = "no column identifies a customer: the row number stands for it, and scores cannot be joined with outcomes"
"""What ``key: row_number`` costs, as validation and scoring say it."""

LABEL_COLUMN = "_label"
"""Column of the feature tables: 1 for a customer who left, 0 for one who stayed; for regression the number."""

DAY_DESCRIPTION = "Day of the prediction; of a request the server's day, UTC, by default"
"""Of ``TODAY_COLUMN``, for the server's documentation."""

BOOLEAN_TEXTS = ("false", "true")
"""How a contract writes the values of a boolean feature that has no texts of its own."""


class Contract(Part):
    """A dataset: its columns, what is predicted of a customer, and what a decision is worth.

    Raises:
        pydantic.ValidationError: for anything that cannot hold; ``tenure.contract.load``
            turns it into a one-line ``ContractError`` with the key and the line.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    """Also the registered model's name and part of Kubernetes names."""
    description: str = ""
    task: Task = DEFAULT
    key: Literal["row_number"] | None = None
    """``row_number`` for a table without a column that identifies the customer."""
    as_of: date | None = None
    """Day that the table describes, for a table whose rows have no time: what ``today()`` is in training."""
    source: Source = Source()
    label: Label = Label()
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    derived: dict[str, Derived] = Field(default_factory=dict)
    events: Events | None = None
    windows: dict[str, Window] = Field(default_factory=dict)
    slices: tuple[str, ...] = ()
    """Columns besides the sensitive ones by whose values the evaluation is cut."""
    split: Split = Split()
    quality: Quality = Quality()
    business: Business = Business()
    decision: Decision = Decision()
    training: Training = Training()
    acceptance: Acceptance = Acceptance()
    serving: Serving = Serving()

    def columns_of(self, *roles: Role) -> list[str]:
        """Names of the columns with one of ``roles``, in the contract's order."""
        return [name for name, column in self.columns.items() if column.role in roles]

    @property
    def key_column(self) -> str:
        """Column that identifies the customer; ``ROW_COLUMN`` where the row number does."""
        return ROW_COLUMN if self.key is not None else self.columns_of("key")[0]

    @property
    def key_phrase(self) -> str:
        """The key, for messages."""
        return f"key '{self.key_column}'" if self.key is None else "the row number as key"

    @property
    def time(self) -> str | None:
        """The time column of the source; None without one."""
        return next(iter(self.columns_of("time")), None)

    @property
    def label_column(self) -> str | None:
        """The label column of the source; None for an event log, whose label is computed."""
        return next(iter(self.columns_of("label")), None)

    @property
    def label_unit(self) -> str | None:
        """Unit of the number that a regression predicts; None if the contract does not name one."""
        column = self.label_column or self.label.column
        return self.label.unit or (None if column is None else self.columns[column].unit)

    @property
    def row_identity(self) -> tuple[str, ...]:
        """Columns that identify a row: the key, of a panel the key and the time.

        Empty where rows may be equal: in an event log, without a key, and in a panel without a time column.
        """
        if self.key is not None or self.events is not None or (self.split.by is not None and self.time is None):
            return ()
        return (self.key_column,) if self.split.by is None else (self.key_column, str(self.time))

    @property
    def split_strategy(self) -> Literal["stratified", "time"]:
        if self.split.strategy is not None:
            return self.split.strategy
        return "time" if self.time is not None and self.split.by is None else "stratified"

    @property
    def max_age_days(self) -> int | None:
        """Largest age of the newest row; None if rows have no time, or may be of any age."""
        return None if self.time is None else self.quality.freshness_days

    @cached_property
    def inputs(self) -> dict[str, Column]:
        """The columns a model takes, by name: what a client of the server sends.

        For a table these are its feature columns, and the time column if a derived feature refers to it;
        for an event log its window aggregates.
        """
        if self.events is None:
            used = {name for expression in self.expressions.values() for name in expression.columns}
            names = [name for name in self.columns_of("feature", "time") if name in used or name != self.time]
            return {name: self.columns[name] for name in names}
        return {
            name: Column(
                type="number", nullable=True, unit=window.unit, description=window.reason, max_missing_share=1.0
            )
            for name, window in self.windows.items()
        }

    @cached_property
    def uses_today(self) -> bool:
        """Whether a derived feature depends on the day of the prediction."""
        return any(TODAY_COLUMN in expression.columns for expression in self.expressions.values())

    @cached_property
    def day_columns(self) -> dict[str, Column]:
        """The optional columns that say which day a prediction is for, by name; none without ``today()``.

        The first that holds a date counts, row by row: ``TODAY_COLUMN``, then the time column of a table.
        """
        if not self.uses_today:
            return {}
        found = {TODAY_COLUMN: Column(type="date", nullable=True, required=False, description=DAY_DESCRIPTION)}
        if self.events is None and self.time is not None:
            found[self.time] = self.columns[self.time].model_copy(update={"nullable": True, "required": False})
        return found

    @cached_property
    def accepted(self) -> dict[str, Column]:
        """The columns that rows to predict may hold, by name: the inputs and ``day_columns``."""
        return self.inputs | {name: column for name, column in self.day_columns.items() if name not in self.inputs}

    @cached_property
    def expressions(self) -> dict[str, Expression]:
        """The derived features, parsed and typed, in the contract's order: each may refer to those before it.

        They see feature columns and the time column of the row, never the label, the key or a sensitive column.
        """
        known: dict[str, ExpressionType] = dict.fromkeys(self.windows, "number")
        if self.events is None:
            known = {name: _expression_type(self.columns[name]) for name in self.columns_of("feature", "time")}
        parsed: dict[str, Expression] = {}
        sizes: dict[str, int] = {}
        for name, derived in self.derived.items():
            try:
                parsed[name] = _parse_feature(derived.expression, known, sizes)
                self._check_today(parsed[name])
            except ValueError as error:
                raise _at(("derived", name, "expression"), error, derived.expression) from None
            known[name], sizes[name] = parsed[name].type, parsed[name].size
        return parsed

    def _check_today(self, expression: Expression) -> None:
        if TODAY_COLUMN in expression.columns and self.time is None and self.as_of is None:
            raise ValueError(
                "today() has no value in training: add the day that the table describes ('as_of: 2026-11-30'), "
                "or give the column with each row's day the role 'time'"
            )

    def feature_type(self, name: str) -> ExpressionType:
        """What expressions and segments see an input or derived feature as.

        Raises:
            KeyError: if there is none of that name.
        """
        return self.expressions[name].type if name in self.derived else _expression_type(self.inputs[name])

    @model_validator(mode="before")
    @classmethod
    def _by_task(cls, document: Any) -> Any:
        return with_defaults(document)

    @model_validator(mode="after")
    def _roles(self) -> Self:
        unique: tuple[Role, ...] = ("key", "time", "label")
        for role in unique:
            if len(self.columns_of(role)) > 1:
                raise ValueError(f"more than one column has the role '{role}': {', '.join(self.columns_of(role))}")
        if self.key is None and not self.columns_of("key"):
            raise ValueError("no column has the role 'key': give it to one, or write 'key: row_number'")
        if self.key is not None and self.columns_of("key"):
            raise ValueError(f"'key' is {self.key}, and '{self.columns_of('key')[0]}' has the role 'key': use one")
        if self.key is not None and self.events is not None:
            raise ValueError("an event log's key is the customer, not the row: give the role 'key' to a column")
        if self.key is not None and self.split.by is not None:
            raise ValueError(f"'split.by: {self.split.by}' needs a column with the role 'key': 'key' is {self.key}")
        if self.time is not None and not self.columns[self.time].is_temporal:
            raise ValueError(f"the time column '{self.time}' must be a date or a timestamp")
        if self.as_of is not None and self.time is not None:
            raise ValueError(f"'as_of' is for tables whose rows have no time, '{self.time}' is the time of each row")
        if self.split.strategy == "time" and self.time is None:
            raise ValueError("'split.strategy: time' needs a column with the role 'time'")
        for name in self.slices:
            if name not in self.columns and name not in self.windows and name not in self.derived:
                raise ValueError(f"'slices' names a column that is not there: {name}")
        return self

    @model_validator(mode="after")
    def _goes_with_the_task(self) -> Self:
        found = find_setting_error(self)
        if found is not None:
            raise _at(found.location, ValueError(found.message), found.value)
        return self

    @model_validator(mode="after")
    def _label_is_there(self) -> Self:
        check_label(self)
        return self

    @model_validator(mode="after")
    def _features(self) -> Self:
        if self.events is None and not self.columns_of("feature"):
            raise ValueError("no column has the role 'feature'")
        for name in self.derived:
            if not NAME_PATTERN.fullmatch(name):
                raise ValueError(f"derived feature '{name}': a name is letters, digits and underscores")
            if name in self.columns or name in self.windows:
                raise ValueError(f"derived feature '{name}' has the name of a column")
        for name in self.windows:
            if name in self.columns:
                raise ValueError(f"window '{name}' has the name of a column")
        own = [ROW_COLUMN, LABEL_COLUMN]
        own += [SNAPSHOT_COLUMN] if self.events else []
        own += [TODAY_COLUMN] if self.uses_today or self.as_of is not None else []
        for name in own:
            if name in self.columns or name in self.windows or name in self.derived:
                raise ValueError(f"'{name}' is the name of a column that Tenure adds itself")
        used = {name for expression in self.expressions.values() for name in expression.columns}
        for name in self.columns_of("feature") if self.events is None else ():
            if self.columns[name].is_temporal and name not in used:
                error = ValueError("no derived feature uses this date: use it in one, or give it the role 'ignored'")
                raise _at(("columns", name, "role"), error, "feature")
        return self

    @model_validator(mode="after")
    def _named_features(self) -> Self:
        for name in self.quality.leakage_accepted:
            if name not in self.inputs and name not in self.derived:
                raise ValueError(f"'quality.leakage_accepted' names a feature that is not there: {name}")
        for name, segment in self.decision.segments.items():
            self._check_segment(name, segment)
        return self

    def _check_segment(self, name: str, segment: Segment) -> None:
        column = segment.column
        if column not in self.inputs and column not in self.derived:
            raise ValueError(f"segment '{name}' names a feature that is not there: {column}")
        kind = self.feature_type(column)
        if segment.at_least is not None and kind != "number":
            raise ValueError(f"segment '{name}': 'at_least' needs a number, '{column}' is a {kind}")
        if segment.values is not None and kind not in ("text", "boolean"):
            raise ValueError(f"segment '{name}': 'values' needs a text or a boolean, '{column}' is a {kind}")
        described = self.inputs.get(column)
        possible = None if described is None else described.values
        if kind == "boolean":
            possible = possible or BOOLEAN_TEXTS
        strange = sorted(set(segment.values or ()) - set(possible)) if possible is not None else []
        if strange:
            raise ValueError(f"segment '{name}': '{column}' cannot hold '{strange[0]}'")


def _parse_feature(text: str, known: Mapping[str, ExpressionType], sizes: Mapping[str, int]) -> Expression:
    expression = parse(text, known, sizes)
    if expression.type == "date":
        raise ValueError(f"a feature is a number, a text or a boolean, '{text}' is a date; days_between counts days")
    return expression


def _at(location: tuple[str, ...], error: ValueError, value: object) -> ValidationError:
    """An error at a location in the document, from which its line is found."""
    details = InitErrorDetails(
        type=PydanticCustomError("value_error", "{error}", {"error": str(error)}), loc=location, input=value
    )
    return ValidationError.from_exception_data("Contract", [details])


def _expression_type(column: Column) -> ExpressionType:
    if column.is_text:
        return "text"
    if column.is_temporal:
        return "date"
    return "boolean" if column.type == "boolean" else "number"
