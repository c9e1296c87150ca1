"""The fast evaluation agrees with a slow one, on generated expressions over generated rows."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import expression_reference as reference
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract.expression import parse
from tenure.contract.values import Text

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
WORDS = ["a", "b", "c", "ab"]

number_literals = st.sampled_from(["0", "1", "2.5", "-3", "6", "24", "1e300"])
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
    return {
        "number": n
        | _infix(n, "+ - * / // %", n)
        | n.map(lambda x: f"({x}) ** 2")
        | n.map(lambda x: f"-({x})")
        | st.one_of(*[_call(name, n) for name in ("abs", "sqrt", "log1p", "round")])
        | _call("min", n, n)
        | _call("max", n, n, n)
        | _call("clip", n, st.just("0"), st.just("9"))
        | _call("where", b, n, n)
        | _call("coalesce", n, n)
        | _call("count", b, b)
        | _call("lookup", t, st.just('"a", 1, "b", 2'))
        | _call("lookup", t, st.just('"a", 1, 7'))
        | _call("days_between", d, d)
        | _call("month", d)
        | _call("weekday", d),
        "text": t
        | _call("bucket", n, st.just("0, 6, 24"))
        | _call("concat", t, t)
        | _call("where", b, t, t)
        | _call("coalesce", t, t)
        | _call("lookup", t, st.just('"a", "x", "b", "a"')),
        "boolean": b
        | _infix(n, "< <= > >= == !=", n)
        | _infix(d, "< <= > >= == !=", d)
        | _infix(t, "== !=", t)
        | _infix(b, "and or == !=", b)
        | b.map(lambda x: f"(not {x})")
        | st.tuples(n, n, n).map(lambda x: f"({x[0]} < {x[1]} <= {x[2]})")
        | t.map(lambda x: f'({x} in ["a", "x"])')
        | n.map(lambda x: f"({x} not in [0, 6])")
        | st.one_of(*[_call("isnull", x) for x in (n, t, b, d)]),
        "date": d | _call("where", b, d, d) | _call("coalesce", d, d),
    }


ANY = _expressions(3)
numbers = st.none() | st.sampled_from([0.0, 1.0, -1.0, 2.5, 6.0, 1e308]) | st.integers(-1000, 1000).map(float)
rows = st.fixed_dictionaries(
    {
        **dict.fromkeys("nm", numbers),
        **dict.fromkeys("tu", st.none() | st.sampled_from(WORDS)),
        **dict.fromkeys("pq", st.none() | st.booleans()),
        **dict.fromkeys("de", st.none() | st.dates(date(1950, 1, 1), date(2100, 1, 1))),
    }
)


def columns_of(table: list[dict[str, Any]]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, kind in KNOWN.items():
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


@settings(max_examples=examples(100))
@given(st.one_of(ANY["number"], ANY["text"], ANY["boolean"]), st.lists(rows, min_size=2, max_size=6))
def test_a_row_does_not_depend_on_its_neighbours(text: str, table: list[dict[str, Any]]) -> None:
    expression = parse(text, KNOWN)  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        together = plain(expression.evaluate(columns_of(table), len(table)), expression.type)
        alone = [plain(expression.evaluate(columns_of([row]), 1), expression.type)[0] for row in table]
    assert together == alone
