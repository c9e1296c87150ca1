"""Every entry of the table of functions: its example works on both back ends, and its nulls are as it says."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenure.contract.expression import parse
from tenure.contract.functions import FUNCTIONS, Function, Nulls
from tenure.contract.functions.__main__ import markdown
from tenure.contract.functions.signature import Signature
from tenure.contract.values import TODAY_COLUMN, ExpressionType, Text

ROOT = Path(__file__).parents[3]

CUSTOMER: dict[str, tuple[ExpressionType, Any]] = {
    "tenure": ("number", 5.0),
    "charges": ("number", 30.0),
    "plan": ("text", "basic"),
    "region": ("text", "north"),
    "senior": ("boolean", 1.0),
    "since": ("date", 19000.5),
    "until": ("date", 19030.0),
}
DAY = 19060.0
TYPES: dict[str, ExpressionType] = {name: kind for name, (kind, _) in CUSTOMER.items()}


def evaluate(text: str, nulls: tuple[str, ...] = ()) -> Any:
    """The value for one customer, None for null; the same from both back ends."""
    expression = parse(text, TYPES)
    row: dict[str, Any] = {TODAY_COLUMN: DAY}
    columns: dict[str, Any] = {TODAY_COLUMN: np.array([DAY])}
    for name, (kind, value) in CUSTOMER.items():
        if kind == "text":
            row[name] = None if name in nulls else value
            columns[name] = Text(np.array([-1 if name in nulls else 0], dtype=np.int32), (value,))
        else:
            row[name] = math.nan if name in nulls else value
            columns[name] = np.array([row[name]])
    with np.errstate(all="ignore"):
        many = expression.evaluate(columns, 1)
    one = expression.one_row(row)
    if isinstance(many, Text):
        assert one == many.to_list()[0]
        return one
    np.testing.assert_array_equal(one, many[0])
    return None if math.isnan(one) else one


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_example_is_a_call_that_has_a_value(function: Function) -> None:
    assert function.example.startswith(f"{function.name}(")
    assert evaluate(function.example) is not None


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_nulls_are_as_the_entry_says(function: Function) -> None:
    # Every prediction has a day.
    used = [name for name in parse(function.example, TYPES).columns if name != TODAY_COLUMN]
    for chosen in product((False, True), repeat=len(used)):
        nulls = tuple(name for name, null in zip(used, chosen, strict=True) if null)
        found = evaluate(function.example, nulls)
        match function.nulls:
            case Nulls.ANY:
                assert (found is None) == bool(nulls)
            case Nulls.NEVER:
                assert found is not None
            case Nulls.CHOSEN:
                assert (found is None) == bool({"senior", "charges"} & set(nulls))
            case Nulls.ALL:  # the last argument of the example is a literal
                assert found is not None


def test_today_is_the_column_of_the_day() -> None:
    assert parse("today()", TYPES).columns == (TODAY_COLUMN,)
    assert parse("days_between(since, today())", TYPES).columns == ("since", TODAY_COLUMN)
    assert evaluate("days_between(until, today())") == 30.0
    assert evaluate("today() > since") == 1.0


def test_coalesce_of_nulls_alone_is_null() -> None:
    assert evaluate("coalesce(tenure, charges)", ("tenure", "charges")) is None
    assert evaluate("coalesce(plan, region)", ("plan", "region")) is None


def test_where_ignores_the_value_that_is_not_chosen() -> None:
    assert evaluate("where(senior, charges, tenure)", ("tenure",)) == 30.0
    assert evaluate("where(not senior, plan, region)", ("plan",)) == "north"


@pytest.mark.parametrize(
    ("signature", "shown"),
    [
        (Signature(("number",), "number", optional=("number",)), "(number[, number]) → number"),
        (Signature(("T", "T"), "T", repeated=("T",)), "(T, T[, T]…) → T"),
        (
            Signature(("text", "text", "T"), "T", repeated=("text", "T"), optional=("T",)),
            "(text, text, T[, text, T]…[, T]) → T",
        ),
    ],
)
def test_a_signature_as_people_read_it(signature: Signature, shown: str) -> None:
    assert str(signature) == shown


def test_types_by_number_of_arguments() -> None:
    signature = FUNCTIONS["lookup"].signature
    assert [signature.types(count) for count in (2, 3, 4, 5)] == [
        None,
        ("text", "text", "T"),
        ("text", "text", "T", "T"),
        ("text", "text", "T", "text", "T"),
    ]


def test_the_documentation_lists_every_function() -> None:
    assert markdown() in (ROOT / "docs/expressions.md").read_text(encoding="utf-8")
