"""Both back ends agree with a slow reference, on generated expressions over generated rows.

The calls are generated from the table of functions: a new entry is tested once the reference knows it.
"""

from __future__ import annotations

import math
from datetime import date
from itertools import product
from typing import Any

import expression_reference as reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract.expression import parse
from tenure.contract.functions import FUNCTIONS
from tenure.contract.values import TODAY_COLUMN, Text

KNOWN = {
    "n": "number",
    "m": "number",
    "t": "text",
    "u": "text",
    "p": "boolean",
    "q": "boolean",
    "d": "date",
    "e": "date",
}
COLUMNS = {**KNOWN, TODAY_COLUMN: "date"}
WORDS = ["a", "b", "c", "ab"]

number_literals = st.sampled_from(["0", "1", "2.5", "-3", "6", "24", "1e300"])
date_literals = st.sampled_from(['"1970-01-01"', '"2000-02-29"', '"2026-11-30"'])
text_literals = st.sampled_from([f'"{word}"' for word in WORDS])


def _call(name: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*arguments).map(lambda values: f"{name}({', '.join(values)})")


def _infix(left: st.SearchStrategy[str], signs: str, right: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(left, st.sampled_from(signs.split()), right).map(lambda parts: f"({' '.join(parts)})")


def _expressions(depth: int) -> dict[str, st.SearchStrategy[str]]:
    if depth == 0:
        return {
            "number": st.sampled_from(["n", "m"]) | number_literals,
            "text": st.sampled_from(["t", "u"]) | text_literals,
            "boolean": st.sampled_from(["p", "q", "True", "False"]),
            "date": st.sampled_from(["d", "e"]),
        }
    under = _expressions(depth - 1)
    n, t, b, d = under["number"], under["text"], under["boolean"], under["date"]
    calls = _calls(under)
    return {
        "number": n
        | _infix(n, "+ - * / // %", n)
        | n.map(lambda x: f"({x}) ** 2")
        | n.map(lambda x: f"({x}) ** 0.5")
        | n.map(lambda x: f"-({x})")
        | _call("days_between", d, date_literals)
        | _call("days_between", date_literals, d)
        | _call("month", date_literals)
        | calls["number"],
        "text": t | calls["text"],
        "boolean": b
        | _infix(n, "< <= > >= == !=", n)
        | _infix(d, "< <= > >= == !=", d)
        | _infix(d, "< <= > >= == !=", date_literals)
        | _infix(date_literals, "< <= > >= == !=", d)
        | st.tuples(d, date_literals).map(lambda x: f'({x[0]} in [{x[1]}, "1999-12-31"])')
        | _infix(t, "== !=", t)
        | _infix(b, "and or == !=", b)
        | b.map(lambda x: f"(not {x})")
        | st.tuples(n, n, n).map(lambda x: f"({x[0]} < {x[1]} <= {x[2]})")
        | t.map(lambda x: f'({x} in ["a", "x"])')
        | n.map(lambda x: f"({x} not in [0, 6])")
        | calls["boolean"],
        "date": d | _call("where", b, date_literals, d) | _call("coalesce", d, date_literals) | calls["date"],
    }


LITERALS: dict[str, list[tuple[str, str]]] = {
    "bucket": [("text", "0, 6, 24"), ("text", "2.5")],
    "lookup": [
        ("number", '"a", 1, "b", 2'),
        ("number", '"a", 1, 7'),
        ("text", '"a", "x", "b", "a"'),
        ("text", '"a", "x", "y"'),
    ],
    "round": [("number", "1"), ("number", "0")],
}
"""For functions whose arguments after the first are literals: types of the result, and such arguments."""


def _calls(under: dict[str, st.SearchStrategy[str]]) -> dict[str, st.SearchStrategy[str]]:
    """Calls of all functions by type of their results, with one group of repeated arguments and without."""
    found: dict[str, list[st.SearchStrategy[str]]] = {kind: [] for kind in under}
    for name, function in FUNCTIONS.items():
        signature = function.signature
        if signature.literals:
            for kind, literals in LITERALS[name]:
                found[kind].append(_call(name, under[signature.required[0]], st.just(literals)))
            continue
        for count in {len(signature.required), len(signature.required) + len(signature.repeated)}:
            types = signature.types(count) or ()
            for shared in under if "T" in types else [""]:
                arguments = [
                    st.one_of(*under.values()) if kind == "any" else under[shared if kind == "T" else kind]
                    for kind in types
                ]
                found[shared if signature.returns == "T" else signature.returns].append(_call(name, *arguments))
    return {kind: st.one_of(*calls) for kind, calls in found.items()}


ANY = _expressions(3)
numbers = st.none() | st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.5, 6.0, 1e308]) | st.integers(-1000, 1000).map(float)
dates = st.dates(date(1950, 1, 1), date(2100, 1, 1))
rows = st.fixed_dictionaries(
    {
        **dict.fromkeys("nm", numbers),
        **dict.fromkeys("tu", st.none() | st.sampled_from(WORDS)),
        **dict.fromkeys("pq", st.none() | st.booleans()),
        **dict.fromkeys("de", st.none() | dates),
        TODAY_COLUMN: dates,
    }
)


def columns_of(table: list[dict[str, Any]]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, kind in COLUMNS.items():
        values = [row[name] for row in table]
        if kind == "text":
            words = tuple(dict.fromkeys(value for value in values if value is not None))
            codes = [-1 if value is None else words.index(value) for value in values]
            columns[name] = Text(np.array(codes, dtype=np.int32), words)
        elif kind == "date":
            columns[name] = np.array([reference.days(value) for value in values])
        else:
            columns[name] = np.array([math.nan if value is None else float(value) for value in values])
    return columns


def one_row_of(row: dict[str, Any]) -> dict[str, Any]:
    """The row in the representation of ``tenure.contract.nodes.Row``."""
    return {name: _scalar(row[name], kind) for name, kind in COLUMNS.items()}


def _scalar(value: Any, kind: str) -> Any:
    if kind == "text":
        return value
    if kind == "date":
        return reference.days(value)
    return math.nan if value is None else float(value)


def bits(numbers: np.ndarray) -> list[bytes]:
    """Of every number, with one NaN: a negative zero is not a zero."""
    return [np.where(np.isnan(number), np.nan, number).tobytes() for number in numbers]


def plain(value: Any, kind: str) -> list[Any]:
    if isinstance(value, Text):
        return value.to_list()
    known = [None if math.isnan(x) else x for x in value.tolist()]
    return [None if x is None else x == 1.0 for x in known] if kind == "boolean" else known


@settings(max_examples=examples(400))
@given(st.one_of(ANY["number"], ANY["text"], ANY["boolean"]), st.lists(rows, min_size=1, max_size=5))
def test_agrees_with_the_reference(text: str, table: list[dict[str, Any]]) -> None:
    expression = parse(text, KNOWN)  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        found = plain(expression.evaluate(columns_of(table), len(table)), expression.type)
        expected = [reference.evaluate(text, row) for row in table]
    assert len(found) == len(table)
    for mine, other in zip(found, expected, strict=True):
        if isinstance(other, float) and isinstance(mine, float):
            assert math.isclose(mine, other, rel_tol=1e-12, abs_tol=1e-12), text
        else:
            assert mine == other, text


@settings(max_examples=examples(400))
@given(st.one_of(*ANY.values()), st.lists(rows, min_size=1, max_size=5))
def test_one_row_alone_gives_the_same_bits(text: str, table: list[dict[str, Any]]) -> None:
    expression = parse(text, KNOWN)  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        expected = expression.evaluate(columns_of(table), len(table))
    found = [expression.one_row(one_row_of(row)) for row in table]
    if isinstance(expected, Text):
        assert found == expected.to_list(), text
    else:
        assert all(type(value) is float for value in found), text
        assert bits(np.array(found)) == bits(expected), text


@settings(max_examples=examples(100))
@given(st.one_of(ANY["number"], ANY["text"], ANY["boolean"]), st.lists(rows, min_size=2, max_size=6))
def test_a_row_does_not_depend_on_its_neighbours(text: str, table: list[dict[str, Any]]) -> None:
    expression = parse(text, KNOWN)  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        together = plain(expression.evaluate(columns_of(table), len(table)), expression.type)
        alone = [plain(expression.evaluate(columns_of([row]), 1), expression.type)[0] for row in table]
    assert together == alone


def test_the_reference_knows_every_function() -> None:
    assert set(reference.FUNCTIONS) == set(FUNCTIONS)


ZEROS = [
    "-n", "n + m", "n - m", "n * m", "n / m", "n // m", "n % m", "n ** 3", "abs(n)", "sqrt(n)", "log1p(n)", "round(n)",
    "round(n, 1)", "min(n, m)", "max(n, m)", "min(n, m, 0)", "max(0, n)", "max(n, -0.0)", "clip(n, m, 0)",
    "clip(n, 0, m)", "where(p, n, m)", "coalesce(n, m)", 'lookup(t, "a", -0.0)',
]  # fmt: skip


@pytest.mark.parametrize("text", ZEROS)
def test_a_zero_has_the_same_sign(text: str) -> None:
    expression = parse(text, KNOWN)  # type: ignore[arg-type]
    values = [-0.0, 0.0, -0.3, 0.3, 1.0, -1.0, None]
    table = [
        {**dict.fromkeys(COLUMNS), "n": n, "m": m, "p": p, "t": "a"}
        for n, m, p in product(values, values, (True, False, None))
    ]
    with np.errstate(all="ignore"):
        expected = expression.evaluate(columns_of(table), len(table))
    assert bits(np.array([expression.one_row(one_row_of(row)) for row in table])) == bits(expected)
