"""What is learnt from the training part, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from transform_samples import MOSTLY, ROWS, TYPES, by_column, contract, fitted, table

from tenure.contract import parse
from tenure.errors import BundleError, DataError
from tenure.transform import Transform, fit, of_table
from tenure.transform import fit as fit_function
from tenure.transform.fitting import MAX_CATEGORIES
from tenure.transform.state import Category, Number

CATEGORY = """
name: one
label: {positive: "1"}
columns:
  id: {type: string, role: key}
  town: {type: string}
  y: {type: boolean, role: label}
"""


def encoding(transform: Transform, name: str) -> Number | Category:
    return next(found for found in transform.state.encodings if found.name == name)


@given(sample=ROWS, size=st.integers(1, 4), order=st.randoms())
@settings(max_examples=examples(40))
def test_batches_and_order_of_rows_make_no_difference(sample: list[dict[str, Any]], size: int, order: Any) -> None:
    whole = pa.table({name: pa.array(values, TYPES[name]) for name, values in by_column(sample).items()})
    places = list(range(len(sample)))
    order.shuffle(places)
    expected = fit(contract(), of_table(whole))
    assert fit(contract(), of_table(whole.take(places), batch_rows=size)).state == expected.state


@given(sample=ROWS)
@settings(max_examples=examples(40))
def test_json_round_trip_is_exact(sample: list[dict[str, Any]]) -> None:
    columns = {name: pa.array(values, TYPES[name]) for name, values in by_column(sample).items()}
    transform = fit(contract(), of_table(pa.table(columns)))
    again = Transform.from_json(transform.to_json())
    assert again.state == transform.state
    assert again.to_json() == transform.to_json()
    assert again.features == transform.features
    np.testing.assert_array_equal(again.encode(columns).matrix, transform.encode(columns).matrix)


def test_medians_are_exact_and_of_known_values_alone() -> None:
    transform = fitted()
    assert encoding(transform, "spend") == Number("spend", 12.0, True)
    assert encoding(transform, "per_year") == Number(
        "per_year", float(np.median([10.5 / 34, 250 / 73, 0, 99.25 / 54, 12 / 54])), True
    )
    assert encoding(transform, "member") == Number("member", 1.0, False)
    assert encoding(transform, "plan") == Category("plan", ("basic", "plus", "max"), False, "basic")
    assert encoding(transform, "town") == Category("town", ("Bonn", "Köln", "Ulm"), True, "Bonn")


def test_a_column_without_a_known_value() -> None:
    sample = table({**MOSTLY, "spend": [None] * 6, "town": [None] * 6})
    transform = fit(contract(), of_table(sample))
    assert encoding(transform, "spend") == Number("spend", 0.0, True)
    assert encoding(transform, "town") == Category("town", (), True, None)
    encoded = transform.encode({name: sample[name] for name in sample.column_names})
    assert np.isfinite(encoded.matrix).all()
    assert "town" not in encoded.unknown


def test_rare_categories_share_a_feature() -> None:
    towns = [f"town {i:03}" for i in range(MAX_CATEGORIES + 10) for _ in range(2 if i >= 10 else 1)]
    transform = fit(parse(CATEGORY), of_table(pa.table({"town": towns})))
    found = encoding(transform, "town")
    assert isinstance(found, Category)
    assert found.values == tuple(f"town {i:03}" for i in range(10, MAX_CATEGORIES + 10))
    encoded = transform.encode({"town": ["town 000", "town 010", "elsewhere"]})
    unknown = [feature.kind for feature in transform.features].index("unknown")
    assert encoded.matrix[:, unknown].tolist() == [1.0, 0.0, 1.0]
    assert found.rare == tuple(f"town {i:03}" for i in range(10))
    assert encoded.unknown["town"].tolist() == [False, False, True]


def test_a_flag_of_missing_values_needs_as_many_rows_as_a_value() -> None:
    terms = parse(CATEGORY.replace("{type: string}", "{type: string, nullable: true}"))
    for missing, flag in ((9, False), (10, True)):
        towns = [None] * missing + ["Ulm", "Bonn"] * 1_000
        found = encoding(fit(terms, of_table(pa.table({"town": towns}))), "town")
        assert found == Category("town", ("Bonn", "Ulm"), flag, "Bonn")


def test_a_text_that_is_different_in_every_row_is_no_category(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.transform.fitting.MAX_COUNTED", 100)
    names = of_table(pa.table({"town": [str(i) for i in range(100)]}))
    assert fit(parse(CATEGORY), names).features
    more = of_table(pa.table({"town": [str(i) for i in range(101)]}))
    with pytest.raises(DataError, match="column 'town' has more than 100 distinct texts: it is not a category"):
        fit(parse(CATEGORY), more)


def test_no_rows() -> None:
    with pytest.raises(DataError, match="the training part has no rows"):
        fit(contract(), of_table(table().slice(0, 0)))


def test_numbers_are_held_a_few_columns_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = table()
    read: list[tuple[str, ...]] = []

    def tables(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        read.append(tuple(columns))
        yield from sample.select(list(columns)).to_batches()

    monkeypatch.setattr("tenure.transform.fitting.BUDGET_BYTES", 8 * 6)
    found = fit_function(contract(), tables)
    assert found.state == fitted().state
    single = [columns for columns in read if len(columns) <= 2]
    assert ("age",) in single
    assert ("born", "looked") in [tuple(sorted(columns)) for columns in single]
    assert ("age", "spend") in [tuple(sorted(columns)) for columns in single]


def one_hot(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in document["encodings"] if entry["name"] == "plan")
    return found


def target(document: dict[str, Any]) -> dict[str, Any]:
    """The encoding of a column, replaced by target statistics."""
    found = one_hot(document)
    found.clear()
    found.update(name="plan", means={"a": 0.5}, other=0.3, missing=0.3, prior=0.3, strength=5.0)
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format=3), "format 3, this version reads 1 to 2"),
        (lambda d: d.pop("inputs"), "KeyError"),
        (lambda d: d["inputs"][0]["column"].update(type="blob"), "ValidationError"),
        (lambda d: d["derived"][0].update(expression="__import__('os')"), "not a function"),
        (lambda d: d["derived"][0].update(expression="y"), "not a column that an expression may use"),
        (lambda d: d["encodings"][0].update(name="nobody"), "'nobody' is no"),
        (lambda d: d["encodings"][0].update(impute=None), "is not a finite number"),
        (
            lambda d: d["encodings"].append({"name": "plan", "values": ["a"], "impute": "b", "missing_flag": False}),
            "not one of its values",
        ),
        (lambda d: d["inputs"].append(d["inputs"][0]), "a name occurs twice"),
        (lambda d: one_hot(d).update(rare=["basic"]), "a value of 'plan' occurs twice"),
        (lambda d: one_hot(d).update(rare="few"), "'rare' is not a list"),
        (lambda d: one_hot(d).update(rare=[str(i) for i in range(100_001)]), "at most 100,000 are read"),
        (lambda d: target(d).update(means=[0.5]), "AttributeError"),
        (lambda d: target(d)["means"].update(a="0.5"), "'0.5' is not a finite number"),
        (lambda d: target(d)["means"].update(a=1e39), "1e+39 is too large for a feature"),
        (lambda d: target(d).update(other=None), "None is not a finite number"),
        (lambda d: target(d).pop("missing"), "KeyError"),
        (lambda d: target(d).update(strength=-1.0), "negative strength"),
        (lambda d: target(d).update(strength=True), "True is not a finite number"),
        (lambda d: target(d).update(rare=["a"]), "a value of 'plan' occurs twice"),
        (lambda d: target(d).update(name="age"), "'age' is not a text"),
    ],
)
def test_a_state_that_cannot_hold_is_refused(change: Any, message: str) -> None:
    document = json.loads(fitted().to_json())
    change(document)
    with pytest.raises(BundleError) as caught:
        Transform.from_json(json.dumps(document))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_format_1_is_read() -> None:
    transform = fitted()
    document = json.loads(transform.to_json())
    for entry in document["encodings"]:
        assert "rare" not in entry
    assert Transform.from_json(json.dumps(document | {"format": 1})).state == transform.state


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 10_000, '{"format": 1}', "\x80"])
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(BundleError):
        Transform.from_json(text)
