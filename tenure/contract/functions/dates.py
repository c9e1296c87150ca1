"""Functions of dates, which are days since 1970-01-01, with fractions for times. Null in, null out."""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import math
from operator import itemgetter

import numpy as np

from tenure.contract.functions.function import Function, Nulls
from tenure.contract.functions.signature import Signature
from tenure.contract.nodes import NAN, Columns, Node, OverArrays, OverRow, Row
from tenure.contract.values import TODAY_COLUMN, Floats

FIRST_WEEKDAY = 3.0
"""Days from a Monday to 1970-01-01, a Thursday."""


def _today(_arguments: list[Node]) -> OverArrays:
    return itemgetter(TODAY_COLUMN)


def _days_between(arguments: list[Node]) -> OverArrays:
    start, end = [node.arrays for node in arguments]
    return lambda columns: np.floor(end(columns)) - np.floor(start(columns))


def _days_between_one_row(arguments: list[Node]) -> OverRow:
    start, end = [node.one_row for node in arguments]

    def run(row: Row) -> float:
        a, b = start(row), end(row)
        return float(math.floor(b) - math.floor(a)) if a == a and b == b else NAN

    return run


def _month(arguments: list[Node]) -> OverArrays:
    date = arguments[0].arrays

    def run(columns: Columns) -> Floats:
        days = date(columns)
        missing = np.isnan(days)
        whole = np.floor(np.where(missing, 0.0, days)).astype("datetime64[D]")
        number = whole.astype("datetime64[M]").astype(np.int64) % 12 + 1
        return np.where(missing, np.nan, number.astype(np.float64))

    return run


def _month_one_row(arguments: list[Node]) -> OverRow:
    date = arguments[0].one_row

    def run(row: Row) -> float:
        days = date(row)
        if days != days:
            return NAN
        # numpy's calendar: Python's ends in the year 9999.
        return float(np.datetime64(math.floor(days), "D").astype("datetime64[M]").astype(np.int64) % 12 + 1)

    return run


def _weekday(arguments: list[Node]) -> OverArrays:
    date = arguments[0].arrays
    return lambda columns: np.mod(np.floor(date(columns)) + FIRST_WEEKDAY, 7.0) + 1.0


def _weekday_one_row(arguments: list[Node]) -> OverRow:
    date = arguments[0].one_row

    def run(row: Row) -> float:
        days = date(row)
        return (math.floor(days) + FIRST_WEEKDAY) % 7.0 + 1.0 if days == days else NAN

    return run


DATES = (
    Function(
        name="days_between",
        signature=Signature(("date", "date"), "number"),
        nulls=Nulls.ANY,
        summary="Whole days from the first date to the second; negative if the second comes first.",
        example="days_between(since, until)",
        arrays=_days_between,
        one_row=_days_between_one_row,
    ),
    Function(
        name="month",
        signature=Signature(("date",), "number"),
        nulls=Nulls.ANY,
        summary="1 for January to 12 for December.",
        example="month(since)",
        arrays=_month,
        one_row=_month_one_row,
    ),
    Function(
        name="today",
        signature=Signature((), "date"),
        nulls=Nulls.NEVER,
        summary="The day of the prediction; in training the day that the row describes.",
        example="today()",
        arrays=_today,
        one_row=_today,
        reads=(TODAY_COLUMN,),
    ),
    Function(
        name="weekday",
        signature=Signature(("date",), "number"),
        nulls=Nulls.ANY,
        summary="1 for Monday to 7 for Sunday (ISO 8601).",
        example="weekday(since)",
        arrays=_weekday,
        one_row=_weekday_one_row,
    ),
)
