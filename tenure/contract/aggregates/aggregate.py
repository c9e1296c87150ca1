"""One aggregate of windows: what it takes, what it means, and its implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from numpy.typing import NDArray

from tenure.contract.aggregates.rows import Events
from tenure.contract.values import Floats


class Takes(Enum):
    """What an aggregate is computed over."""

    NO_COLUMN = "no column"
    NUMBER = "a numeric column"
    NUMBER_OR_NONE = "a numeric column, or no column"
    ANY = "a column of any type"
    CONDITION = "a condition"


@dataclass(frozen=True)
class Aggregate:
    """An entry of the table of aggregates.

    Args:
        name: as contracts write it.
        takes: which column it needs.
        phrase: what it is, for definitions and reports; ``{column}`` stands for the name of the column, ``{of}`` for
            the condition, ``{q}`` for the quantile.
        compute: its value for each customer, shape (customers,); NaN where it is unknown, as a mean of no events is.
            Where ``result`` is ``column``, the column's values in the representation of ``Log.values``, with
            ``rows.MISSING`` for unknown codes and times.
        is_label: whether a regression may predict it: it is 0 for a customer without an event, never unknown.
        takes_q: whether it needs ``q``, a number from 0 to 1.
        result: ``number``, or ``column`` where the value is one of the column's values.
        unit: of its values, where the column has no part in it.
        needs_length: whether it compares with the window of the same length before, which all history does not have.
        phrase_without_column: the phrase where the column is left out.
        merge: puts the values of two parts of the rows together, neither of which is unknown; None if they do not say
            enough.
        counts_to_instant: whether a value grows by a day each day without rows.
    """

    name: str
    takes: Takes
    phrase: str
    compute: Callable[[Events], NDArray[Any]]
    is_label: bool = False
    takes_q: bool = False
    result: Literal["number", "column"] = "number"
    unit: str | None = None
    needs_length: bool = False
    phrase_without_column: str = ""
    merge: Callable[[Floats, Floats], Floats] | None = None
    counts_to_instant: bool = False

    def describe(self, column: str | None, *, of: str | None = None, q: float | None = None) -> str:
        """The aggregate of ``column`` in words."""
        phrase = self.phrase_without_column if column is None and self.phrase_without_column else self.phrase
        return phrase.format(column=column, of=of, q=q)

    def check_column(self, column: str | None) -> None:
        """Check that a column is given exactly if it is needed.

        Raises:
            ValueError: it is not.
        """
        if self.takes in (Takes.NO_COLUMN, Takes.CONDITION) and column is not None:
            raise ValueError(f"aggregate '{self.name}' takes no 'column'")
        if self.takes in (Takes.NUMBER, Takes.ANY) and column is None:
            raise ValueError(f"aggregate '{self.name}' needs a 'column'")

    def check_arguments(self, *, column: str | None, of: str | None, q: float | None, has_length: bool) -> None:
        """Check that column, condition and quantile are given exactly if they are needed, and a length if it is.

        Raises:
            ValueError: they are not.
        """
        self.check_column(column)
        if (of is not None) != (self.takes is Takes.CONDITION):
            raise ValueError(
                f"aggregate '{self.name}' takes no 'of': rows are chosen by 'where'"
                if of is not None
                else f"aggregate '{self.name}' needs 'of', a condition such as: device == 'mobile'"
            )
        if (q is not None) != self.takes_q:
            raise ValueError(
                f"aggregate '{self.name}' takes no 'q'"
                if q is not None
                else f"aggregate '{self.name}' needs 'q', a number from 0 to 1"
            )
        if self.needs_length and not has_length:
            raise ValueError(f"aggregate '{self.name}' compares with the window before: it needs 'days' or 'last'")
