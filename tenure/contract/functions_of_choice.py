"""Functions of expressions that choose between values, and those that a null does not make null."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenure.contract.arguments import at_least, each, exactly
from tenure.contract.nodes import Columns, Node, need, need_same
from tenure.contract.values import Floats, PairMemo, Text, Value


def where(arguments: list[Node], text: str) -> Node:
    """``where(condition, a, b)``: a where the condition holds, b where not, null where that is not known."""
    exactly("where", arguments, 3, "where(condition, a, b)")
    need(arguments[0], "boolean", "where")
    kind = need_same(arguments[1:], "where")
    condition, a, b = (node.run for node in arguments)
    if kind == "text":
        both = PairMemo(lambda x, y: x + y)

        def choose_text(columns: Columns) -> Text:
            chosen, x, y = condition(columns), a(columns), b(columns)
            codes = np.where(chosen == 1.0, x.codes, _shifted(y, len(x.words)))
            return Text(np.where(np.isnan(chosen), -1, codes).astype(np.int32), both(x.words, y.words))

        return Node("text", choose_text, text)

    def choose(columns: Columns) -> Floats:
        chosen = condition(columns)
        values = np.where(chosen == 1.0, a(columns), b(columns))
        return values + (chosen - chosen)

    return Node(kind, choose, text)


def isnull(arguments: list[Node], text: str) -> Node:
    exactly("isnull", arguments, 1, "isnull(x)")
    run = arguments[0].run

    def is_null(columns: Columns) -> Floats:
        value: Value = run(columns)
        missing = value.codes < 0 if isinstance(value, Text) else np.isnan(value)
        return missing.astype(np.float64)

    return Node("boolean", is_null, text)


def coalesce(arguments: list[Node], text: str) -> Node:
    """The first of the values that is not null."""
    at_least("coalesce", arguments, 2, "coalesce(x, 0)")
    kind = need_same(arguments, "coalesce")
    result = arguments[0]
    for other in arguments[1:]:
        result = Node(kind, _first_known_text(result, other) if kind == "text" else _first_known(result, other), text)
    return result


def _first_known(first: Node, second: Node) -> Callable[[Columns], Floats]:
    a, b = first.run, second.run

    def run(columns: Columns) -> Floats:
        x: Floats = a(columns)
        result: Floats = np.where(np.isnan(x), b(columns), x)
        return result

    return run


def _first_known_text(first: Node, second: Node) -> Callable[[Columns], Text]:
    a, b = first.run, second.run
    both = PairMemo(lambda x, y: x + y)

    def run(columns: Columns) -> Text:
        x, y = a(columns), b(columns)
        codes = np.where(x.codes >= 0, x.codes, _shifted(y, len(x.words)))
        return Text(codes.astype(np.int32), both(x.words, y.words))

    return run


def count(arguments: list[Node], text: str) -> Node:
    """How many of the conditions hold; one that is not known does not count."""
    at_least("count", arguments, 1, "count(a == 1, b == 1)")
    each("count", arguments, "boolean")
    runs = [node.run for node in arguments]

    def run(columns: Columns) -> Floats:
        holds = [condition(columns) == 1.0 for condition in runs]
        return np.add.reduce(np.broadcast_arrays(*holds), axis=0, dtype=np.float64)

    return Node("number", run, text)


def _shifted(text: Text, by: int) -> NDArray[np.int32]:
    shifted: NDArray[np.int32] = np.where(text.codes < 0, -1, text.codes + by)
    return shifted
