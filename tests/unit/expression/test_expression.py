"""What expressions mean, what they refuse, and how they say so."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract.expression import MAX_DEPTH, MAX_LENGTH, parse
from tenure.contract.functions.words import MAX_PRODUCT
from tenure.contract.values import Text

KNOWN: dict[str, Any] = {
    "tenure": "number",
    "charges": "number",
    "plan": "text",
    "region": "text",
    "senior": "boolean",
    "since": "date",
    "odd name": "number",
}
NAN = math.nan


def run(text: str, **columns: Any) -> list[Any]:
    """Evaluate over columns given as lists; texts by their words."""
    prepared: dict[str, Any] = {}
    rows = 1
    for name, values in columns.items():
        rows = len(values)
        if KNOWN[name] == "text":
            words = tuple(dict.fromkeys(value for value in values if value is not None))
            codes = [-1 if value is None else words.index(value) for value in values]
            prepared[name] = Text(np.array(codes, dtype=np.int32), words)
        else:
            prepared[name] = np.array(values, dtype=np.float64)
    with np.errstate(all="ignore"):
        found = parse(text, KNOWN).evaluate(prepared, rows)
    if isinstance(found, Text):
        return found.to_list()
    return [None if math.isnan(value) else value for value in found.tolist()]


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("charges / max(tenure, 1)", {"charges": [30.0, 30.0], "tenure": [0.0, 10.0]}, [30.0, 3.0]),
        ("charges / tenure", {"charges": [30.0, 30.0], "tenure": [0.0, NAN]}, [None, None]),
        ("tenure ** 8", {"tenure": [10.0, 1e200]}, [1e8, None]),
        ("tenure ** 0.5", {"tenure": [9.0, -1.0]}, [3.0, None]),
        ("-tenure // 2 + 7 % 4", {"tenure": [5.0]}, [0.0]),
        ("0 <= tenure < 6", {"tenure": [0.0, 6.0, -1.0, NAN]}, [1.0, 0.0, 0.0, None]),
        ("senior and tenure < 3", {"senior": [NAN, NAN, 1.0], "tenure": [5.0, 1.0, NAN]}, [0.0, None, None]),
        ("senior or tenure < 3", {"senior": [NAN, NAN, 1.0], "tenure": [5.0, 1.0, NAN]}, [None, 1.0, 1.0]),
        ("not senior", {"senior": [1.0, 0.0, NAN]}, [0.0, 1.0, None]),
        ('plan in ["a", "b"]', {"plan": ["a", "c", None]}, [1.0, 0.0, None]),
        ('plan not in ("a",)', {"plan": ["a", "c", None]}, [0.0, 1.0, None]),
        ("tenure in [1, 2]", {"tenure": [1.0, 3.0, NAN]}, [1.0, 0.0, None]),
        ('"a" == plan', {"plan": ["a", "c", None]}, [1.0, 0.0, None]),
        ("plan != region", {"plan": ["a", "b", None], "region": ["a", "a", "a"]}, [0.0, 1.0, None]),
        ("round(tenure, 1)", {"tenure": [1.25, 1.35, 1e308, NAN]}, [1.2, 1.4, 1e308, None]),
        ("log1p(tenure)", {"tenure": [0.0, -1.0, -2.0]}, [0.0, None, None]),
        ("sqrt(tenure)", {"tenure": [4.0, -4.0]}, [2.0, None]),
        ("clip(tenure, 0, 10)", {"tenure": [-5.0, 5.0, 50.0, NAN]}, [0.0, 5.0, 10.0, None]),
        ("min(tenure, 12, charges)", {"tenure": [5.0, 50.0], "charges": [7.0, NAN]}, [5.0, None]),
        ("where(senior, 1, tenure)", {"senior": [1.0, 0.0, NAN], "tenure": [NAN, 5.0, 5.0]}, [1.0, 5.0, None]),
        ('where(senior, plan, "none")', {"senior": [1.0, 0.0, NAN], "plan": ["a", "b", "c"]}, ["a", "none", None]),
        ("isnull(plan)", {"plan": ["a", None]}, [0.0, 1.0]),
        ("coalesce(tenure, charges, 0)", {"tenure": [1.0, NAN, NAN], "charges": [2.0, 2.0, NAN]}, [1.0, 2.0, 0.0]),
        ('coalesce(plan, "?")', {"plan": ["a", None]}, ["a", "?"]),
        ("count(senior, tenure > 1, True)", {"senior": [1.0, NAN], "tenure": [2.0, NAN]}, [3.0, 1.0]),
        (
            "bucket(tenure, 0, 6, 24, 60)",
            {"tenure": [-1.0, 0.0, 5.9, 6.0, 60.0, NAN]},
            ["< 0", "0\N{EN DASH}6", "0\N{EN DASH}6", "6\N{EN DASH}24", "60+", None],
        ),
        ("bucket(tenure, 0.5, 1000000)", {"tenure": [1.0, 1e6]}, ["0.5\N{EN DASH}1000000", "1000000+"]),
        ('lookup(plan, "a", 1, "b", 12)', {"plan": ["a", "b", "c", None]}, [1.0, 12.0, None, None]),
        ('lookup(plan, "a", -1, 0)', {"plan": ["a", "c", None]}, [-1.0, 0.0, None]),
        ('lookup(plan, "a", "x", "rest")', {"plan": ["a", "c", None]}, ["x", "rest", None]),
        ('concat(plan, "/", region)', {"plan": ["a", None, "b"], "region": ["x", "y", "x"]}, ["a/x", None, "b/x"]),
        ("days_between(since, since)", {"since": [10.5, NAN]}, [0.0, None]),
        ("month(since)", {"since": [0.0, 59.0, -1.0, 11016.99, NAN]}, [1.0, 3.0, 12.0, 2.0, None]),
        ("weekday(since)", {"since": [0.0, 3.0, 4.0, NAN]}, [4.0, 7.0, 1.0, None]),
        ('days_between(since, "1970-02-01")', {"since": [0.0, 30.9, NAN]}, [31.0, 1.0, None]),
        ('days_between("1970-01-01", "2026-11-30")', {}, [20787.0]),
        ('since >= "1970-01-11"', {"since": [9.9, 10.0, NAN]}, [0.0, 1.0, None]),
        ('"1970-01-11" <= since < "1970-01-12"', {"since": [9.9, 10.0, 11.0]}, [0.0, 1.0, 0.0]),
        ('since == "1970-01-01 12:00"', {"since": [0.5, 0.0]}, [1.0, 0.0]),
        ('since == "1970-01-01T14:00:00+02:00"', {"since": [0.5, 0.0]}, [1.0, 0.0]),
        ('since in ["1970-01-01", "1970-01-03"]', {"since": [0.0, 1.0, NAN]}, [1.0, 0.0, None]),
        ('month(coalesce(since, "2024-02-29"))', {"since": [0.0, NAN]}, [1.0, 2.0]),
        ('month(where(senior, since, "2024-02-29"))', {"senior": [1.0, 0.0], "since": [0.0, 0.0]}, [1.0, 2.0]),
        ('plan == "2026-11-30"', {"plan": ["2026-11-30", "a"]}, [1.0, 0.0]),
        ('col("odd name") + 1', {"odd name": [1.0]}, [2.0]),
        ("1 +\n  2", {}, [3.0]),
        ("True == senior", {"senior": [1.0, 0.0, NAN]}, [1.0, 0.0, None]),
    ],
)
def test_meaning(text: str, columns: dict[str, Any], expected: list[Any]) -> None:
    assert run(text, **columns) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tenur / 2", "'tenur' is not a column that an expression may use; did you mean tenure?"),
        ("Churn", "'Churn' is not a column that an expression may use"),
        ("true", "did you mean True?"),
        ("maxx(tenure, 1)", "'maxx' is not a function; did you mean max"),
        ("tenure +", "'tenure +' is not an expression"),
        ("", "'' is not an expression"),
        ("tenure; charges", "is not an expression"),
        ("tenure = 1", "is not an expression"),
        ("plan + 1", "'+' needs a number, 'plan' is a text"),
        ("senior * 2", "'*' needs a number, 'senior' is a boolean; where(senior, 1, 0) makes a number of it"),
        ("tenure and senior", "'and' needs a boolean, 'tenure' is a number; compare it with something"),
        ("not plan", "'not' needs a boolean"),
        ("plan < region", "text values have no order"),
        ("plan == tenure", "needs values of one type, 'plan' is a text and 'tenure' is a number"),
        ("tenure ** charges", "the exponent in 'tenure ** charges' must be a literal from -8 to 8"),
        ("tenure ** 9", "the exponent in 'tenure ** 9'"),
        ("2 ** -9", "the exponent"),
        ("1e999", "'1e999' is too large a number"),
        ("9" * 400, "is too large a number"),
        ("tenure in []", "the list is empty"),
        ("tenure in plan", "'in' needs a list"),
        ("tenure in [charges]", "the values of a list must be literals, 'charges' is not"),
        ("1 in [1] == True", "cannot be chained"),
        ("tenure is 1", "'is' in 'tenure is 1' is not allowed"),
        ("max(tenure)", "max takes 2 arguments or more, not 1: max(tenure, 12)"),
        ("abs(tenure, 1)", "abs takes 1 argument, not 2"),
        ("round(tenure, 10)", "digits"),
        ("round(tenure, 0.5)", "digits"),
        ("round(tenure, 1, 2)", "round takes 1 to 2 arguments, not 3"),
        ("round(tenure, charges)", "argument 2 of round must be a literal, 'charges' is not"),
        ("where(tenure, 1, 2)", "argument 1 of where needs a boolean, 'tenure' is a number"),
        ("where(senior, 1, plan)", "where needs values of one type"),
        ("bucket(tenure, 6, 0)", "must be numbers that ascend"),
        ("bucket(tenure, charges)", "argument 2 of bucket must be a literal, 'charges' is not"),
        ('lookup(plan, "a", 1, "a", 2)', "a key occurs twice"),
        ('lookup(plan, "a", charges)', "argument 3 of lookup must be a literal, 'charges' is not"),
        ('lookup(plan, 1, "a")', "argument 2 of lookup needs a text, '1' is a number"),
        ('lookup(plan, "a", True)', "must be numbers or texts"),
        ("count(tenure)", "count needs a boolean"),
        ("month(tenure)", "month needs a date"),
        ('since >= "2026-13-01"', '"2026-13-01" is not a date: write it as "2026-11-30"'),
        ('days_between(since, "30.11.2026")', '"30.11.2026" is not a date'),
        ('days_between(since, "")', '"" is not a date'),
        ("days_between('2026-02-30', since)", "'2026-02-30' is not a date"),
        ('since in ["2026-11-30", "soon"]', '"soon" is not a date'),
        ('coalesce(since, "never")', '"never" is not a date'),
        ('"2026-11-30" < "2026-12-01"', "text values have no order"),
        ("days_between(since, plan)", "argument 2 of days_between needs a date, 'plan' is a text"),
        ("since == 20787", "'since' is a date and '20787' is a number"),
        ("today(1)", "today takes 0 arguments, not 1: today()"),
        ("today() - since", "'-' needs a number, 'today()' is a date; days_between(a, b) counts days"),
        ("_today", "'_today' is not a column that an expression may use"),
        ("col(tenure)", "col takes the name of one column in quotes"),
        ("max(*tenure)", "arguments are given by position"),
        ("round(tenure, digits=1)", "arguments are given by position"),
        ("tenure # months\n / 2", "'#' cannot stand in an expression of several lines"),
        ("__import__('os').system('x')", "'__import__('os').system' cannot be called"),
        ("tenure.__class__", "'tenure.__class__' is not allowed"),
        ("[x for x in [1]]", "is not allowed"),
        ("(lambda: 1)()", "cannot be called"),
        ("f'{tenure}'", "is not allowed"),
        ("tenure if senior else 1", "is not allowed"),
        ("(x := 1)", "is not allowed"),
        ("plan[0]", "is not allowed"),
        ("b'a' == plan", "is not allowed"),
        ("1j", "is not allowed"),
        ("None", "is not allowed"),
        ("...", "is not allowed"),
        ("~senior", "is not allowed"),
        ("tenure << 2", "is not allowed"),
        ("tenure @ 2", "is not allowed"),
        ("await tenure", "is not allowed"),
        ("\0", "is not an expression"),
    ],
)
def test_refusal(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text, KNOWN)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_type_and_columns() -> None:
    expression = parse('where(plan == "a", charges / tenure, charges)', KNOWN)
    assert expression.type == "number"
    assert expression.columns == ("plan", "charges", "tenure")
    assert parse("bucket(tenure, 0, 1)", KNOWN).type == "text"
    assert parse("tenure > 1", KNOWN).type == "boolean"
    assert parse("since", KNOWN).type == "date"


def test_length_limit() -> None:
    fits = "1" + "+1" * 10
    assert parse(fits + " " * (MAX_LENGTH - len(fits)), KNOWN).type == "number"
    with pytest.raises(ValueError, match=f"may have {MAX_LENGTH} characters, this one has {MAX_LENGTH + 1}"):
        parse(fits + " " * (MAX_LENGTH + 1 - len(fits)), KNOWN)


def test_depth_limit() -> None:
    assert run("1" + " + 1" * (MAX_DEPTH - 1)) == [float(MAX_DEPTH)]
    for deep in ("1" + " + 1" * MAX_DEPTH, "abs(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH, "not " * 400 + "True"):
        with pytest.raises(ValueError, match=f"nests deeper than {MAX_DEPTH}"):
            parse(deep, KNOWN)


@pytest.mark.parametrize("text", ["(" * 900 + "1" + ")" * 900, "-" * 1900 + "1", "[" * 900, "not " * 490 + "True"])
def test_nesting_that_python_itself_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"deeper|not an expression"):
        parse(text, KNOWN)


def test_nothing_is_printed_for_odd_literals(recwarn: pytest.WarningsRecorder) -> None:
    warnings.simplefilter("always")
    assert parse(r'plan == "\d"', KNOWN).type == "boolean"
    assert not recwarn.list


def test_concat_of_many_words_works_out_only_the_pairs_that_occur() -> None:
    size = math.isqrt(MAX_PRODUCT) + 1
    left, right = [f"l{i}" for i in range(size)], [f"r{i}" for i in range(size)]
    assert run("concat(plan, region)", plan=[*left, None], region=[*right, "r0"]) == [
        *(a + b for a, b in zip(left, right, strict=True)),
        None,
    ]


def test_no_rows() -> None:
    empty = Text(np.zeros(0, dtype=np.int32), ())
    assert parse('concat(plan, "x")', KNOWN).evaluate({"plan": empty}, 0).to_list() == []  # type: ignore[union-attr]
    assert len(parse("count(tenure > 1)", KNOWN).evaluate({"tenure": np.zeros(0)}, 0)) == 0


@settings(max_examples=examples(500))
@given(st.text(max_size=80) | st.text(alphabet="tenurplac()[]+-*/%<>=!\"'.,: 019eE_#\\\n\0", max_size=80))
@example("'" * 3)
@example("\ud800")
@example("\f1")
def test_any_text_parses_or_is_a_value_error(text: str) -> None:
    try:
        expression = parse(text, KNOWN)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert expression.type in ("number", "text", "boolean", "date")
