"""One column of a table, and one derived feature, as a contract describes them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ColumnType = Literal["string", "category", "integer", "number", "boolean", "date", "timestamp"]
Encode = Literal["one_hot", "target"]
"""How a category becomes numbers: a feature for each value, or one with the smoothed mean of the label."""
Role = Literal["feature", "key", "time", "label", "sensitive", "ignored", "known_at", "row_id"]

Impute = Literal["median", "knn", "iterative"]
"""How a missing number is filled in: by the median, by the mean of the nearest rows, or by chained equations."""

NAME_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""Valid names of derived features: those that an expression can use without quotes."""


class Part(BaseModel):
    """Base of every part of a contract: unknown keys are errors, numbers are finite, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _as_text(value: object) -> object:
    """YAML reads ``0`` and ``true`` as numbers and booleans; the data holds text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Days = Annotated[int, Field(gt=0, le=36_525)]
"""A number of days: up to a hundred years, so that a date and such a number make another date."""


def _as_direction(value: object) -> object:
    if isinstance(value, bool) or value not in (-1, 1):
        raise ValueError("write +1 if the prediction may only rise with it, -1 if it may only fall")
    return value


Direction = Annotated[Literal[-1, 1], BeforeValidator(_as_direction)]
"""Of a monotone feature: 1 if the prediction may only rise with it, -1 if it may only fall."""

MAX_FORMAT = 100
"""Characters of the format of a date."""

EPOCH_UNITS = {
    "epoch_s": timedelta(seconds=1),
    "epoch_ms": timedelta(milliseconds=1),
    "epoch_us": timedelta(microseconds=1),
}
EPOCH_FORMATS = tuple(EPOCH_UNITS)
"""``format`` of a date or timestamp that is a number: seconds, milliseconds or microseconds since 1970-01-01 in
UTC."""
EPOCH_NAMES = {"epoch_s": "seconds", "epoch_ms": "milliseconds", "epoch_us": "microseconds"}
"""Names of the units, for descriptions."""
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 parsed timestamps are in UTC, without a zone


class NumberFormat(Part):
    """How a column writes its numbers as text, where it is not ``1234.5``.

    With a format, a minus sign may also stand behind the number, and a number in parentheses is negative. Typed numbers
    are taken as they are.
    """

    decimal: Literal[".", ","] = "."
    """Between the whole number and its decimals."""
    thousands: Literal[",", ".", " ", "'"] | None = None
    """Between groups of three digits; a blank stands for any kind of space."""
    symbols: Annotated[tuple[Annotated[str, Field(max_length=20)], ...], Field(max_length=20)] = ()
    """Texts before or after the number that are not part of it: ``€``, ``USD``, ``%``. 12 % is read as 12."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"'decimal' and 'thousands' are both '{self.decimal}'")
        for symbol in self.symbols:
            if not symbol.strip() or any(letter.isdigit() for letter in symbol):
                raise ValueError(f"'symbols': '{symbol}' is blank or contains a digit")
        return self


class Leakage(Part):
    """A feature that may look like leakage."""

    allow: Annotated[str, Field(min_length=1)]
    """Why the feature is known, as it stands, on the day of a prediction; the report repeats it."""


class Column(Part):
    """A raw column: its type, its valid values and its role."""

    type: ColumnType
    role: Role = "feature"
    description: str | None = None
    unit: str | None = None
    values: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    """Allowed values, for ``string`` and ``category``; for ``boolean`` the false and the true text, in that order, as
    ``boolean_words.boolean_meaning`` compares them."""
    range: tuple[float | None, float | None] | None = None
    """Smallest and largest allowed value, both inclusive; ``null`` leaves a side open."""
    nullable: bool = False
    missing_values: tuple[Text, ...] = ()
    """Texts that stand for a missing value, besides the empty one. Compared after trimming."""
    max_missing_share: Share = 0.10
    required: bool = True
    """A table without a required column stops the run; an optional one is filled with ``default``."""
    default: Text | None = None
    format: str | NumberFormat | None = None
    """``strptime`` format of a ``date`` or ``timestamp``, or one of ``EPOCH_FORMATS``; ISO 8601 without it. Two-digit
    years from 69 are of the 20th century. Of an ``integer`` or ``number``: a ``NumberFormat``."""
    leakage: Leakage | None = None
    clip: bool = False
    """Clip outliers to the training part's fences (Tukey, 3 interquartile ranges)."""
    encode: Encode | None = None
    """Of a ``string`` or ``category``; without it, by the number of its values."""
    impute: Impute | None = None
    """Of an ``integer`` or ``number``; without it, ``features.impute``."""
    monotone: Direction | None = None
    """Of a feature that is a number or a boolean: the prediction never falls (1), or never rises (-1), where its value
    rises and the others stay."""

    @property
    def is_numeric(self) -> bool:
        """Whether the model sees this column as a number rather than as a category."""
        return self.type in ("integer", "number", "boolean")

    @property
    def is_temporal(self) -> bool:
        return self.type in ("date", "timestamp")

    @property
    def is_text(self) -> bool:
        return self.type in ("string", "category")

    @property
    def moment_format(self) -> str | None:
        """Format of a date or timestamp; None for ISO 8601."""
        return self.format if isinstance(self.format, str) else None

    @property
    def is_epoch(self) -> bool:
        """Whether a date or timestamp is written as a number."""
        return self.format in EPOCH_FORMATS

    @property
    def number_format(self) -> NumberFormat | None:
        """Format of a number; None for ``1234.5``."""
        return self.format if isinstance(self.format, NumberFormat) else None

    def as_written(self, value: Any) -> Any:
        """A parsed value as a source or a client writes it: a date or timestamp in ``format``, else as it is."""
        if not isinstance(value, date):
            return value
        if self.is_epoch:
            since = (value if isinstance(value, datetime) else datetime.combine(value, time())) - EPOCH
            unit = EPOCH_UNITS[str(self.format)]
            return since / unit if since % unit else since // unit
        return value.strftime(self.moment_format) if self.moment_format else value.isoformat()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.range is not None and self.type not in ("integer", "number"):
            raise ValueError(f"'range' is for integer and number columns, not for {self.type}")
        if self.range is not None:
            low, high = self.range
            if low is not None and high is not None and low > high:
                raise ValueError(f"'range' is empty: {low} > {high}")
        if self.values is not None:
            if not (self.is_text or self.type == "boolean"):
                raise ValueError(f"'values' is for string, category and boolean columns, not for {self.type}")
            if self.type == "boolean" and len(self.values) != 2:
                raise ValueError("'values' of a boolean is two texts: false first, then true")
            if len(set(self.values)) != len(self.values):
                raise ValueError("'values' contains a value twice")
        if self.format is not None and not self.is_temporal and self.type not in ("integer", "number"):
            raise ValueError(f"'format' is for numbers, dates and timestamps, not for {self.type}")
        if isinstance(self.format, str) != self.is_temporal and self.format is not None:
            example = "'%d.%m.%Y'" if self.is_temporal else '{decimal: ",", thousands: "."}'
            raise ValueError(f"'format' of a {self.type} is written as {example}")
        if self.moment_format is not None and not self.is_epoch:
            _check_directives(self.moment_format)
        if self.default is not None and self.required:
            raise ValueError("'default' is for columns with 'required: false'")
        return self

    @model_validator(mode="after")
    def _goes_into_the_matrix(self) -> Self:
        if self.clip and self.type not in ("integer", "number"):
            raise ValueError(f"'clip' is for integer and number columns, not for {self.type}")
        if self.encode is not None and not self.is_text:
            raise ValueError(f"'encode' is for string and category columns, not for {self.type}")
        return self

    @model_validator(mode="after")
    def _is_a_number(self) -> Self:
        if self.impute is not None and self.type not in ("integer", "number"):
            raise ValueError(f"'impute' is for integer and number columns, not for {self.type}")
        if self.impute is not None and self.role != "feature":
            raise ValueError(f"'impute' is for features, this column has the role '{self.role}'")
        if self.monotone is not None and not self.is_numeric:
            raise ValueError(f"'monotone' is for integer, number and boolean columns, not for {self.type}")
        if self.monotone is not None and self.role != "feature":
            raise ValueError(f"'monotone' is for features, this column has the role '{self.role}'")
        return self


def _check_directives(form: str) -> None:
    """Raises ValueError if ``strptime`` cannot read by ``form`` at all: it makes a regular expression of it."""
    if len(form) > MAX_FORMAT:
        raise ValueError(f"'format' has {len(form)} characters, at most {MAX_FORMAT} are allowed")
    try:
        datetime.strptime("", form)  # noqa: DTZ007 nothing is read
    except re.error:
        raise ValueError(f"'format' names a part of the date twice: {form}") from None
    except ValueError:
        return


class Derived(Part):
    """A feature computed from columns of the same row."""

    expression: str
    reason: str
    """Why the feature should predict the label; shown in the feature definitions."""
    unit: str | None = None
    leakage: Leakage | None = None
    encode: Encode | None = None
    """Of an expression that is a text; without it, by the number of its values."""
    monotone: Direction | None = None
    """As of a column."""
