"""What a model does not read: constant and equal columns always, correlated and weak ones where the contract says."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.checks import labels_of
from tenure.contract import Contract, contract_hash, parse
from tenure.errors import ContractError
from tenure.features.build import build_features
from tenure.features.reduction import Reduction, reduce
from tenure.transform import LabelColumn, fit, of_table

KINDS = {"number": pa.float64(), "integer": pa.int64(), "category": pa.string(), "boolean": pa.bool_()}


def contract(columns: dict[str, str], features: str = "{}", more: str = "") -> Contract:
    listed = "\n".join(f"  {name}: {{type: {kind}, nullable: true}}" for name, kind in columns.items())
    return parse(f"""
name: small
label: {{positive: "1"}}
columns:
  id: {{type: integer, role: key}}
{listed}
  y: {{type: boolean, values: ["0", "1"], role: label}}
features: {features}
{more}
""")


def reduced(columns: dict[str, tuple[str, list[Any]]], features: str = "{}", more: str = "") -> Reduction:
    described = contract({name: kind for name, (kind, _) in columns.items()}, features, more)
    rows = len(next(iter(columns.values()))[1])
    data = {name: pa.array(values, KINDS[kind]) for name, (kind, values) in columns.items()}
    y = [bool(number % 3 == 0) for number in range(rows)]
    table = pa.table({"id": pa.array(range(rows)), **data, "y": pa.array(y)})
    training = of_table(table, batch_rows=100)
    return reduce(described, training, fit(described, training))


def messages(found: Reduction) -> dict[str, str]:
    return {each.column: each.message for each in found.dropped}


RANDOM = np.random.default_rng(1)
NUMBERS = RANDOM.normal(size=240).tolist()
WORDS = RANDOM.choice(["a", "b", "c"], 240).tolist()
SOME_MISSING = [None if place % 7 == 0 else value for place, value in enumerate(NUMBERS)]


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("number", [5.0] * 240, "constant"),
        ("category", ["x"] * 240, "constant"),
        ("boolean", [True] * 240, "constant"),
        ("number", [None] * 240, "constant"),
        ("category", [f"n{number}" for number in range(240)], "every value is rare"),
        ("number", [3.0 - 2.0 * value for value in NUMBERS], "equal to first"),
        ("number", [100.0 + value for value in NUMBERS], "equal to first"),
        ("category", [{"a": "one", "b": "two", "c": "three"}[word] for word in WORDS], "equal to word"),
        ("boolean", [value > 0 for value in NUMBERS], "equal to positive"),
        ("category", ["yes" if value > 0 else "no" for value in NUMBERS], "equal to positive"),
        ("number", [None if value is None else 2 * value for value in SOME_MISSING], "equal to holes"),
    ],
)
def test_what_tells_nothing_new_is_left_out(kind: str, values: list[Any], message: str) -> None:
    found = reduced(
        {
            "first": ("number", NUMBERS),
            "word": ("category", WORDS),
            "positive": ("boolean", [value > 0 for value in NUMBERS]),
            "holes": ("number", SOME_MISSING),
            "last": (kind, values),
        }
    )
    assert messages(found) == {"last": message}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("number", [5.0] * 239 + [5.1]),
        ("number", [5.0] * 200 + [None] * 40),
        ("category", ["x"] * 239 + ["y"]),
        ("number", [value + 0.01 * (place % 2) for place, value in enumerate(NUMBERS)]),
        ("number", [value**3 for value in NUMBERS]),
        ("number", SOME_MISSING),
        ("category", ["b" if word == "c" else word for word in WORDS]),
        ("category", [None if word == "c" and place < 90 else word for place, word in enumerate(WORDS)]),
    ],
)
def test_what_tells_anything_new_stays(kind: str, values: list[Any]) -> None:
    assert not reduced({"first": ("number", NUMBERS), "word": ("category", WORDS), "last": (kind, values)}).dropped


def test_of_several_equal_columns_one_stays_and_never_none() -> None:
    assert messages(reduced(dict.fromkeys("abc", ("number", NUMBERS)))) == {"b": "equal to a", "c": "equal to a"}
    assert messages(reduced({name: ("number", [1.0] * 240) for name in "abc"})) == {"b": "constant", "c": "constant"}


def test_a_monotone_column_stays_before_its_equals() -> None:
    columns = {"a": ("number", NUMBERS), "b": ("number", NUMBERS)}
    more = 'derived: {half: {expression: "b / 2", reason: r, monotone: 1}}'
    assert messages(reduced(columns, more=more)) == {"a": "equal to half", "b": "equal to half"}


def test_correlated_columns_go_where_the_contract_says() -> None:
    near = [value + 0.1 * float(RANDOM.normal()) for value in NUMBERS]
    words = ["c" if place < 4 else word for place, word in enumerate(WORDS)]
    columns = {
        "first": ("number", NUMBERS),
        "near": ("number", near),
        "word": ("category", WORDS),
        "words": ("category", words),
        "coarse": ("category", ["b" if word == "c" else word for word in WORDS]),
    }
    assert not reduced(columns).dropped
    found = messages(reduced(columns, "{drop_correlated: 0.95}"))
    assert set(found) == {"near", "words"}
    assert found["near"].startswith("nearly equal to first (r = 0.99")


def test_what_is_equal_in_a_sample_is_held_against_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.features.reduction.reducing.MAX_ROWS", 50)
    constant, other = [1.0] * 240, list(NUMBERS)
    columns: dict[str, tuple[str, list[Any]]] = {
        "first": ("number", NUMBERS),
        "constant": ("number", constant),
        "other": ("number", other),
        "text": ("category", [f"n{number}" for number in range(240)]),
    }
    assert set(messages(reduced(columns))) == {"constant", "other", "text"}
    for place in range(240):
        if place % 40 == 13:
            constant[place], other[place] = 2.0, 9.0
    assert messages(reduced(columns)) == {"text": "every value is rare"}


def informative(rows: int = 900, seed: int = 0) -> tuple[dict[str, tuple[str, list[Any]]], list[bool]]:
    random = np.random.default_rng(seed)
    strong, weak, noise = random.normal(size=(3, rows))
    group = random.choice(["p", "q", "r"], rows)
    margin = 2.0 * strong + 0.7 * weak + np.where(group == "p", 1.5, -0.5)
    y = (random.random(rows) < 1 / (1 + np.exp(-margin))).tolist()
    columns: dict[str, tuple[str, list[Any]]] = {
        "noise": ("number", noise.tolist()),
        "twin": ("number", (strong + random.normal(size=rows) * 0.02).tolist()),
        "strong": ("number", strong.tolist()),
        "group": ("category", group.tolist()),
        "weak": ("number", weak.tolist()),
        "town": ("category", random.choice([f"t{number}" for number in range(60)], rows).tolist()),
        "junk": ("category", random.choice(["u", "v"], rows).tolist()),
    }
    return columns, y


def measured(best: int, seed: int = 7, customers: int | None = None, task: str = "") -> Reduction:
    columns, y = informative()
    described = contract(
        {name: kind for name, (kind, _) in columns.items()}, f"{{max: {best}}}", f"training: {{seed: {seed}}}{task}"
    )
    data = {name: pa.array(values, KINDS[kind]) for name, (kind, values) in columns.items()}
    keys = np.arange(len(y)) % (customers or len(y))
    table = pa.table({"id": pa.array(keys), **data, "y": pa.array(y)})
    training = of_table(table)
    label = LabelColumn("y", partial(labels_of, described))
    return reduce(described, training, fit(described, training, label))


def test_the_best_stay_and_of_twins_that_hide_each_other_one() -> None:
    found = measured(3)
    kept = set(informative()[0]) - found.columns
    assert {"group", "weak"} < kept and kept & {"twin", "strong"}
    assert messages(found)["junk"] in ("adds nothing", "not among the best")
    assert set(found.importance) == set(informative()[0])
    assert measured(3) == found
    assert measured(3, customers=300).columns == found.columns
    assert "town" in found.columns, "its target statistics have seen the labels"
    assert not measured(7).dropped and not measured(7).importance


@settings(max_examples=examples(15), deadline=None)
@given(best=st.integers(1, 7))
def test_never_more_than_the_contract_allows(best: int) -> None:
    found = measured(best)
    assert len(informative()[0]) - len(found.dropped) == best


def test_the_keys_are_limited_and_change_no_other_contract() -> None:
    assert contract_hash(contract({"a": "number"})) == contract_hash(
        contract({"a": "number"}, "{drop_correlated: 1.0}")
    )
    for features in ("{max: 0}", "{drop_correlated: 0.2}", "{drop_correlated: 1.5}", "{best: 3}"):
        with pytest.raises(ContractError, match="features"):
            contract({"a": "number"}, features)


def test_the_step_writes_what_is_left_out_and_the_matrix_is_without_it(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    described = contract({"months": "integer", "twice": "number", "same": "category", "plan": "category"})
    rows = 400
    random = np.random.default_rng(2)
    months = random.integers(0, 60, rows)
    table = pa.table(
        {
            "_row": pa.array(range(1, rows + 1)),
            "id": pa.array(range(rows)),
            "months": pa.array(months),
            "twice": pa.array(2.0 * months),
            "same": pa.array(["x"] * rows),
            "plan": pa.array(random.choice(["a", "b"], rows)),
            "y": pa.array((random.random(rows) < 0.4).tolist()),
        }
    )
    (tmp_path / "valid").mkdir()
    pq.write_table(table, tmp_path / "valid" / "data.parquet")
    built = build_features(described, tmp_path / "valid", tmp_path / "features")
    assert {feature.source for feature in built.transform.features} == {"months", "plan"}
    assert built.transform.inputs == ("months", "twice", "same", "plan")
    written = json.loads((tmp_path / "features" / "reduction.json").read_text())
    assert written["dropped"] == [
        {"column": "twice", "reason": "equal", "other": "months", "message": "equal to months"},
        {"column": "same", "reason": "constant", "message": "constant"},
    ]
    listed = json.loads((tmp_path / "features" / "definitions.json").read_text())["features"]
    assert {each["name"]: each.get("not_used") for each in listed} == {
        "months": None,
        "twice": "equal to months",
        "same": "constant",
        "plan": None,
    }
