"""One aggregate of windows: what it takes, what it means, and its implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tenure.contract.aggregates.events import Events
from tenure.contract.values import Floats


class Takes(Enum):
    """The event column that an aggregate is computed over."""

    NO_COLUMN = "no column"
    NUMBER = "a numeric column"
    ANY = "a column of any type"


@dataclass(frozen=True)
class Aggregate:
    """An entry of the table of aggregates.

    Args:
        name: as contracts write it.
        takes: which column it needs.
        phrase: what it is, for definitions and reports; ``{column}`` stands for the name of the column.
        compute: its value for each span, shape (spans,); NaN where it is unknown, as a mean of no events is.
        is_label: whether a regression may predict it: it is 0 for a customer without an event, never unknown.
    """

    name: str
    takes: Takes
    phrase: str
    compute: Callable[[Events], Floats]
    is_label: bool = False

    def describe(self, column: str | None) -> str:
        """The aggregate of ``column`` in words."""
        return self.phrase.format(column=column)

    def check_column(self, column: str | None) -> None:
        """Check that a column is given exactly if it is needed.

        Raises:
            ValueError: it is not.
        """
        if self.takes is Takes.NO_COLUMN and column is not None:
            raise ValueError(f"aggregate '{self.name}' takes no 'column'")
        if self.takes is not Takes.NO_COLUMN and column is None:
            raise ValueError(f"aggregate '{self.name}' needs a 'column'")
