"""Functions that choose between values, and those whose result a null argument does not make null."""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.functions.function import Function, Nulls
from tenure.contract.functions.signature import Signature
from tenure.contract.nodes import NAN, Columns, Node, OverArrays, OverRow, Row
from tenure.contract.values import Floats, PairMemo, Text, Value


def _where(arguments: list[Node]) -> OverArrays:
    condition, a, b = [node.arrays for node in arguments]
    if arguments[1].type == "text":
        both = PairMemo(lambda x, y: x + y)

        def choose_text(columns: Columns) -> Text:
            chosen, x, y = condition(columns), a(columns), b(columns)
            codes = np.where(chosen == 1.0, x.codes, _shifted(y, len(x.words)))
            return Text(np.where(np.isnan(chosen), -1, codes).astype(np.int32), both(x.words, y.words))

        return choose_text

    def choose(columns: Columns) -> Floats:
        chosen = condition(columns)
        values = np.where(chosen == 1.0, a(columns), b(columns))
        return values + (chosen - chosen)

    return choose


def _where_one_row(arguments: list[Node]) -> OverRow:
    condition, a, b = [node.one_row for node in arguments]
    if arguments[1].type == "text":

        def choose_text(row: Row) -> str | None:
            chosen = condition(row)
            text: str | None = a(row) if chosen == 1.0 else b(row) if chosen == 0.0 else None
            return text

        return choose_text

    def choose(row: Row) -> float:
        chosen = condition(row)
        if chosen == 1.0:
            return a(row) + 0.0  # as the arrays: no negative zero
        return b(row) + 0.0 if chosen == 0.0 else NAN

    return choose


def _isnull(arguments: list[Node]) -> OverArrays:
    run = arguments[0].arrays

    def is_null(columns: Columns) -> Floats:
        value: Value = run(columns)
        missing = value.codes < 0 if isinstance(value, Text) else np.isnan(value)
        return missing.astype(np.float64)

    return is_null


def _isnull_one_row(arguments: list[Node]) -> OverRow:
    run = arguments[0].one_row
    if arguments[0].type == "text":
        return lambda row: 1.0 if run(row) is None else 0.0

    def is_null(row: Row) -> float:
        value = run(row)
        return 1.0 if value != value else 0.0

    return is_null


def _coalesce(arguments: list[Node]) -> OverArrays:
    first_known = _first_known_text if arguments[0].type == "text" else _first_known
    run, *others = [node.arrays for node in arguments]
    for other in others:
        run = first_known(run, other)
    return run


def _first_known(a: OverArrays, b: OverArrays) -> OverArrays:
    def run(columns: Columns) -> Floats:
        x: Floats = a(columns)
        result: Floats = np.where(np.isnan(x), b(columns), x)
        return result

    return run


def _first_known_text(a: OverArrays, b: OverArrays) -> OverArrays:
    both = PairMemo(lambda x, y: x + y)

    def run(columns: Columns) -> Text:
        x, y = a(columns), b(columns)
        codes = np.where(x.codes >= 0, x.codes, _shifted(y, len(x.words)))
        return Text(codes.astype(np.int32), both(x.words, y.words))

    return run


def _coalesce_one_row(arguments: list[Node]) -> OverRow:
    *runs, last = [node.one_row for node in arguments]

    def run(row: Row) -> Any:
        for part in runs:
            value = part(row)
            if value is not None and value == value:
                return value
        return last(row)

    return run


def _count(arguments: list[Node]) -> OverArrays:
    runs = [node.arrays for node in arguments]

    def run(columns: Columns) -> Floats:
        holds = [condition(columns) == 1.0 for condition in runs]
        return np.add.reduce(np.broadcast_arrays(*holds), axis=0, dtype=np.float64)

    return run


def _count_one_row(arguments: list[Node]) -> OverRow:
    runs = [node.one_row for node in arguments]

    def run(row: Row) -> float:
        holding = 0
        for condition in runs:
            if condition(row) == 1.0:
                holding += 1
        return float(holding)

    return run


def _shifted(text: Text, by: int) -> NDArray[np.int32]:
    shifted: NDArray[np.int32] = np.where(text.codes < 0, -1, text.codes + by)
    return shifted


CHOICE = (
    Function(
        name="coalesce",
        signature=Signature(("T", "T"), "T", repeated=("T",)),
        nulls=Nulls.ALL,
        summary="The first of the values that is not null.",
        example="coalesce(charges, 0)",
        arrays=_coalesce,
        one_row=_coalesce_one_row,
    ),
    Function(
        name="count",
        signature=Signature(("boolean",), "number", repeated=("boolean",)),
        nulls=Nulls.NEVER,
        summary="How many of the conditions are true; a null is not.",
        example='count(senior, plan == "basic")',
        arrays=_count,
        one_row=_count_one_row,
    ),
    Function(
        name="isnull",
        signature=Signature(("any",), "boolean"),
        nulls=Nulls.NEVER,
        summary="Whether the value is null.",
        example="isnull(plan)",
        arrays=_isnull,
        one_row=_isnull_one_row,
    ),
    Function(
        name="where",
        signature=Signature(("boolean", "T", "T"), "T"),
        nulls=Nulls.CHOSEN,
        summary="The second argument where the condition is true, the third where it is false.",
        example="where(senior, charges, 0)",
        arrays=_where,
        one_row=_where_one_row,
    ),
)
