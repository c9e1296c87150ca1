"""Comparison and membership. Null in, null out, as in SQL."""

# ruff: noqa: PLR0124 (NaN is what differs from itself; a call to isnan costs more than the rest)

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.contract.nodes import NAN, Columns, Node, OverArrays, OverRow, Row, date_literals, need_same
from tenure.contract.values import Floats, Memo, PairMemo, Text, code_table, null_of, table


class _Operator(NamedTuple):
    arrays: np.ufunc
    one_row: Callable[[Any, Any], bool]


COMPARISON: dict[type[ast.cmpop], _Operator] = {
    ast.Eq: _Operator(np.equal, operator.eq),
    ast.NotEq: _Operator(np.not_equal, operator.ne),
    ast.Lt: _Operator(np.less, operator.lt),
    ast.LtE: _Operator(np.less_equal, operator.le),
    ast.Gt: _Operator(np.greater, operator.gt),
    ast.GtE: _Operator(np.greater_equal, operator.ge),
}


def compare(kind: type[ast.cmpop], left: Node, right: Node, text: str) -> Node:
    """``left`` and ``right`` compared by one of ``COMPARISON``.

    Raises:
        ValueError: their types differ, or have no order and are compared by it; or a text that is compared with a date
            is not a date.
    """
    left, right = date_literals([left, right])
    type_ = need_same([left, right], f"comparing in '{text}'")
    if kind not in (ast.Eq, ast.NotEq) and type_ in ("text", "boolean"):
        raise ValueError(f"'{text}': {type_} values have no order; '==', '!=' and 'in' work on them")
    if type_ == "text" and left.literal is not None and right.literal is None:
        left, right = right, left  # equality is symmetric
    compute, test = COMPARISON[kind]
    arrays = _compare_text(kind is ast.Eq, left, right) if type_ == "text" else _compare_numbers(compute, left, right)
    return Node("boolean", arrays, _compare_one_row(test, left, right), text)


def _compare_numbers(compute: np.ufunc, left: Node, right: Node) -> OverArrays:
    a, b = left.arrays, right.arrays
    if right.literal is not None:

        def against_literal(columns: Columns) -> Floats:
            x = a(columns)
            return compute(x, b(columns)) + null_of(x)

        return against_literal

    def against_value(columns: Columns) -> Floats:
        x, y = a(columns), b(columns)
        return compute(x, y) + (null_of(x) + null_of(y))

    return against_value


def _compare_text(equality: bool, left: Node, right: Node) -> OverArrays:
    equal, different = (1.0, 0.0) if equality else (0.0, 1.0)
    a, b = left.arrays, right.arrays
    if right.literal is not None:
        wanted = right.literal
        by_word = Memo(lambda words: table([equal if word == wanted else different for word in words]))
        return lambda columns: _gather(by_word, a(columns))
    common = PairMemo(_common_codes)

    def words_against_words(columns: Columns) -> Floats:
        x, y = a(columns), b(columns)
        codes_x, codes_y = common(x.words, y.words)
        i, j = codes_x[x.codes], codes_y[y.codes]
        found: Floats = np.where((i < 0) | (j < 0), np.nan, np.where(i == j, equal, different))
        return found

    return words_against_words


def _compare_one_row(test: Callable[[Any, Any], bool], left: Node, right: Node) -> OverRow:
    a, b, literal = left.one_row, right.one_row, right.literal
    if literal is not None:

        def against_literal(row: Row) -> float:
            x = a(row)
            if x is None or x != x:
                return NAN
            return 1.0 if test(x, literal) else 0.0

        return against_literal

    def against_value(row: Row) -> float:
        x, y = a(row), b(row)
        if x is None or y is None or x != x or y != y:
            return NAN
        return 1.0 if test(x, y) else 0.0

    return against_value


def member(node: Node, values: list[Node], negated: bool, text: str) -> Node:
    """``node in [literal, …]``, or ``not in``.

    Raises:
        ValueError: the list is empty, holds something other than literals, or values of another type; or ``node`` is a
            date and one of the texts is not.
    """
    if not values:
        raise ValueError(f"'{text}': the list is empty")
    for value in values:
        if value.literal is None:
            raise ValueError(f"'{text}': the values of a list must be literals, '{value.text}' is not")
    node, *values = date_literals([node, *values])
    type_ = need_same([node, *values], f"'in' of '{text}'")
    inside, outside = (0.0, 1.0) if negated else (1.0, 0.0)
    members = frozenset(value.literal for value in values)
    arrays = _member_text if type_ == "text" else _member_numbers
    one_row = _member_one_row(node.one_row, members, inside, outside)
    return Node("boolean", arrays(node.arrays, members, inside, outside), one_row, text)


def _member_text(run: OverArrays, members: frozenset[Any], inside: float, outside: float) -> OverArrays:
    by_word = Memo(lambda words: table([inside if word in members else outside for word in words]))
    return lambda columns: _gather(by_word, run(columns))


def _member_numbers(run: OverArrays, members: frozenset[Any], inside: float, outside: float) -> OverArrays:
    numbers = np.array(sorted(float(value) for value in members))

    def is_member(columns: Columns) -> Floats:
        x = run(columns)
        return np.where(np.isin(x, numbers), inside, outside) + null_of(x)

    return is_member


def _member_one_row(value: OverRow, members: frozenset[Any], inside: float, outside: float) -> OverRow:
    def is_member(row: Row) -> float:
        x = value(row)
        if x is None or x != x:
            return NAN
        return inside if x in members else outside

    return is_member


def _gather(by_word: Memo, text: Text) -> Floats:
    found: Floats = by_word(text.words)[text.codes]
    return found


def _common_codes(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    place = {word: index for index, word in enumerate(dict.fromkeys([*a, *b]))}
    return code_table([place[word] for word in a]), code_table([place[word] for word in b])
