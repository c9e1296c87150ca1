"""Functions of expressions that make words of numbers, numbers of words, or words of words. Null in, null out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np

from tenure.contract.arguments import at_least, each
from tenure.contract.nodes import Columns, Node, need, need_same
from tenure.contract.values import Memo, PairMemo, Text, code_table, table

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


def bucket(arguments: list[Node], text: str) -> Node:
    """``bucket(x, 0, 6, 24)``: the name of the range that x is in, see ``bucket_labels``."""
    at_least("bucket", arguments, 2, "bucket(tenure, 0, 6, 24)")
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


def lookup(arguments: list[Node], text: str) -> Node:
    """``lookup(x, "a", 1, "b", 2)``: 1 for "a", 2 for "b", else null; a last value without a key is for the rest."""
    at_least("lookup", arguments, 3, 'lookup(plan, "basic", 1, "plus", 2)')
    need(arguments[0], "text", "lookup")
    pairs = arguments[1:]
    rest = pairs.pop() if len(pairs) % 2 else None
    keys, values = pairs[0::2], pairs[1::2]
    for node in [*arguments[1:]]:
        if node.literal is None:
            raise ValueError(f"lookup works on plain keys and values, '{node.text}' in '{text}' is none")
    each("a key of lookup", keys, "text")
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


def concat(arguments: list[Node], text: str) -> Node:
    """The texts one after the other, for crossing categories: ``concat(plan, " / ", region)``."""
    at_least("concat", arguments, 2, 'concat(plan, " / ", region)')
    each("concat", arguments, "text")
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


def _take(by_word: Memo, text: Text) -> Any:
    return by_word(text.words)[text.codes]


def _number(value: object) -> float:
    return float(value) if isinstance(value, float | int) else float("nan")
