"""Arithmetic. Null in, null out; division by zero, overflow and whatever else has no finite result give null."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tenure.contract.nodes import NAN, Node, OverRow, Row, constant, need
from tenure.contract.values import finite

MAX_EXPONENT = 8


class _Operator(NamedTuple):
    sign: str
    arrays: np.ufunc
    one_row: Callable[[float, float], float]


ARITHMETIC: dict[type[ast.operator], _Operator] = {
    ast.Add: _Operator("+", np.add, operator.add),
    ast.Sub: _Operator("-", np.subtract, operator.sub),
    ast.Mult: _Operator("*", np.multiply, operator.mul),
    ast.Div: _Operator("/", np.divide, operator.truediv),
    ast.FloorDiv: _Operator("//", np.floor_divide, operator.floordiv),
    ast.Mod: _Operator("%", np.remainder, operator.mod),
}


def arithmetic(kind: type[ast.operator], left: Node, right: Node, text: str) -> Node:
    """``left`` and ``right`` joined by one of ``ARITHMETIC``.

    Raises:
        ValueError: one of them is not a number.
    """
    sign, compute, _ = ARITHMETIC[kind]
    need(left, "number", f"'{sign}'")
    need(right, "number", f"'{sign}'")
    a, b = left.arrays, right.arrays
    one_row = _one_row(ARITHMETIC[kind].one_row, left.one_row, right.one_row)
    return Node("number", lambda columns: finite(compute(a(columns), b(columns))), one_row, text)


def _one_row(compute: Callable[[float, float], float], left: OverRow, right: OverRow) -> OverRow:
    def run(row: Row) -> float:
        try:
            found = compute(left(row), right(row))
        except ZeroDivisionError:
            return NAN
        # The difference is 0 unless the result is infinite or null. Adding 0.0 makes -0.0 the 0.0 that the arrays give.
        return found + 0.0 if found - found == 0.0 else NAN

    return run


def power(left: Node, right: Node, text: str) -> Node:
    """``left ** right``, where ``right`` is a literal of moderate size.

    Raises:
        ValueError: the base is not a number, or the exponent is not such a literal.
    """
    need(left, "number", "'**'")
    need(right, "number", "'**'")
    if right.literal is None or abs(float(right.literal)) > MAX_EXPONENT:
        raise ValueError(f"the exponent in '{text}' must be a literal from -{MAX_EXPONENT} to {MAX_EXPONENT}")
    # As a plain number: numpy squares many rows by multiplying, but a single one, whose exponent is an array as
    # long, by pow, which may round otherwise.
    exponent, base = float(right.literal), left.arrays
    one_row = _power_one_row(left.one_row, exponent)
    return Node("number", lambda columns: finite(np.power(base(columns), exponent)), one_row, text)


def _power_one_row(base: OverRow, exponent: float) -> OverRow:
    def run(row: Row) -> float:
        # numpy's, not Python's: the last digit of the two may differ.
        with np.errstate(all="ignore"):
            found = float(np.power(base(row), exponent))
        return found + 0.0 if found - found == 0.0 else NAN

    return run


def negative(node: Node, text: str) -> Node:
    """``-node``; raises ValueError unless it is a number."""
    need(node, "number", "'-'")
    if node.literal is not None:
        return constant(-float(node.literal), text)
    arrays, one_row = node.arrays, node.one_row
    return Node("number", lambda columns: -arrays(columns), lambda row: -one_row(row), text)
