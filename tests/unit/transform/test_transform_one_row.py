"""One row at a time and many rows at a time: the same features, flags and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import Column
from tenure.contract.columns import NumberFormat
from tenure.contract.expression import parse
from tenure.contract.values import ExpressionType, Text, Value
from tenure.errors import DataError
from tenure.transform import Transform
from tenure.transform.row_encoder import row_encoder
from tenure.transform.state import Category, Input, Number, State
from tenure.transform.target_statistics import Target

GERMAN = NumberFormat(decimal=",", thousands=".", symbols=("€",))
STATE = State(
    inputs=(
        Input("months", Column(type="integer", range=(0, 120), nullable=True)),
        Input("charge", Column(type="number", nullable=True, missing_values=("-999", "n/a")), fences=(-50.0, 400.0)),
        Input("plan", Column(type="category", values=("basic", "plus"), nullable=True)),
        Input("note", Column(type="string", nullable=True)),
        Input("paperless", Column(type="boolean", values=("No", "Yes"), nullable=True)),
        Input("active", Column(type="boolean", nullable=True)),
        Input("paid", Column(type="number", nullable=True, format=GERMAN, missing_values=("-1",))),
        Input("visits", Column(type="integer", nullable=True, format=GERMAN)),
        Input("card", Column(type="boolean", values=("0", "1"), nullable=True)),
        Input("score", Column(type="category", values=("1", "2"), nullable=True)),
        Input("town", Column(type="string", nullable=True)),
        Input("grade", Column(type="category", values=("1", "2", "3"), nullable=True)),
    ),
    derived=(
        ("per_month", "charge / max(months, 1)"),
        ("rise", "charge - coalesce(per_month, 0)"),
        ("band", "bucket(months, 0, 6, 24)"),
        ("new", "months < 3 and paperless"),
        ("fee", 'lookup(plan, "basic", 5, "plus", 9)'),
        ("crossed", 'concat(plan, "/", band)'),
        ("placed", 'concat(town, "/", plan)'),
    ),
    encodings=(
        Number("months", 12.0, missing_flag=True),
        Number("charge", 70.0, missing_flag=False),
        Category("plan", ("basic", "plus"), missing_flag=True, impute=None),
        Category("note", ("a", "b"), missing_flag=False, impute="a", rare=("c", "3")),
        Number("paperless", 1.0, missing_flag=False),
        Number("active", 0.0, missing_flag=True),
        Number("paid", 9.5, missing_flag=True),
        Number("visits", 3.0, missing_flag=True),
        Number("card", 1.0, missing_flag=True),
        Category("score", ("1", "2"), missing_flag=True, impute=None),
        Target("town", ("a", "b", "basic"), (0.1, 1e-50, 0.7), 0.3, 0.2, 0.25, 12.5, rare=("3", "c")),
        Target("grade", ("1", "2"), (-4.5, 3e38), 0.0, 1.0, 0.0, None),
        Number("per_month", 5.0, missing_flag=False),
        Number("rise", 0.0, missing_flag=True),
        Category("band", ("0–6", "6–24"), missing_flag=False, impute=None),
        Number("new", 0.0, missing_flag=False),
        Number("fee", 5.0, missing_flag=True),
        Category("crossed", ("basic/0–6",), missing_flag=True, impute=None, rare=("plus/0–6",)),
        Target("placed", ("a/basic",), (0.4,), 0.6, 0.2, 0.25, 3.0, rare=("c/plus",)),
    ),
)

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-200, 200),
    st.sampled_from([2**53, 2**53 + 1, 2**70, -999]),
    st.floats(),
    st.floats(-500, 500).map(lambda x: round(x, 2)),
    st.sampled_from(["", " ", "3", " 3 ", "3.5", "-999", "n/a", "nan", "inf", "basic", " plus", "PLUS", "a", "c"]),
    st.sampled_from(["No", "Yes", "true", "F", "0", "1", "NUL\0", b"basic", b"Yes", b"\xff", [1], {}]),
    st.sampled_from(["1.234,50 €", "1.234", "1,5", "(5)", "1,23,4", b"12-", "True.", "1.0", "0,00", "2.0", 1.0, 2.0]),
)


def both(transform: Transform, columns: dict[str, list]) -> tuple[Any, Any]:
    """What the row's encoder and the arrays make of the same rows; an error as its text."""
    found = []
    for one_row in (transform._one_row, None):
        twin = Transform(transform.state)
        twin._one_row = one_row
        try:
            found.append(twin.encode(columns))
        except DataError as error:
            found.append(str(error))
    return found[0], found[1]


@settings(max_examples=examples(150))
@given(st.fixed_dictionaries({entry.name: ANYTHING for entry in STATE.inputs}))
def test_one_row_is_encoded_as_many_are(row: dict[str, object]) -> None:
    one, many = both(Transform(STATE), {name: [value] for name, value in row.items()})
    if isinstance(many, str):
        assert one == many
        return
    assert one.matrix.tobytes() == many.matrix.tobytes()
    for flags in ("imputed", "unknown", "out_of_range"):
        assert list(getattr(one, flags)) == list(getattr(many, flags))
        assert all(mask.tolist() == [True] for mask in getattr(one, flags).values())
    assert set(one.values) == set(many.values)


def test_the_rows_encoder_is_what_answers() -> None:
    """Else the test above would compare the arrays with themselves."""
    encoder = row_encoder(STATE, STATE.features(), [*STATE.expressions().items()])
    assert encoder is not None
    usual = {"months": [3], "charge": [20.5], "plan": ["plus"], "note": ["a"], "paperless": [True], "active": ["no"]}
    usual |= {"paid": ["1.234,50 €"], "visits": [3], "card": ["1.0"], "score": ["2.0"]}
    usual |= {"town": ["elsewhere"], "grade": [3]}
    assert encoder.encode(usual) is not None
    assert encoder.encode(usual | {"months": [3.5]}) is None
    assert encoder.encode(usual | {"plan": np.array(["plus"])}) is None
    assert encoder.encode({name: values * 2 for name, values in usual.items()}) is None
    assert encoder.encode({"months": [3]}) is None


def test_a_negative_zero_is_the_zero_of_the_arrays() -> None:
    one, many = both(
        Transform(STATE), {entry.name: [-0.0 if entry.name == "charge" else None] for entry in STATE.inputs}
    )
    assert one.matrix.tobytes() == many.matrix.tobytes()


def test_dates_are_left_to_the_arrays() -> None:
    state = State(inputs=(Input("since", Column(type="date")),), derived=(), encodings=())
    assert row_encoder(state, state.features(), []) is None


NUMBERS = st.one_of(st.just(float("nan")), st.floats(-100, 100), st.sampled_from([0.0, -0.0, 1.0, 3.0, 1e200, -1e308]))
KNOWN: dict[str, ExpressionType] = {"x": "number", "y": "number", "p": "boolean", "q": "boolean", "s": "text"}
EXPRESSIONS = [
    "x + y", "x - y", "x * y", "x / y", "x // y", "x % y", "-x", "(x + y) * 1e300 / y",
    "x < y", "x <= 3 < y", "x == y", "x != 1", "x >= y", "x > 0", "p == q", 's == "a"', 's != "b"', '"a" == s',
    "p and q", "p or q", "not p", "p and q or x > 0", "x in [0, 1, -3]", "x not in [3]", 's in ["a", "c"]',
    's not in ["a"]', "min(x, y, 2)", "max(x, y)", "clip(x, -1, y)", "abs(x)", "sqrt(x)", "where(p, x, y)",
    'where(p, s, "z")', "where(p, q, x > 1)", "isnull(x)", "isnull(s)", "coalesce(x, y, 7)", 'coalesce(s, "none")',
    "x ** 2", "x ** 0.5", "x ** -3", "log1p(x)", "round(x)", "round(x, 2)",
    "count(p, q, x > y, isnull(x))", "bucket(x, -1, 0, 3)", 'lookup(s, "a", 1, "b", -2)', 'lookup(s, "a", 1, 9)',
    'lookup(s, "a", "k", "l")', 'concat(s, "-", s)', 'col("x") + 1', "where(x > 1 and not p, x / y, -y)",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
@settings(max_examples=examples(12))
@given(
    x=NUMBERS,
    y=NUMBERS,
    p=st.sampled_from([0.0, 1.0, float("nan")]),
    q=st.sampled_from([0.0, 1.0, float("nan")]),
    s=st.sampled_from(["a", "b", "c", None]),
)
def test_an_expression_means_the_same(text: str, x: float, y: float, p: float, q: float, s: str | None) -> None:
    words = ("a", "b", "c")
    code = -1 if s is None else words.index(s)
    columns: dict[str, Value] = {name: np.array([value]) for name, value in (("x", x), ("y", y), ("p", p), ("q", q))}
    columns["s"] = Text(np.array([code], dtype=np.int32), words)
    with np.errstate(all="ignore"):
        expected = parse(text, KNOWN).evaluate(columns, 1)
    found = parse(text, KNOWN).one_row({"x": x, "y": y, "p": p, "q": q, "s": s})
    if isinstance(expected, Text):
        assert found == expected.to_list()[0]
    else:
        np.testing.assert_array_equal(found, expected[0])
