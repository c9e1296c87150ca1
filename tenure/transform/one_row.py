"""Expressions over one row, in plain Python: a twin of ``tenure.contract.expression`` without its arrays.

For a single row an array function costs ten times the work that it does. Here a number, a boolean (0 and 1) or a date
(days) is a float with NaN for null, a text is a ``str`` with None for null. A property test holds the twins to each
other; what is not here (``Unsupported``) is left to the arrays.
"""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from tenure.transform.one_row_functions import FUNCTIONS, NAN, Row, Run, UnsupportedError, literal


def compile_one_row(source: str) -> Run:
    """An expression that ``tenure.contract.expression.parse`` has read, for one row.

    Raises:
        UnsupportedError: it cannot be had.
    """
    return _run(ast.parse(source, mode="eval").body)


def _run(tree: ast.expr) -> Run:  # noqa: PLR0911 a kind of node, a return
    match tree:
        case ast.Constant(value=value):
            plain = value if isinstance(value, str) else float(value)  # type: ignore[arg-type]
            return lambda _: plain
        case ast.Name(id=name):
            return operator.itemgetter(name)
        case ast.BinOp():
            return _arithmetic(type(tree.op), _run(tree.left), _run(tree.right))
        case ast.UnaryOp(op=ast.USub()):
            negated = _run(tree.operand)
            return lambda row: -negated(row)
        case ast.UnaryOp(op=ast.Not()):
            inverted = _run(tree.operand)
            return lambda row: 1.0 - inverted(row)
        case ast.BoolOp():
            return _logic(0.0 if isinstance(tree.op, ast.And) else 1.0, [_run(value) for value in tree.values])
        case ast.Compare():
            return _comparison(tree)
        case ast.Call(func=ast.Name(id=name)):
            if name == "col":
                return operator.itemgetter(literal(tree.args[0]))
            if name in FUNCTIONS:
                return FUNCTIONS[name](tree.args, _run)
    raise UnsupportedError(ast.unparse(tree))


def _arithmetic(kind: type[ast.operator], left: Run, right: Run) -> Run:
    compute = _ARITHMETIC.get(kind)
    if compute is None:
        raise UnsupportedError(kind.__name__)

    def run(row: Row) -> float:
        try:
            found: float = compute(left(row), right(row))
        except ZeroDivisionError:
            return NAN
        # Infinite, or null already: the difference is no number. Adding 0.0 makes -0.0 the 0.0 that the arrays give.
        return found + 0.0 if found - found == 0.0 else NAN

    return run


def _comparison(tree: ast.Compare) -> Run:
    left = _run(tree.left)
    found: list[Run] = []
    for kind, right in zip(tree.ops, tree.comparators, strict=True):
        if isinstance(kind, ast.In | ast.NotIn):
            return _member(left, [literal(value) for value in right.elts], isinstance(kind, ast.NotIn))  # type: ignore[attr-defined]
        node = _run(right)
        if isinstance(right, ast.Constant):
            found.append(_compare_literal(_COMPARISON[type(kind)], left, node({})))
        else:
            found.append(_compare(_COMPARISON[type(kind)], left, node))
        left = node
    return found[0] if len(found) == 1 else _logic(0.0, found)


def _compare(test: Callable[[Any, Any], bool], left: Run, right: Run) -> Run:
    def run(row: Row) -> float:
        a, b = left(row), right(row)
        if a is None or b is None or a != a or b != b:
            return NAN
        return 1.0 if test(a, b) else 0.0

    return run


def _compare_literal(test: Callable[[Any, Any], bool], left: Run, literal: str | float) -> Run:
    """The usual comparison; a literal is no null."""

    def run(row: Row) -> float:
        a = left(row)
        if a is None or a != a:
            return NAN
        return 1.0 if test(a, literal) else 0.0

    return run


def _member(value: Run, wanted: Sequence[str | float], negated: bool) -> Run:
    inside, outside = (0.0, 1.0) if negated else (1.0, 0.0)
    members = frozenset(wanted)

    def run(row: Row) -> float:
        x = value(row)
        if x is None or x != x:
            return NAN
        return inside if x in members else outside

    return run


def _logic(decided: float, runs: Sequence[Run]) -> Run:
    """Three-valued: one part that is ``decided`` decides, whatever the others are; else a null makes null."""
    other = 1.0 - decided

    def run(row: Row) -> float:
        unknown = False
        for part in runs:
            value = part(row)
            if value == decided:
                return decided
            unknown = unknown or value != value
        return NAN if unknown else other

    return run


_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISON: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
