"""Windows: features computed from a customer's rows of a table before an instant, and families of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from tenure.contract.aggregates import AGGREGATES, AggregateName
from tenure.contract.columns import Days, Direction, Part
from tenure.contract.durations import DurationText

PLACEHOLDER = "{n}"
"""Stands in a family's name and reason for the length of each window."""

MAX_WINDOWS = 2_000
"""Windows of a contract, those of families counted one by one."""


class Window(Part):
    """A feature computed from a customer's rows of one table before an instant."""

    table: str | None = None
    """The table; may be left out where there is one table of events."""
    where: str | None = None
    """Expression over the table's columns: only rows for which it is true count."""
    aggregate: AggregateName
    """One of ``tenure.contract.aggregates``."""
    column: str | None = None
    """The column aggregated, for aggregates that take one."""
    of: str | None = None
    """Expression over the table's columns, for aggregates of a condition."""
    q: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    """For ``quantile``: 0.5 is the median."""
    days: Days | None = None
    """The whole calendar days before the instant's day; all history without ``days`` and ``last``."""
    last: DurationText | None = None
    """How far back from the instant itself."""
    for_each: Annotated[tuple[int | str, ...], Field(min_length=1, max_length=100)] | None = None
    """A window for each of these lengths: whole numbers are ``days``, texts like ``6 hours`` are ``last``."""
    feature: bool = True
    """Whether the model takes it; if not, only ``eligible`` reads it."""
    reason: str = ""
    """Why the feature should predict the label; shown in the feature definitions."""
    unit: str | None = None
    monotone: Direction | None = None
    """As of a column."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        given = [name for name in ("days", "last", "for_each") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"'{given[0]}' and '{given[1]}' both say how far the window reaches: use one")
        if not self.reason and self.feature:
            raise ValueError("'reason' is missing: why should the feature predict the label?")
        if self.monotone is not None and not self.feature:
            raise ValueError("'monotone' is for features, and 'feature' is false")
        AGGREGATES[self.aggregate].check_arguments(column=self.column, of=self.of, q=self.q, has_length=len(given) == 1)
        return self

    @property
    def phrase(self) -> str:
        """What is computed, in words, without the days."""
        return AGGREGATES[self.aggregate].describe(self.column, of=self.of, q=self.q)


def expand(name: str, window: Window) -> Iterator[tuple[str, Window]]:
    """A family's windows by name; a window that is no family alone.

    Raises:
        ValueError: the name of a family lacks ``{n}``, or a length is invalid.
    """
    if window.for_each is None:
        if PLACEHOLDER in name:
            raise ValueError(f"window '{name}' has {PLACEHOLDER} in its name, and no 'for_each'")
        yield name, window
        return
    if PLACEHOLDER not in name:
        raise ValueError(f"window '{name}' has 'for_each': put {PLACEHOLDER} where its name has the length")
    document = window.model_dump(exclude={"for_each"}, exclude_unset=True)
    for length in window.for_each:
        reach = {"days": length} if isinstance(length, int) else {"last": length}
        reason = window.reason.replace(PLACEHOLDER, str(length))
        text = str(length).strip().replace(" ", "_")
        try:
            single = Window.model_validate({**document, **reach, "reason": reason})
        except ValidationError as error:
            message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            raise ValueError(f"'for_each' has {length!r}: {message}") from None
        yield name.replace(PLACEHOLDER, text), single
