"""Functions of numbers. Null in, null out; so is what has no finite result.

No result is a negative zero, which the implementations would choose differently: ``+ 0.0`` makes it 0."""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tenure.contract.functions.function import Function, Nulls
from tenure.contract.functions.signature import Signature
from tenure.contract.nodes import NAN, Columns, Node, OverArrays, OverRow, Row
from tenure.contract.values import Floats, finite

MAX_DIGITS = 9


def _elementwise(compute: np.ufunc) -> Callable[[list[Node]], OverArrays]:
    def build(arguments: list[Node]) -> OverArrays:
        x = arguments[0].arrays
        return lambda columns: finite(compute(x(columns)))

    return build


def _abs_one_row(arguments: list[Node]) -> OverRow:
    x = arguments[0].one_row
    return lambda row: abs(x(row))


def _sqrt_one_row(arguments: list[Node]) -> OverRow:
    x = arguments[0].one_row

    def run(row: Row) -> float:
        value = x(row)
        return math.sqrt(value) + 0.0 if value >= 0.0 else NAN

    return run


def _log1p_one_row(arguments: list[Node]) -> OverRow:
    x = arguments[0].one_row

    def run(row: Row) -> float:
        value = x(row)
        # numpy's, not math's: the last digit of the two may differ.
        return float(np.log1p(value)) + 0.0 if value > -1.0 else NAN

    return run


def _fold(compute: np.ufunc) -> Callable[[list[Node]], OverArrays]:
    def build(arguments: list[Node]) -> OverArrays:
        first, *others = [node.arrays for node in arguments]

        def run(columns: Columns) -> Floats:
            result: Floats = first(columns)
            for other in others:
                result = compute(result, other(columns))
            return result + 0.0

        return run

    return build


def _fold_one_row(pick: Callable[[float, float], float]) -> Callable[[list[Node]], OverRow]:
    def build(arguments: list[Node]) -> OverRow:
        first, *others = [node.one_row for node in arguments]

        def run(row: Row) -> float:
            result: float = first(row)
            for other in others:
                value = other(row)
                result = pick(result, value) if result == result and value == value else NAN
            return result + 0.0

        return run

    return build


def _clip(arguments: list[Node]) -> OverArrays:
    x, low, high = [node.arrays for node in arguments]
    return lambda columns: np.minimum(np.maximum(x(columns), low(columns)), high(columns)) + 0.0


def _clip_one_row(arguments: list[Node]) -> OverRow:
    x, low, high = [node.one_row for node in arguments]

    def run(row: Row) -> float:
        value, least, most = x(row), low(row), high(row)
        if value != value or least != least or most != most:
            return NAN
        found: float = min(max(value, least), most) + 0.0
        return found

    return run


def _digits(arguments: list[Node]) -> float | str | bool | None:
    return arguments[1].literal if len(arguments) > 1 else 0.0


def _check_digits(arguments: list[Node], text: str) -> None:
    if _digits(arguments) not in range(MAX_DIGITS + 1):
        raise ValueError(f"the digits in '{text}' must be a whole number from 0 to {MAX_DIGITS}")


def _round(arguments: list[Node]) -> OverArrays:
    x, digits = arguments[0].arrays, int(_digits(arguments) or 0)

    def run(columns: Columns) -> Floats:
        value = x(columns)
        near = np.round(value, digits)
        # numpy scales by 10 ** digits first: what overflows then has no digits after the point anyway.
        result: Floats = np.where(np.isfinite(near), near, value)
        return result

    return run


def _round_one_row(arguments: list[Node]) -> OverRow:
    x, scale = arguments[0].one_row, 10.0 ** int(_digits(arguments) or 0)

    def run(row: Row) -> float:
        value: float = x(row)
        scaled = value * scale
        if scaled - scaled != 0.0:  # null, or overflow
            return value
        return math.copysign(round(scaled), scaled) / scale

    return run


ONE_NUMBER = Signature(("number",), "number")
NUMBERS_OR_MORE = Signature(("number", "number"), "number", repeated=("number",))

NUMBERS = (
    Function(
        name="abs",
        signature=ONE_NUMBER,
        nulls=Nulls.ANY,
        summary="The absolute value.",
        example="abs(charges - 50)",
        arrays=_elementwise(np.abs),
        one_row=_abs_one_row,
    ),
    Function(
        name="clip",
        signature=Signature(("number", "number", "number"), "number"),
        nulls=Nulls.ANY,
        summary="The first number, but no less than the second and no more than the third.",
        example="clip(tenure, 0, 72)",
        arrays=_clip,
        one_row=_clip_one_row,
    ),
    Function(
        name="log1p",
        signature=ONE_NUMBER,
        nulls=Nulls.ANY,
        summary="The natural logarithm of 1 + x; null for x of -1 or less.",
        example="log1p(charges)",
        arrays=_elementwise(np.log1p),
        one_row=_log1p_one_row,
    ),
    Function(
        name="max",
        signature=NUMBERS_OR_MORE,
        nulls=Nulls.ANY,
        summary="The largest of the numbers.",
        example="max(tenure, 12)",
        arrays=_fold(np.maximum),
        one_row=_fold_one_row(max),
    ),
    Function(
        name="min",
        signature=NUMBERS_OR_MORE,
        nulls=Nulls.ANY,
        summary="The smallest of the numbers.",
        example="min(tenure, 12)",
        arrays=_fold(np.minimum),
        one_row=_fold_one_row(min),
    ),
    Function(
        name="round",
        signature=Signature(("number",), "number", optional=("number",), literals=True),
        nulls=Nulls.ANY,
        summary="The number with so many digits after the point (0 without); halves go to the even neighbour.",
        example="round(charges, 1)",
        arrays=_round,
        one_row=_round_one_row,
        check=_check_digits,
    ),
    Function(
        name="sqrt",
        signature=ONE_NUMBER,
        nulls=Nulls.ANY,
        summary="The square root; null for a negative number.",
        example="sqrt(charges)",
        arrays=_elementwise(np.sqrt),
        one_row=_sqrt_one_row,
    ),
)
