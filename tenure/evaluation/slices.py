"""Parts of the test rows that must each be looked at: by age group, by contract, by gender.

A slice that is too small is reported as such, without metrics.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

MIN_ROWS = 100
"""Of a slice that is measured, whatever the task."""

MAX_VALUES = 12
"""Values of a text column with a slice each; the rest shares one."""
MAX_DISTINCT_NUMBERS = 6
"""A numeric column with no more distinct values than this is cut by value, others by quartile."""

LEADING_NUMBER = re.compile(r"\d+(\.\d+)?")

OTHER = "other"
MISSING = "missing"


@dataclass(frozen=True)
class Slice:
    """The rows with one value, or one range of values, of a column."""

    column: str
    value: str
    rows: NDArray[np.bool_]
    """(rows,) whether a row belongs to it."""


def cut(columns: Mapping[str, pa.ChunkedArray | pa.Array]) -> Iterator[Slice]:
    """Slices of each column: together they cover every row once a column."""
    for name, values in columns.items():
        array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        is_number = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
        yield from _by_number(name, array) if is_number else _by_text(name, array)


def _by_text(name: str, values: pa.Array) -> Iterator[Slice]:
    codes = values.cast(pa.string()).dictionary_encode(null_encoding="encode")
    texts = [MISSING if text is None else text for text in codes.dictionary.to_pylist()]
    code = np.asarray(codes.indices)
    count = np.bincount(code, minlength=len(texts))
    ranked = sorted(range(len(texts)), key=lambda index: (-count[index], texts[index]))
    own = ranked if len(texts) <= MAX_VALUES else ranked[: MAX_VALUES - 1]
    for index in sorted(own, key=lambda index: _reading_order(texts[index])):
        yield Slice(name, texts[index], code == index)
    rest = ranked[len(own) :]
    if rest:
        yield Slice(name, f"{OTHER} ({len(rest)} values)", np.isin(code, rest))


def _reading_order(text: str) -> tuple[float, str]:
    """Texts that start with a number by that number, so that a band from 6 comes before one from 24."""
    number = LEADING_NUMBER.match(text)
    return (float(number[0]) if number else math.inf, text)


def _by_number(name: str, values: pa.Array) -> Iterator[Slice]:
    numbers = np.asarray(pc.fill_null(values.cast(pa.float64()), np.nan))
    known = np.isfinite(numbers)
    distinct = np.unique(numbers[known])
    if distinct.size <= MAX_DISTINCT_NUMBERS:
        for number in distinct:
            yield Slice(name, f"{number:g}", numbers == number)
    else:
        # Edges are values of the column, so that equal numbers never fall into two slices.
        edges = np.unique(np.quantile(numbers[known], (0.0, 0.25, 0.5, 0.75, 1.0), method="lower"))
        for place, (low, high) in enumerate(itertools.pairwise(edges)):
            last = place == edges.size - 2
            inside = known & (numbers >= low) & (numbers <= high if last else numbers < high)
            yield Slice(name, f"{low:g} to {high:g}" if last else f"{low:g} to < {high:g}", inside)
    if not known.all():
        yield Slice(name, MISSING, ~known)
