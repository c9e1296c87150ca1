"""The representation of columns in expressions: arrays with nulls.

Numbers, booleans (0 and 1) and dates (days since 1970-01-01, fractions for times) are float64 arrays in which
NaN is null. Text is dictionary-encoded, so that work on words is done once a word, not once a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

ExpressionType = Literal["number", "text", "boolean", "date"]

Floats = NDArray[np.float64]

TODAY_COLUMN = "_today"
"""Column that holds the day of each row's prediction, the value of ``today()``. An expression never reads the clock."""

Made = TypeVar("Made")


class Text(NamedTuple):
    """A column of text: row i holds ``words[codes[i]]``; code -1 is null. A word may stand twice in ``words``."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]

    def to_list(self) -> list[str | None]:
        return [self.words[code] if code >= 0 else None for code in self.codes.tolist()]


Value = Floats | Text


def finite(values: Floats) -> Floats:
    """Infinities to null: ``x - x`` is 0 for a finite x and NaN for any other."""
    return values + (values - values)


def null_of(values: Floats) -> Floats:
    """0 where ``values`` is known, NaN where it is null."""
    return values - values


class Memo(Generic[Made]):
    """Caches the last result of a function of one vocabulary, compared by identity.

    A fitted transform passes the same vocabulary objects to every call, so what an expression computes for each word
    is computed once and not for every request. Thread-safe: key and result are replaced in one step.
    """

    __slots__ = ("_last", "_make")

    def __init__(self, make: Callable[[tuple[str, ...]], Made]) -> None:
        self._make = make
        self._last: tuple[tuple[str, ...] | None, Made | None] = (None, None)

    def __call__(self, words: tuple[str, ...]) -> Made:
        known, result = self._last
        if known is not words:
            result = self._make(words)
            self._last = (words, result)
        return result  # type: ignore[return-value]


class PairMemo(Generic[Made]):
    """As ``Memo``, for two vocabularies."""

    __slots__ = ("_last", "_make")

    def __init__(self, make: Callable[[tuple[str, ...], tuple[str, ...]], Made]) -> None:
        self._make = make
        self._last: tuple[tuple[str, ...] | None, tuple[str, ...] | None, Made | None] = (None, None, None)

    def __call__(self, left: tuple[str, ...], right: tuple[str, ...]) -> Made:
        known_left, known_right, result = self._last
        if known_left is not left or known_right is not right:
            result = self._make(left, right)
            self._last = (left, right, result)
        return result  # type: ignore[return-value]


def table(values: list[float]) -> Floats:
    """A lookup table by code, with a null at its end for code -1."""
    return np.array([*values, np.nan])


def code_table(values: list[int]) -> NDArray[np.int32]:
    """As ``table``, for codes, with -1 at its end for code -1."""
    return np.array([*values, -1], dtype=np.int32)
