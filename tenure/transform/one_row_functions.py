"""The functions of expressions over one row: twins of those of ``tenure.contract.functions``."""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import ast
import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from tenure.contract.functions_of_words import bucket_labels

Row = dict[str, Any]
Run = Callable[[Row], Any]
RunOf = Callable[[ast.expr], Run]
Build = Callable[[list[ast.expr], RunOf], Run]
"""From the arguments, and what makes a run of each, to the function's own."""

NAN = math.nan


class UnsupportedError(Exception):
    """An expression has a part that has no form for one row."""


def literal(tree: ast.expr) -> Any:
    """The text or number that stands there.

    Raises:
        UnsupportedError: something else does.
    """
    match tree:
        case ast.Constant(value=str(word)):
            return word
        case ast.Constant(value=int(number) | float(number)):
            return float(number)
        case ast.UnaryOp(op=ast.USub()):
            return -literal(tree.operand)
    raise UnsupportedError(ast.unparse(tree))


def _extreme(pick: Callable[[float, float], float]) -> Build:
    def build(arguments: list[ast.expr], run_of: RunOf) -> Run:
        first, *others = map(run_of, arguments)

        def run(row: Row) -> float:
            found: float = first(row)
            for other in others:
                value = other(row)
                found = pick(found, value) if found == found and value == value else NAN
            return found

        return run

    return build


def _clip(arguments: list[ast.expr], run_of: RunOf) -> Run:
    x, low, high = arguments
    return run_of(ast.Call(ast.Name("min"), [ast.Call(ast.Name("max"), [x, low], []), high], []))


def _absolute(arguments: list[ast.expr], run_of: RunOf) -> Run:
    run = run_of(arguments[0])
    return lambda row: abs(run(row))


def _square_root(arguments: list[ast.expr], run_of: RunOf) -> Run:
    run = run_of(arguments[0])

    def root(row: Row) -> float:
        x = run(row)
        return math.sqrt(x) if x >= 0.0 else NAN

    return root


def _where(arguments: list[ast.expr], run_of: RunOf) -> Run:
    condition, a, b = map(run_of, arguments)

    def run(row: Row) -> Any:
        chosen = condition(row)
        if chosen == chosen:
            return a(row) if chosen == 1.0 else b(row)
        either = a(row)
        return None if either is None or isinstance(either, str) else NAN

    return run


def _is_null(arguments: list[ast.expr], run_of: RunOf) -> Run:
    run = run_of(arguments[0])

    def test(row: Row) -> float:
        value = run(row)
        return 1.0 if value is None or value != value else 0.0

    return test


def _coalesce(arguments: list[ast.expr], run_of: RunOf) -> Run:
    *runs, last = map(run_of, arguments)

    def run(row: Row) -> Any:
        for part in runs:
            value = part(row)
            if value is not None and value == value:
                return value
        return last(row)

    return run


def _count(arguments: list[ast.expr], run_of: RunOf) -> Run:
    runs = [run_of(argument) for argument in arguments]

    def run(row: Row) -> float:
        holding = 0
        for condition in runs:
            if condition(row) == 1.0:
                holding += 1
        return float(holding)

    return run


def _bucket(arguments: list[ast.expr], run_of: RunOf) -> Run:
    value, bounds = run_of(arguments[0]), [float(literal(bound)) for bound in arguments[1:]]
    words = bucket_labels(bounds)

    def run(row: Row) -> str | None:
        x = value(row)
        return words[bisect_right(bounds, x)] if x == x else None

    return run


def _lookup(arguments: list[ast.expr], run_of: RunOf) -> Run:
    value, rest = run_of(arguments[0]), [literal(argument) for argument in arguments[1:]]
    last = rest.pop() if len(rest) % 2 else None
    mapping = dict(zip(rest[0::2], rest[1::2], strict=True))
    null = None if isinstance(rest[1], str) else NAN
    default = null if last is None else last

    def run(row: Row) -> Any:
        word = value(row)
        return null if word is None else mapping.get(word, default)

    return run


def _concat(arguments: list[ast.expr], run_of: RunOf) -> Run:
    runs = [run_of(argument) for argument in arguments]

    def run(row: Row) -> str | None:
        words = [part(row) for part in runs]
        return None if None in words else "".join(words)

    return run


FUNCTIONS: dict[str, Build] = {
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
