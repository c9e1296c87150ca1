"""What to do about values that do not parse, where the values themselves show it."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from tenure.parsing.moment_formats import find_moment_format
from tenure.parsing.number_formats import find_number_format

MOST_READ = 20
"""Distinct values that are looked at."""


def on_numbers(text: pa.Array, wrong: np.ndarray, kind: str) -> str:
    """The ``format`` in which the wrong texts are numbers, as the end of a message; empty if there is none.

    Args:
        text: the column.
        wrong: which texts do not parse; bool, shape (rows,).
        kind: the column's type.
    """
    found = find_number_format(_distinct(text, wrong))
    if found is None or found.format is None:
        return ""
    settings = found.format.model_dump(exclude_defaults=True, mode="json") or {"decimal": "."}
    shown = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items())
    retyped = "type: number, " if kind == "integer" and not found.whole else ""
    return f"; set {retyped}format: {{{shown}}}"


def on_moments(text: pa.Array, wrong: np.ndarray) -> str:
    """As ``on_numbers``, of dates."""
    found = find_moment_format(_distinct(text, wrong))
    return "" if found is None or found.format is None else f"; set format: '{found.format}'"


def _distinct(text: pa.Array, wrong: np.ndarray) -> list[str]:
    some = text.filter(pa.array(wrong)).slice(0, 10 * MOST_READ).unique()
    distinct: list[str] = some.slice(0, MOST_READ).to_pylist()
    return distinct
