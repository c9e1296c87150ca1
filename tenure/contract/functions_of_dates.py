"""Functions of expressions that read a date. Null in, null out."""

from __future__ import annotations

import numpy as np

from tenure.contract.arguments import each, exactly
from tenure.contract.nodes import Columns, Node
from tenure.contract.values import Floats


def days_between(arguments: list[Node], text: str) -> Node:
    """Whole days from the first date to the second; negative if the second comes first."""
    exactly("days_between", arguments, 2, "days_between(start, end)")
    each("days_between", arguments, "date")
    a, b = arguments[0].run, arguments[1].run
    return Node("number", lambda columns: np.floor(b(columns)) - np.floor(a(columns)), text)


def month(arguments: list[Node], text: str) -> Node:
    """1 for January to 12 for December."""
    exactly("month", arguments, 1, "month(start)")
    each("month", arguments, "date")
    run = arguments[0].run

    def number_of(columns: Columns) -> Floats:
        days = run(columns)
        missing = np.isnan(days)
        whole = np.floor(np.where(missing, 0.0, days)).astype("datetime64[D]")
        number = whole.astype("datetime64[M]").astype(np.int64) % 12 + 1
        return np.where(missing, np.nan, number.astype(np.float64))

    return Node("number", number_of, text)


def weekday(arguments: list[Node], text: str) -> Node:
    """1 for Monday to 7 for Sunday (ISO 8601)."""
    exactly("weekday", arguments, 1, "weekday(start)")
    each("weekday", arguments, "date")
    run = arguments[0].run
    # 1970-01-01 was a Thursday.
    return Node("number", lambda columns: np.mod(np.floor(run(columns)) + 3.0, 7.0) + 1.0, text)
