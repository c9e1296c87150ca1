"""A second, slow implementation of expressions, row by row over Python values, to hold the fast one against."""

from __future__ import annotations

import ast
import math
import operator
import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from tenure.contract.values import TODAY_COLUMN

Row = dict[str, Any]
"""A value by column; None is null. Dates are ``date``."""

ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARISON = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def evaluate(text: str, row: Row) -> Any:
    return _node(ast.parse(text, mode="eval").body, row)


def _node(node: ast.expr, row: Row) -> Any:
    match node:
        case ast.Constant():
            if isinstance(node.value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", node.value):
                return date.fromisoformat(node.value)
            return float(node.value) if type(node.value) is int else node.value
        case ast.Name():
            return row[node.id]
        case ast.BinOp():
            return _arithmetic(ARITHMETIC[type(node.op)], _node(node.left, row), _node(node.right, row))
        case ast.UnaryOp(op=ast.USub()):
            value = _node(node.operand, row)
            return None if value is None else -value
        case ast.UnaryOp(op=ast.Not()):
            value = _node(node.operand, row)
            return None if value is None else not value
        case ast.BoolOp():
            return _logical([_node(value, row) for value in node.values], isinstance(node.op, ast.And))
        case ast.Compare():
            return _compare(node, row)
        case ast.Call(func=ast.Name(id="today")):
            return FUNCTIONS["today"](row)
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name](*[_node(argument, row) for argument in node.args])
    raise AssertionError(ast.dump(node))


def _finite(value: Any) -> float | None:
    return float(value) if not isinstance(value, complex) and math.isfinite(value) else None


def _arithmetic(compute: Any, a: float | None, b: float | None) -> float | None:
    if a is None or b is None:
        return None
    try:
        return _finite(compute(a, b))
    except (ZeroDivisionError, OverflowError):
        return None


def _logical(values: list[bool | None], conjunction: bool) -> bool | None:
    decided = not conjunction
    if decided in [value for value in values if value is not None]:
        return decided
    return None if None in values else conjunction


def _compare(node: ast.Compare, row: Row) -> bool | None:
    left = _node(node.left, row)
    found: list[bool | None] = []
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, ast.In | ast.NotIn):
            inside = left in [_node(value, row) for value in right_node.elts]  # type: ignore[attr-defined]
            return None if left is None else inside == isinstance(op, ast.In)
        right = _node(right_node, row)
        found.append(None if left is None or right is None else COMPARISON[type(op)](left, right))
        left = right
    return _logical(found, conjunction=True)


def _strict(function: Any) -> Any:
    """Null in, null out."""
    return lambda *values: None if None in values else function(*values)


def _of_array(compute: Any) -> Any:
    with np.errstate(all="ignore"):
        return _strict(lambda x: _finite(compute(np.array([x]))[0]))


def _bucket(x: float | None, *bounds: float) -> str | None:
    if x is None:
        return None
    if x < bounds[0]:
        return f"< {bounds[0]:g}"
    for low, high in pairwise(bounds):
        if x < high:
            return f"{low:g}\N{EN DASH}{high:g}"
    return f"{bounds[-1]:g}+"


def _lookup(x: str | None, *pairs: Any) -> Any:
    rest = pairs[-1] if len(pairs) % 2 else None
    return None if x is None else dict(zip(pairs[0::2], pairs[1::2], strict=False)).get(x, rest)


FUNCTIONS = {
    "min": _strict(lambda *values: min(values)),
    "max": _strict(lambda *values: max(values)),
    "abs": _strict(abs),
    "round": _strict(lambda x, digits=0.0: float(np.round(x, int(digits)))),
    "log1p": _strict(lambda x: None if x <= -1 else _of_array(np.log1p)(x)),
    "sqrt": _strict(lambda x: None if x < 0 else math.sqrt(x)),
    "clip": _strict(lambda x, low, high: min(max(x, low), high)),
    "where": lambda condition, a, b: None if condition is None else (a if condition else b),
    "isnull": lambda x: x is None,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "count": lambda *values: float(sum(value is True for value in values)),
    "bucket": _bucket,
    "lookup": _lookup,
    "days_between": _strict(lambda a, b: float((b - a).days)),
    "month": _strict(lambda d: float(d.month)),
    "today": lambda row: row[TODAY_COLUMN],
    "weekday": _strict(lambda d: float(d.isoweekday())),
    "concat": _strict(lambda *values: "".join(values)),
}


def days(day: date | None) -> float:
    """A date as the fast implementation holds it."""
    return math.nan if day is None else (day - date(1970, 1, 1)) / timedelta(days=1)
