"""Expressions over one row, in plain Python: a twin of ``tenure.contract.expression`` without its arrays.

For a single row an array function costs ten times the work that it does. Here a number, a boolean (0 and 1) or a date
(days) is a float with NaN for null, a text is a ``str`` with None for null. A property test holds the twins to each
other; what is not here (``Unsupported``) is left to the arrays.
"""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import ast
import math
import operator
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from tenure.contract.functions import bucket_labels

Row = dict[str, Any]
Run = Callable[[Row], Any]

_NAN = math.nan


class UnsupportedError(Exception):
    """An expression has a part that has no form for one row."""


def compile_one_row(source: str) -> Run:
    """An expression that ``tenure.contract.expression.parse`` has read, for one row.

    Raises:
        UnsupportedError: it cannot be had.
    """
    return _run(ast.parse(source, mode="eval").body)


def _run(tree: ast.expr) -> Run:  # noqa: PLR0911 a kind of node, a return
    match tree:
        case ast.Constant(value=value):
            literal = value if isinstance(value, str) else float(value)  # type: ignore[arg-type]
            return lambda _: literal
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
                return operator.itemgetter(_literal(tree.args[0]))
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](tree.args)
    raise UnsupportedError(ast.unparse(tree))


def _arithmetic(kind: type[ast.operator], left: Run, right: Run) -> Run:
    compute = _ARITHMETIC.get(kind)
    if compute is None:
        raise UnsupportedError(kind.__name__)

    def run(row: Row) -> float:
        try:
            found: float = compute(left(row), right(row))
        except ZeroDivisionError:
            return _NAN
        # Infinite, or null already: the difference is no number.
        return found if found - found == 0.0 else _NAN

    return run


def _comparison(tree: ast.Compare) -> Run:
    left = _run(tree.left)
    found: list[Run] = []
    for kind, right in zip(tree.ops, tree.comparators, strict=True):
        if isinstance(kind, ast.In | ast.NotIn):
            return _member(left, [_literal(value) for value in right.elts], isinstance(kind, ast.NotIn))  # type: ignore[attr-defined]
        node = _run(right)
        found.append(_compare(_COMPARISON[type(kind)], left, node))
        left = node
    return found[0] if len(found) == 1 else _logic(0.0, found)


def _compare(test: Callable[[Any, Any], bool], left: Run, right: Run) -> Run:
    def run(row: Row) -> float:
        a, b = left(row), right(row)
        if a is None or b is None or a != a or b != b:
            return _NAN
        return 1.0 if test(a, b) else 0.0

    return run


def _member(value: Run, wanted: Sequence[str | float], negated: bool) -> Run:
    inside, outside = (0.0, 1.0) if negated else (1.0, 0.0)
    members = frozenset(wanted)

    def run(row: Row) -> float:
        x = value(row)
        if x is None or x != x:
            return _NAN
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
        return _NAN if unknown else other

    return run


def _extreme(pick: Callable[[float, float], float]) -> Callable[[list[ast.expr]], Run]:
    def build(arguments: list[ast.expr]) -> Run:
        first, *others = map(_run, arguments)

        def run(row: Row) -> float:
            found: float = first(row)
            for other in others:
                value = other(row)
                found = pick(found, value) if found == found and value == value else _NAN
            return found

        return run

    return build


def _clip(arguments: list[ast.expr]) -> Run:
    x, low, high = arguments
    return _run(ast.Call(ast.Name("min"), [ast.Call(ast.Name("max"), [x, low], []), high], []))


def _absolute(arguments: list[ast.expr]) -> Run:
    run = _run(arguments[0])
    return lambda row: abs(run(row))


def _square_root(arguments: list[ast.expr]) -> Run:
    run = _run(arguments[0])

    def root(row: Row) -> float:
        x = run(row)
        return math.sqrt(x) if x >= 0.0 else _NAN

    return root


def _where(arguments: list[ast.expr]) -> Run:
    condition, a, b = map(_run, arguments)

    def run(row: Row) -> Any:
        chosen = condition(row)
        if chosen == chosen:
            return a(row) if chosen == 1.0 else b(row)
        either = a(row)
        return None if either is None or isinstance(either, str) else _NAN

    return run


def _is_null(arguments: list[ast.expr]) -> Run:
    run = _run(arguments[0])

    def test(row: Row) -> float:
        value = run(row)
        return 1.0 if value is None or value != value else 0.0

    return test


def _coalesce(arguments: list[ast.expr]) -> Run:
    *runs, last = map(_run, arguments)

    def run(row: Row) -> Any:
        for part in runs:
            value = part(row)
            if value is not None and value == value:
                return value
        return last(row)

    return run


def _count(arguments: list[ast.expr]) -> Run:
    runs = [_run(argument) for argument in arguments]

    def run(row: Row) -> float:
        holding = 0
        for condition in runs:
            if condition(row) == 1.0:
                holding += 1
        return float(holding)

    return run


def _bucket(arguments: list[ast.expr]) -> Run:
    value, bounds = _run(arguments[0]), [float(_literal(bound)) for bound in arguments[1:]]
    words = bucket_labels(bounds)

    def run(row: Row) -> str | None:
        x = value(row)
        return words[bisect_right(bounds, x)] if x == x else None

    return run


def _lookup(arguments: list[ast.expr]) -> Run:
    value, rest = _run(arguments[0]), [_literal(argument) for argument in arguments[1:]]
    last = rest.pop() if len(rest) % 2 else None
    mapping = dict(zip(rest[0::2], rest[1::2], strict=True))
    null = None if isinstance(rest[1], str) else _NAN
    default = null if last is None else last

    def run(row: Row) -> Any:
        word = value(row)
        return null if word is None else mapping.get(word, default)

    return run


def _concat(arguments: list[ast.expr]) -> Run:
    runs = [_run(argument) for argument in arguments]

    def run(row: Row) -> str | None:
        words = [part(row) for part in runs]
        return None if None in words else "".join(words)

    return run


def _literal(tree: ast.expr) -> Any:
    match tree:
        case ast.Constant(value=str(word)):
            return word
        case ast.Constant(value=int(number) | float(number)):
            return float(number)
        case ast.UnaryOp(op=ast.USub()):
            return -_literal(tree.operand)
    raise UnsupportedError(ast.unparse(tree))


_FUNCTIONS: dict[str, Callable[[list[ast.expr]], Run]] = {
    "abs": _absolute,
    "bucket": _bucket,
    "clip": _clip,
    "coalesce": _coalesce,
    "concat": _concat,
    "count": _count,
    "isnull": _is_null,
    "lookup": _lookup,
    "max": _extreme(max),
    "min": _extreme(min),
    "sqrt": _square_root,
    "where": _where,
}
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
