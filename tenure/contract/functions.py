"""The functions of expressions by name, and those of numbers. Null in, null out, but for what chooses by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenure.contract.arguments import at_least, each, exactly
from tenure.contract.functions_of_choice import coalesce, count, isnull, where
from tenure.contract.functions_of_dates import days_between, month, weekday
from tenure.contract.functions_of_words import bucket, concat, lookup
from tenure.contract.nodes import Columns, Node, need
from tenure.contract.values import Floats, finite


def _extreme(name: str, compute: np.ufunc) -> Callable[[list[Node], str], Node]:
    def build(arguments: list[Node], text: str) -> Node:
        at_least(name, arguments, 2, f"{name}(tenure, 12)")
        each(name, arguments, "number")
        runs = [node.run for node in arguments]

        def run(columns: Columns) -> Floats:
            result = runs[0](columns)
            for other in runs[1:]:
                result = compute(result, other(columns))
            return result

        return Node("number", run, text)

    return build


def _of_one_number(name: str, compute: np.ufunc) -> Callable[[list[Node], str], Node]:
    def build(arguments: list[Node], text: str) -> Node:
        exactly(name, arguments, 1, f"{name}(x)")
        each(name, arguments, "number")
        run = arguments[0].run
        return Node("number", lambda columns: finite(compute(run(columns))), text)

    return build


def _round(arguments: list[Node], text: str) -> Node:
    """``round(x)`` or ``round(x, digits)``; halves go to the even neighbour."""
    if len(arguments) not in (1, 2):
        raise ValueError(f"round takes a number and, if wanted, the digits: round(x, 2), not '{text}'")
    need(arguments[0], "number", "round")
    digits = 0.0 if len(arguments) == 1 else arguments[1].literal
    if not isinstance(digits, float) or digits not in range(10):
        raise ValueError(f"the digits in '{text}' must be a plain whole number from 0 to 9")
    run, places = arguments[0].run, int(digits)

    def rounded(columns: Columns) -> Floats:
        x = run(columns)
        near = np.round(x, places)
        # numpy scales by 10 ** places first: what overflows then has no digits after the point anyway.
        result: Floats = np.where(np.isfinite(near), near, x)
        return result

    return Node("number", rounded, text)


def _clip(arguments: list[Node], text: str) -> Node:
    """``clip(x, low, high)`` is ``min(max(x, low), high)``."""
    exactly("clip", arguments, 3, "clip(x, low, high)")
    each("clip", arguments, "number")
    x, low, high = (node.run for node in arguments)
    return Node("number", lambda columns: np.minimum(np.maximum(x(columns), low(columns)), high(columns)), text)


FUNCTIONS: dict[str, Callable[[list[Node], str], Node]] = {
    "abs": _of_one_number("abs", np.abs),
    "bucket": bucket,
    "clip": _clip,
    "coalesce": coalesce,
    "concat": concat,
    "count": count,
    "days_between": days_between,
    "isnull": isnull,
    "log1p": _of_one_number("log1p", np.log1p),
    "lookup": lookup,
    "max": _extreme("max", np.maximum),
    "min": _extreme("min", np.minimum),
    "month": month,
    "round": _round,
    "sqrt": _of_one_number("sqrt", np.sqrt),
    "weekday": weekday,
    "where": where,
}
