"""Functions that make text of numbers, numbers of text, or text of text. Null in, null out."""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np

from tenure.contract.functions.function import Function, Nulls
from tenure.contract.functions.signature import Signature
from tenure.contract.nodes import NAN, Columns, Node, OverArrays, OverRow, Row
from tenure.contract.values import Memo, PairMemo, Text, code_table, table

EN_DASH = "\u2013"
MAX_PRODUCT = 4_096
"""Pairs of words up to which ``concat`` joins all of them once instead of those met in each batch."""


def bucket_labels(bounds: Sequence[float]) -> tuple[str, ...]:
    """Names of the ranges that ``bounds`` divide numbers into; a bound belongs to the range above it.

    The bounds 0, 6, 24 give four: below 0, 0 ≤ x < 6, 6 ≤ x < 24, and 24 or more.
    """
    texts = [f"{bound:.0f}" if bound == int(bound) and abs(bound) < 1e15 else repr(bound) for bound in bounds]
    between = [f"{low}{EN_DASH}{high}" for low, high in pairwise(texts)]
    return (f"< {texts[0]}", *between, f"{texts[-1]}+")


def _bounds(arguments: list[Node]) -> list[float]:
    return [float(node.literal) for node in arguments[1:] if node.literal is not None]


def _check_bounds(arguments: list[Node], text: str) -> None:
    if any(a >= b for a, b in pairwise(_bounds(arguments))):
        raise ValueError(f"the bounds in '{text}' must be numbers that ascend")


def _bucket(arguments: list[Node]) -> OverArrays:
    bounds, x = _bounds(arguments), arguments[0].arrays
    words, edges = bucket_labels(bounds), np.array(bounds)

    def run(columns: Columns) -> Text:
        value = x(columns)
        codes = np.searchsorted(edges, value, side="right")
        return Text(np.where(np.isnan(value), -1, codes).astype(np.int32), words)

    return run


def _bucket_one_row(arguments: list[Node]) -> OverRow:
    bounds, x = _bounds(arguments), arguments[0].one_row
    words = bucket_labels(bounds)

    def run(row: Row) -> str | None:
        value = x(row)
        return words[bisect_right(bounds, value)] if value == value else None

    return run


def _pairs(arguments: list[Node]) -> tuple[list[Node], list[Node], Node | None]:
    """Keys, their values, and the value for all other keys if there is one."""
    pairs = arguments[1:]
    rest = pairs.pop() if len(pairs) % 2 else None
    return pairs[0::2], pairs[1::2], rest


def _check_pairs(arguments: list[Node], text: str) -> None:
    keys, values, _ = _pairs(arguments)
    if values[0].type not in ("number", "text"):
        raise ValueError(f"the values in '{text}' must be numbers or texts")
    if len({key.literal for key in keys}) < len(keys):
        raise ValueError(f"a key occurs twice in '{text}'")


def _mapping(arguments: list[Node]) -> tuple[dict[Any, Any], Any]:
    """Value by key, and the value for all other keys: None if there is none."""
    keys, values, rest = _pairs(arguments)
    mapping = {key.literal: value.literal for key, value in zip(keys, values, strict=True)}
    return mapping, rest.literal if rest else None


def _lookup(arguments: list[Node]) -> OverArrays:
    mapping, default = _mapping(arguments)
    x = arguments[0].arrays
    if arguments[2].type == "number":
        other = NAN if default is None else default
        numbers = Memo(lambda words: table([mapping.get(word, other) for word in words]))
        return lambda columns: _take(numbers, x(columns))
    names = tuple(dict.fromkeys(value for value in [*mapping.values(), default] if value is not None))
    place = {name: index for index, name in enumerate(names)}
    codes = Memo(lambda words: code_table([place.get(mapping.get(word, default), -1) for word in words]))
    return lambda columns: Text(_take(codes, x(columns)), names)


def _lookup_one_row(arguments: list[Node]) -> OverRow:
    mapping, default = _mapping(arguments)
    x = arguments[0].one_row
    null = NAN if arguments[2].type == "number" else None
    other = null if default is None else default

    def run(row: Row) -> Any:
        word = x(row)
        return null if word is None else mapping.get(word, other)

    return run


def _concat(arguments: list[Node]) -> OverArrays:
    run, *others = [node.arrays for node in arguments]
    for other in others:
        run = _joined(run, other)
    return run


def _joined(a: OverArrays, b: OverArrays) -> OverArrays:
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


def _concat_one_row(arguments: list[Node]) -> OverRow:
    runs = [node.one_row for node in arguments]

    def run(row: Row) -> str | None:
        words = [part(row) for part in runs]
        return None if None in words else "".join(words)

    return run


def _take(by_word: Memo, text: Text) -> Any:
    return by_word(text.words)[text.codes]


WORDS = (
    Function(
        name="bucket",
        signature=Signature(("number", "number"), "text", repeated=("number",), literals=True),
        nulls=Nulls.ANY,
        summary=f"The name of the range that the number is in: < 0, 0{EN_DASH}6, 6{EN_DASH}24 or 24+ in the example.",
        example="bucket(tenure, 0, 6, 24)",
        arrays=_bucket,
        one_row=_bucket_one_row,
        check=_check_bounds,
    ),
    Function(
        name="concat",
        signature=Signature(("text", "text"), "text", repeated=("text",)),
        nulls=Nulls.ANY,
        summary="The texts one after the other, to cross categories.",
        example='concat(plan, " / ", region)',
        arrays=_concat,
        one_row=_concat_one_row,
    ),
    Function(
        name="lookup",
        signature=Signature(("text", "text", "T"), "T", repeated=("text", "T"), optional=("T",), literals=True),
        nulls=Nulls.ANY,
        summary="The value that follows the key equal to the text; for all other texts the last value, or null.",
        example='lookup(plan, "basic", 1, "plus", 2)',
        arrays=_lookup,
        one_row=_lookup_one_row,
        check=_check_pairs,
    ),
)
