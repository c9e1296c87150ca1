"""The functions of expressions. Null in, null out, except in ``isnull``, ``coalesce`` and ``count``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.nodes import Columns, Node, need, need_same
from tenure.contract.values import ExpressionType, Floats, Memo, PairMemo, Text, Value, code_table, finite, table

EN_DASH = "\u2013"
MAX_PRODUCT = 4_096
"""Pairs of words up to which ``concat`` works them all out once instead of those met in each batch."""


def bucket_labels(bounds: Sequence[float]) -> tuple[str, ...]:
    """Names of the ranges that ``bounds`` divide numbers into; a bound belongs to the range above it.

    The bounds 0, 6, 24 give four: below 0, 0 ≤ x < 6, 6 ≤ x < 24, and 24 or more.
    """
    texts = [f"{bound:.0f}" if bound == int(bound) and abs(bound) < 1e15 else repr(bound) for bound in bounds]
    between = [f"{low}{EN_DASH}{high}" for low, high in pairwise(texts)]
    return (f"< {texts[0]}", *between, f"{texts[-1]}+")


def _extreme(name: str, compute: np.ufunc) -> Callable[[list[Node], str], Node]:
    def build(arguments: list[Node], text: str) -> Node:
        _at_least(name, arguments, 2, f"{name}(tenure, 12)")
        _all(name, arguments, "number")
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
        _exactly(name, arguments, 1, f"{name}(x)")
        _all(name, arguments, "number")
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
    _exactly("clip", arguments, 3, "clip(x, low, high)")
    _all("clip", arguments, "number")
    x, low, high = (node.run for node in arguments)
    return Node("number", lambda columns: np.minimum(np.maximum(x(columns), low(columns)), high(columns)), text)


def _where(arguments: list[Node], text: str) -> Node:
    """``where(condition, a, b)``: a where the condition holds, b where not, null where that is not known."""
    _exactly("where", arguments, 3, "where(condition, a, b)")
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


def _isnull(arguments: list[Node], text: str) -> Node:
    _exactly("isnull", arguments, 1, "isnull(x)")
    run = arguments[0].run

    def is_null(columns: Columns) -> Floats:
        value: Value = run(columns)
        missing = value.codes < 0 if isinstance(value, Text) else np.isnan(value)
        return missing.astype(np.float64)

    return Node("boolean", is_null, text)


def _coalesce(arguments: list[Node], text: str) -> Node:
    """The first of the values that is not null."""
    _at_least("coalesce", arguments, 2, "coalesce(x, 0)")
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


def _count(arguments: list[Node], text: str) -> Node:
    """How many of the conditions hold; one that is not known does not count."""
    _at_least("count", arguments, 1, "count(a == 1, b == 1)")
    _all("count", arguments, "boolean")
    runs = [node.run for node in arguments]

    def run(columns: Columns) -> Floats:
        holds = [condition(columns) == 1.0 for condition in runs]
        return np.add.reduce(np.broadcast_arrays(*holds), axis=0, dtype=np.float64)

    return Node("number", run, text)


def _bucket(arguments: list[Node], text: str) -> Node:
    """``bucket(x, 0, 6, 24)``: the name of the range that x is in, see ``bucket_labels``."""
    _at_least("bucket", arguments, 2, "bucket(tenure, 0, 6, 24)")
    need(arguments[0], "number", "bucket")
    bounds = [node.literal for node in arguments[1:] if isinstance(node.literal, float)]
    if len(bounds) < len(arguments) - 1 or any(a >= b for a, b in pairwise(bounds)):
        raise ValueError(f"the bounds in '{text}' must be plain numbers that ascend")
    words, edges, run = bucket_labels(bounds), np.array(bounds), arguments[0].run

    def into_ranges(columns: Columns) -> Text:
        x = run(columns)
        codes = np.searchsorted(edges, x, side="right")
        return Text(np.where(np.isnan(x), -1, codes).astype(np.int32), words)

    return Node("text", into_ranges, text)


def _lookup(arguments: list[Node], text: str) -> Node:
    """``lookup(x, "a", 1, "b", 2)``: 1 for "a", 2 for "b", else null; a last value without a key is for the rest."""
    _at_least("lookup", arguments, 3, 'lookup(plan, "basic", 1, "plus", 2)')
    need(arguments[0], "text", "lookup")
    pairs = arguments[1:]
    rest = pairs.pop() if len(pairs) % 2 else None
    keys, values = pairs[0::2], pairs[1::2]
    for node in [*arguments[1:]]:
        if node.literal is None:
            raise ValueError(f"lookup works on plain keys and values, '{node.text}' in '{text}' is none")
    _all("a key of lookup", keys, "text")
    kind = need_same([*values, *([rest] if rest else [])], "lookup")
    if kind not in ("number", "text"):
        raise ValueError(f"the values in '{text}' must be numbers or texts")
    mapping = {key.literal: value.literal for key, value in zip(keys, values, strict=True)}
    if len(mapping) < len(keys):
        raise ValueError(f"a key stands twice in '{text}'")
    default = rest.literal if rest else None
    run = arguments[0].run
    if kind == "number":
        numbers = Memo(lambda words: table([_number(mapping.get(word, default)) for word in words]))
        return Node("number", lambda columns: _take(numbers, run(columns)), text)
    names = tuple(dict.fromkeys(str(value) for value in [*mapping.values(), default] if value is not None))
    place = {name: index for index, name in enumerate(names)}
    codes = Memo(lambda words: code_table([place.get(str(mapping.get(word, default)), -1) for word in words]))
    return Node("text", lambda columns: Text(_take(codes, run(columns)), names), text)


def _concat(arguments: list[Node], text: str) -> Node:
    """The texts one after the other, for crossing categories: ``concat(plan, " / ", region)``."""
    _at_least("concat", arguments, 2, 'concat(plan, " / ", region)')
    _all("concat", arguments, "text")
    result = arguments[0]
    for other in arguments[1:]:
        result = Node("text", _joined(result, other), text)
    return result


def _joined(first: Node, second: Node) -> Callable[[Columns], Text]:
    a, b = first.run, second.run
    every_pair = PairMemo(lambda x, y: tuple(left + right for left, right in product(x, y)))

    def run(columns: Columns) -> Text:
        x, y = a(columns), b(columns)
        size = len(y.words)
        pairs = np.where((x.codes < 0) | (y.codes < 0), -1, x.codes.astype(np.int64) * size + y.codes)
        if len(x.words) * size <= MAX_PRODUCT:
            return Text(pairs.astype(np.int32), every_pair(x.words, y.words))
        met, codes = np.unique(pairs, return_inverse=True)
        null_first = int(met.size > 0 and met[0] < 0)
        words = tuple(x.words[pair // size] + y.words[pair % size] for pair in met[null_first:].tolist())
        return Text((codes.reshape(pairs.shape) - null_first).astype(np.int32), words)

    return run


def _days_between(arguments: list[Node], text: str) -> Node:
    """Whole days from the first date to the second; negative if the second comes first."""
    _exactly("days_between", arguments, 2, "days_between(start, end)")
    _all("days_between", arguments, "date")
    a, b = arguments[0].run, arguments[1].run
    return Node("number", lambda columns: np.floor(b(columns)) - np.floor(a(columns)), text)


def _month(arguments: list[Node], text: str) -> Node:
    """1 for January to 12 for December."""
    _exactly("month", arguments, 1, "month(start)")
    _all("month", arguments, "date")
    run = arguments[0].run

    def month(columns: Columns) -> Floats:
        days = run(columns)
        missing = np.isnan(days)
        whole = np.floor(np.where(missing, 0.0, days)).astype("datetime64[D]")
        number = whole.astype("datetime64[M]").astype(np.int64) % 12 + 1
        return np.where(missing, np.nan, number.astype(np.float64))

    return Node("number", month, text)


def _weekday(arguments: list[Node], text: str) -> Node:
    """1 for Monday to 7 for Sunday (ISO 8601)."""
    _exactly("weekday", arguments, 1, "weekday(start)")
    _all("weekday", arguments, "date")
    run = arguments[0].run
    # 1970-01-01 was a Thursday.
    return Node("number", lambda columns: np.mod(np.floor(run(columns)) + 3.0, 7.0) + 1.0, text)


FUNCTIONS: dict[str, Callable[[list[Node], str], Node]] = {
    "abs": _of_one_number("abs", np.abs),
    "bucket": _bucket,
    "clip": _clip,
    "coalesce": _coalesce,
    "concat": _concat,
    "count": _count,
    "days_between": _days_between,
    "isnull": _isnull,
    "log1p": _of_one_number("log1p", np.log1p),
    "lookup": _lookup,
    "max": _extreme("max", np.maximum),
    "min": _extreme("min", np.minimum),
    "month": _month,
    "round": _round,
    "sqrt": _of_one_number("sqrt", np.sqrt),
    "weekday": _weekday,
    "where": _where,
}


def _shifted(text: Text, by: int) -> NDArray[np.int32]:
    shifted: NDArray[np.int32] = np.where(text.codes < 0, -1, text.codes + by)
    return shifted


def _take(by_word: Memo, text: Text) -> Any:
    return by_word(text.words)[text.codes]


def _number(value: object) -> float:
    return float(value) if isinstance(value, float | int) else float("nan")


def _exactly(name: str, arguments: list[Node], number: int, example: str) -> None:
    if len(arguments) != number:
        raise ValueError(f"{name} takes {number} value{'s' * (number > 1)}, not {len(arguments)}: {example}")


def _at_least(name: str, arguments: list[Node], number: int, example: str) -> None:
    if len(arguments) < number:
        raise ValueError(f"{name} takes {number} values or more, not {len(arguments)}: {example}")


def _all(name: str, arguments: list[Node], kind: ExpressionType) -> None:
    for node in arguments:
        need(node, kind, name)
