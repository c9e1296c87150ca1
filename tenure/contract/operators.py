"""The operators of expressions: arithmetic, comparison, logic, membership. Null in, null out, as in SQL."""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenure.contract.nodes import Columns, Node, constant, need, need_same
from tenure.contract.values import Floats, Memo, PairMemo, Text, code_table, finite, null_of, table

MAX_EXPONENT = 8

ARITHMETIC: dict[type[ast.operator], np.ufunc] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder,
    ast.Pow: np.power,
}
COMPARISON: dict[type[ast.cmpop], np.ufunc] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}


def arithmetic(operator: type[ast.operator], left: Node, right: Node, text: str) -> Node:
    """Division by zero, overflow and whatever else has no finite result give null."""
    sign = f"'{SIGNS[operator]}'"
    need(left, "number", sign)
    need(right, "number", sign)
    compute, a, b = ARITHMETIC[operator], left.run, right.run
    if operator is ast.Pow:
        exponent = right.literal
        if exponent is None or abs(float(exponent)) > MAX_EXPONENT:
            raise ValueError(f"the exponent in '{text}' must be a plain number from -{MAX_EXPONENT} to {MAX_EXPONENT}")
        # As a plain number: numpy squares many rows by multiplying, but a single one, whose exponent is an array as
        # long, by pow, which may round otherwise.
        power = float(exponent)
        return Node("number", lambda columns: finite(compute(a(columns), power)), text)
    return Node("number", lambda columns: finite(compute(a(columns), b(columns))), text)


def negative(node: Node, text: str) -> Node:
    need(node, "number", "'-'")
    if node.literal is not None:
        return constant(-float(node.literal), text)
    run = node.run
    return Node("number", lambda columns: -run(columns), text)


def logical_not(node: Node, text: str) -> Node:
    need(node, "boolean", "'not'")
    run = node.run
    return Node("boolean", lambda columns: 1.0 - run(columns), text)


def logical(operator: type[ast.boolop], nodes: list[Node], text: str) -> Node:
    """Three-valued logic: ``False and null`` is False, ``True or null`` is True, other nulls stay null."""
    for node in nodes:
        need(node, "boolean", "'and'" if operator is ast.And else "'or'")
    runs = [node.run for node in nodes]
    # fmin and fmax pass over nulls: they find the value that decides whatever the others are.
    deciding, other, decided = (np.fmin, np.minimum, 0.0) if operator is ast.And else (np.fmax, np.maximum, 1.0)

    def two(a: Floats, b: Floats) -> Floats:
        found: Floats = np.where(deciding(a, b) == decided, decided, other(a, b))
        return found

    return Node("boolean", lambda columns: _fold(two, [run(columns) for run in runs]), text)


def compare(operator: type[ast.cmpop], left: Node, right: Node, text: str) -> Node:
    kind = need_same([left, right], f"comparing in '{text}'")
    ordering = operator not in (ast.Eq, ast.NotEq)
    if ordering and kind in ("text", "boolean"):
        raise ValueError(f"'{text}': {kind} values have no order; '==', '!=' and 'in' work on them")
    if kind == "text":
        return _compare_text(operator, left, right, text)
    test, a, b = COMPARISON[operator], left.run, right.run
    if right.literal is not None:

        def against_literal(columns: Columns) -> Floats:
            x = a(columns)
            return test(x, b(columns)) + null_of(x)

        return Node("boolean", against_literal, text)

    def against_value(columns: Columns) -> Floats:
        x, y = a(columns), b(columns)
        return test(x, y) + (null_of(x) + null_of(y))

    return Node("boolean", against_value, text)


def _compare_text(operator: type[ast.cmpop], left: Node, right: Node, text: str) -> Node:
    equal, different = (1.0, 0.0) if operator is ast.Eq else (0.0, 1.0)
    if left.literal is not None and right.literal is None:
        left, right = right, left
    a, b = left.run, right.run
    if right.literal is not None:
        wanted = right.literal
        by_word = Memo(lambda words: table([equal if word == wanted else different for word in words]))
        return Node("boolean", lambda columns: _gather(by_word, a(columns)), text)
    common = PairMemo(_common_codes)

    def words_against_words(columns: Columns) -> Floats:
        x, y = a(columns), b(columns)
        codes_x, codes_y = common(x.words, y.words)
        i, j = codes_x[x.codes], codes_y[y.codes]
        found: Floats = np.where((i < 0) | (j < 0), np.nan, np.where(i == j, equal, different))
        return found

    return Node("boolean", words_against_words, text)


def member(node: Node, values: list[Node], negated: bool, text: str) -> Node:
    """``x in [literal, …]``; null in, null out."""
    if not values:
        raise ValueError(f"'{text}': the list is empty")
    for value in values:
        if value.literal is None:
            raise ValueError(f"'{text}': a list holds plain values, '{value.text}' is none")
    kind = need_same([node, *values], f"'in' of '{text}'")
    inside, outside = (0.0, 1.0) if negated else (1.0, 0.0)
    run = node.run
    wanted = {value.literal for value in values}
    if kind == "text":
        by_word = Memo(lambda words: table([inside if word in wanted else outside for word in words]))
        return Node("boolean", lambda columns: _gather(by_word, run(columns)), text)
    numbers = np.array(sorted(float(value) for value in wanted if value is not None))

    def is_member(columns: Columns) -> Floats:
        x = run(columns)
        return np.where(np.isin(x, numbers), inside, outside) + null_of(x)

    return Node("boolean", is_member, text)


def _gather(by_word: Memo, text: Text) -> Floats:
    found: Floats = by_word(text.words)[text.codes]
    return found


def _common_codes(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    place = {word: index for index, word in enumerate(dict.fromkeys([*a, *b]))}
    return code_table([place[word] for word in a]), code_table([place[word] for word in b])


def _fold(two: Callable[[Floats, Floats], Floats], values: list[Floats]) -> Floats:
    result = values[0]
    for value in values[1:]:
        result = two(result, value)
    return result
