"""The contract: everything that Tenure is told about a dataset by its owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tenure.contract.assemble import ACTIVE_WINDOW, assemble
from tenure.contract.assembly import Assembly
from tenure.contract.columns import NAME_PATTERN, Column, Derived, Part, Role
from tenure.contract.cuts import Cuts
from tenure.contract.expression import Expression, parse
from tenure.contract.label import check_label
from tenure.contract.located_errors import error_at
from tenure.contract.monotone import check_monotone
from tenure.contract.references import expression_type
from tenure.contract.settings import (
    Acceptance,
    Business,
    Clusters,
    Decision,
    Events,
    Features,
    Label,
    Quality,
    Segment,
    Serving,
    Source,
    Split,
    Task,
    Training,
)
from tenure.contract.tables import TABLE_NAME, Table
from tenure.contract.task import default_business_values, find_setting_error, with_defaults
from tenure.contract.values import TODAY_COLUMN, ExpressionType
from tenure.contract.versions import check_version
from tenure.contract.windows import Window
from tenure.contract.zones import ZoneName
from tenure.tasks import DEFAULT

SNAPSHOT_COLUMN = "cut"
"""Time column of the snapshot table that an event log is turned into."""

ROW_COLUMN = "_row"
"""Column of the tables between steps: the row's number in the source, 1-based."""

WITHOUT_KEY = "no column identifies a customer: the row number stands for it, and scores cannot be joined with outcomes"
"""What ``key: row_number`` costs, as validation and scoring say it."""

LABEL_COLUMN = "_label"
"""Column of the feature tables: 1 for a customer who left, 0 for one who stayed; for regression the number."""

PART_COLUMN = "_part"
"""Column of the feature tables of a label with ``times``: the part of the horizon in which a customer left, or of
``no_event`` in which the first event happened; from 1, and 0 for a customer to whom that did not happen."""

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

    version: Literal[1, 2] = 1
    """Of the file's format."""
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
    columns: dict[str, Column] = Field(default_factory=dict)
    """Of the one table of ``source``."""
    zone: ZoneName | None = None
    """With ``tables``: where days begin, and what times without an offset mean."""
    tables: dict[Annotated[str, Field(pattern=TABLE_NAME)], Table] = Field(default_factory=dict)
    """Instead of ``source`` and ``columns``: tables from which features are computed as of an instant."""
    cuts: Cuts | None = None
    """With ``tables``: the instants at which customers are looked at in training."""
    eligible: str | None = None
    """With ``tables``: expression over inputs, windows and derived features; a customer for whom it is true stands at
    a cut, and is scored. Everyone without it."""
    derived: dict[str, Derived] = Field(default_factory=dict)
    events: Events | None = None
    windows: dict[str, Window] = Field(default_factory=dict)
    features: Features = Features()
    slices: tuple[str, ...] = ()
    """Columns besides the sensitive ones by whose values the evaluation is cut."""
    split: Split = Split()
    quality: Quality = Quality()
    business: Business = Business()
    decision: Decision = Decision()
    training: Training = Training()
    clusters: Clusters | None = None
    """Without it, a table of some size has clusters; see ``tenure.training.clusters``."""
    acceptance: Acceptance = Acceptance()
    serving: Serving = Serving()

    def columns_of(self, *roles: Role) -> list[str]:
        """Names of the row's columns with one of ``roles``, in the contract's order."""
        return [name for name, column in self.row_columns.items() if column.role in roles]

    @cached_property
    def assembly(self) -> Assembly | None:
        """How the model's rows are computed from tables; None for one table with a label column."""
        assembly = assemble(self)
        if assembly is None:
            return None
        known = {name: expression_type(found.column) for name, found in assembly.as_of_columns.items()}
        known |= {name: expression_type(window.result) for name, window in assembly.windows.items()}
        known |= {name: expression.type for name, expression in self.expressions.items()}
        if self.events is not None:
            return replace(assembly, eligible=parse(f"{ACTIVE_WINDOW} > 0", known))
        if self.eligible is None:
            return assembly
        try:
            return replace(assembly, eligible=_parse_eligible(self.eligible, known))
        except ValueError as error:
            raise error_at(("eligible",), str(error), self.eligible) from None

    @cached_property
    def row_columns(self) -> dict[str, Column]:
        """The columns of a customer's row, by name, derived features and windows left out.

        For a table these are its columns. With ``tables`` they are the key, and the columns of entity, history and
        snapshots.
        """
        if not self.tables:
            return self.columns
        assembly = self._unchecked_assembly
        table = assembly.tables[assembly.entity or next(iter(assembly.tables))]
        return {assembly.key: table.columns[assembly.key]} | {
            name: found.column for name, found in assembly.as_of_columns.items()
        }

    @cached_property
    def _unchecked_assembly(self) -> Assembly:
        """The assembly without ``eligible``, which may refer to features that are computed from it."""
        assembly = assemble(self)
        if assembly is None:
            raise ValueError(f"'{self.name}' is one table with a label column")
        return assembly

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, which are not validated. What was computed from the old ones is computed anew."""
        copied = super().model_copy(update=update, deep=deep)
        for name, member in vars(Contract).items():
            if isinstance(member, cached_property):
                vars(copied).pop(name, None)
        return copied

    @property
    def row_time(self) -> str | None:
        """The time of the rows that a model is trained on: the cut, or the table's time column; None without one."""
        return self.time if self.assembly is None else SNAPSHOT_COLUMN

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
        column = self.predicted_column
        return self.label.unit or (None if column is None else column.unit)

    @property
    def predicted_column(self) -> Column | None:
        """The label column, or the column that a regression's label aggregates; None without one."""
        if self.is_assembled:
            label = self._unchecked_assembly.label
            return None if label.column is None else self._unchecked_assembly.tables[label.table].columns[label.column]
        return None if self.label_column is None else self.columns[self.label_column]

    @property
    def row_identity(self) -> tuple[str, ...]:
        """Columns that identify a row: the key, of a panel the key and the time.

        Empty where rows may be equal: in an event log, without a key, and in a panel without a time column.
        """
        if self.key is not None or self.is_assembled or (self.split.by is not None and self.time is None):
            return ()
        return (self.key_column,) if self.split.by is None else (self.key_column, str(self.time))

    @property
    def split_strategy(self) -> Literal["stratified", "time"]:
        if self.split.strategy is not None:
            return self.split.strategy
        return "time" if (self.time is not None or self.is_assembled) and self.split.by is None else "stratified"

    @property
    def max_age_days(self) -> int | None:
        """Largest age of the newest row; None if rows have no time, or may be of any age."""
        return None if self.time is None and not self.is_assembled else self.quality.freshness_days

    @property
    def is_assembled(self) -> bool:
        """Whether the model's rows are computed from tables as of an instant."""
        return bool(self.tables) or self.events is not None

    @cached_property
    def inputs(self) -> dict[str, Column]:
        """The columns a model takes, by name: what a client of the server sends.

        For a table these are its feature columns, and the time column if a derived feature refers to it; otherwise
        the windows, and the columns of entity, history and snapshots as of the instant.
        """
        used = {name for expression in self.expressions.values() for name in expression.columns}
        if not self.is_assembled:
            names = [name for name in self.columns_of("feature", "time") if name in used or name != self.time]
            return {name: self.columns[name] for name in names}
        assembly = self._unchecked_assembly
        found = {name: as_of.column for name, as_of in assembly.as_of_columns.items() if as_of.column.role == "feature"}
        return found | {name: window.result for name, window in assembly.windows.items() if window.window.feature}

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
        if not self.is_assembled and self.time is not None:
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
        if self.is_assembled:
            assembly = self._unchecked_assembly
            windows = {name: window.result for name, window in assembly.windows.items() if window.window.feature}
            features = {name: self.row_columns[name] for name in self.columns_of("feature")} if self.tables else {}
            known = {name: expression_type(column) for name, column in (features | windows).items()}
        else:
            known = {name: expression_type(self.columns[name]) for name in self.columns_of("feature", "time")}
        parsed: dict[str, Expression] = {}
        sizes: dict[str, int] = {}
        for name, derived in self.derived.items():
            try:
                parsed[name] = _parse_feature(derived.expression, known, sizes)
                self._check_today(parsed[name])
            except ValueError as error:
                raise error_at(("derived", name, "expression"), str(error), derived.expression) from None
            if derived.encode is not None and parsed[name].type != "text":
                message = f"'encode' is for texts, '{name}' is a {parsed[name].type}"
                raise error_at(("derived", name, "encode"), message, derived.encode)
            known[name], sizes[name] = parsed[name].type, parsed[name].size
        return parsed

    def _check_today(self, expression: Expression) -> None:
        if TODAY_COLUMN in expression.columns and not self.is_assembled and self.time is None and self.as_of is None:
            raise ValueError(
                "today() has no value in training: add the day that the table describes ('as_of: 2026-11-30'), "
                "or give the column with each row's day the role 'time'"
            )

    @property
    def default_business_values(self) -> list[str]:
        """The keys of ``business`` that sums of money and the limit of contacts rest on and that are not set."""
        return default_business_values(self)

    def feature_type(self, name: str) -> ExpressionType:
        """What expressions and segments see an input or derived feature as.

        Raises:
            KeyError: if there is none of that name.
        """
        return self.expressions[name].type if name in self.derived else expression_type(self.inputs[name])

    @model_validator(mode="before")
    @classmethod
    def _by_task(cls, document: Any) -> Any:
        return with_defaults(document)

    @model_validator(mode="after")
    def _one_version(self) -> Self:
        check_version(self)
        return self

    @model_validator(mode="after")
    def _roles(self) -> Self:
        if self.tables:
            return self._table_roles()
        for name in self.columns_of("known_at", "row_id"):
            raise error_at(
                ("columns", name, "role"),
                f"the role '{self.columns[name].role}' is for the columns of 'tables'",
                self.columns[name].role,
            )
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
        return self._check_slices(self.columns)

    def _table_roles(self) -> Self:
        if self.key is not None:
            raise ValueError("'key: row_number' is for one table: give a column of each table the role 'key'")
        if self.as_of is not None:
            raise ValueError("'as_of' is for one table whose rows have no time: with 'tables' the cuts are the days")
        return self._check_slices(self.row_columns)

    def _check_slices(self, columns: Mapping[str, Column]) -> Self:
        for name in self.slices:
            if name not in columns and name not in self.inputs and name not in self.derived:
                raise ValueError(f"'slices' names a column that is not there: {name}")
        return self

    @model_validator(mode="after")
    def _goes_with_the_task(self) -> Self:
        found = find_setting_error(self)
        if found is not None:
            raise error_at(found.location, found.message, found.value)
        return self

    @model_validator(mode="after")
    def _label_is_there(self) -> Self:
        check_label(self)
        return self

    @model_validator(mode="after")
    def _features(self) -> Self:
        if not self.is_assembled and not self.columns_of("feature"):
            raise ValueError("no column has the role 'feature'")
        if self.is_assembled and not self.inputs:
            raise ValueError("there are no features: add 'windows', or columns with the role 'feature'")
        windows = self._unchecked_assembly.windows if self.is_assembled else {}
        for name in self.derived:
            if not NAME_PATTERN.fullmatch(name):
                raise ValueError(f"derived feature '{name}': a name is letters, digits and underscores")
            if name in self.row_columns or name in windows:
                kind = "window" if name in windows else "column"
                raise error_at(("derived", name), f"derived feature '{name}' has the name of a {kind}")
        for name in windows:
            if name in self.row_columns:
                raise error_at(("windows", name), f"window '{name}' has the name of a column")
        own = [ROW_COLUMN, LABEL_COLUMN]
        own += [SNAPSHOT_COLUMN] if self.is_assembled else []
        own += [PART_COLUMN] if self.label.times else []
        own += [TODAY_COLUMN] if self.uses_today or self.as_of is not None else []
        for name in own:
            if name in self.row_columns or name in windows or name in self.derived:
                raise ValueError(f"'{name}' is the name of a column that Tenure adds itself")
        used = {name for expression in self.expressions.values() for name in expression.columns}
        for name in self.columns_of("feature") if self.tables or not self.is_assembled else ():
            if self.row_columns[name].is_temporal and name not in used:
                message = "no derived feature uses this date: use it in one, or give it the role 'ignored'"
                raise error_at(self._location_of(name), message, "feature")
        return self

    def _location_of(self, column: str) -> tuple[str, ...]:
        """Where the role of a row's column is written."""
        if not self.tables:
            return ("columns", column, "role")
        return ("tables", self._unchecked_assembly.as_of_columns[column].table, "columns", column, "role")

    @model_validator(mode="after")
    def _assembles(self) -> Self:
        """Everything that is parsed once is parsed here, so that no error comes later."""
        _ = self.assembly
        return self

    @model_validator(mode="after")
    def _monotone_features(self) -> Self:
        check_monotone(self)
        return self

    @model_validator(mode="after")
    def _named_features(self) -> Self:
        for name in self.quality.leakage_accepted:
            if name not in self.inputs and name not in self.derived:
                raise ValueError(f"'quality.leakage_accepted' names a feature that is not there: {name}")
        for name, segment in self.decision.segments.items():
            self._check_segment(name, segment)
        if self.decision.by is not None:
            self._check_segments_by(self.decision.by)
        return self

    def _check_segments_by(self, column: str) -> None:
        location = ("decision", "by")
        if column not in self.inputs and column not in self.derived:
            raise error_at(location, f"names a feature that is not there: {column}", column)
        kind = self.feature_type(column)
        if kind not in ("text", "boolean"):
            message = f"needs a text or a boolean, '{column}' is a {kind}"
            if kind == "number":
                message += f": name ranges of it under 'segments', such as {{long: {{column: {column}, at_least: 12}}}}"
            raise error_at(location, message, column)

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


def _parse_eligible(text: str, known: Mapping[str, ExpressionType]) -> Expression:
    expression = parse(text, known)
    if expression.type != "boolean":
        raise ValueError(f"'eligible' must be true or false for a customer, '{text}' is a {expression.type}")
    return expression
