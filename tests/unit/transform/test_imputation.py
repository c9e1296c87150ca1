"""Imputation by neighbours and by chained equations: as scikit-learn where definitions coincide, the same alone and
among others, and refused where a state cannot hold."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.linear_model import Ridge

from tenure.contract import Contract, contract_hash, parse
from tenure.errors import BundleError, ContractError
from tenure.transform import Transform, fit, fit_imputers, of_table, rows_held
from tenure.transform.imputer_fitting import NEIGHBOURS, PENALTY, ROUNDS
from tenure.transform.row_encoder import row_encoder

NAMES = ("a", "b", "c", "d")
CONTRACT = """
name: sample
label: {{positive: "1"}}
columns:
  id: {{type: string, role: key}}
  a: {{type: number, nullable: true{a}}}
  b: {{type: number, nullable: true{b}}}
  c: {{type: number, nullable: true{c}}}
  d: {{type: integer, nullable: true{d}}}
  on: {{type: boolean, nullable: true}}
  plan: {{type: category, nullable: true}}
  y: {{type: boolean, role: label}}
{more}
"""


def contract(more: str = "", **columns: str) -> Contract:
    return parse(CONTRACT.format(more=more, **{name: columns.get(name, "") for name in NAMES}))


def table(rows: int = 300, seed: int = 0, missing: float = 0.2) -> pa.Table:
    random = np.random.default_rng(seed)
    base = random.normal(size=rows)
    columns = {
        "a": base,
        "b": 3.0 * base + random.normal(size=rows) * 0.2,
        "c": random.normal(size=rows) * 100.0 + 20.0 * base,
        "d": np.round(10.0 * base + random.normal(size=rows)),
    }
    for values in columns.values():
        values[random.random(rows) < missing] = np.nan
    data = {name: pa.array(values, pa.float64(), from_pandas=True) for name, values in columns.items()}
    data["on"] = pa.array((random.random(rows) < 0.5).tolist())
    data["plan"] = pa.array(random.choice(["x", "y"], rows).tolist())
    return pa.table(data)


def fitted(described: Contract, rows: pa.Table) -> Transform:
    return fit_imputers(described, of_table(rows), fit(described, of_table(rows)))


def numbers(transform: Transform, rows: pa.Table) -> np.ndarray:
    """The encoded numbers of ``NAMES``, shape (rows, 4)."""
    places = [index for index, each in enumerate(transform.features) if each.kind == "number" and each.source in NAMES]
    return transform.encode({name: rows.column(name) for name in rows.column_names}).matrix[:, places]


def raw(rows: pa.Table, names: tuple[str, ...] = (*NAMES, "on")) -> np.ndarray:
    return np.column_stack([rows.column(name).cast(pa.float64()).to_numpy() for name in names])


def test_neighbours_are_those_of_scikit_learn() -> None:
    """On continuous numbers: of equally near rows it takes any, as rounding has it."""
    rows, fresh = table(), table(80, seed=1)
    described = contract("features: {impute: knn}").model_dump(mode="json", exclude_defaults=True)
    for name in ("d", "on", "plan"):
        del described["columns"][name]
    transform = fitted(Contract.model_validate(described), rows)
    given, asked = (raw(each, NAMES[:3]) for each in (rows, fresh))
    mean, scale = np.nanmean(given, axis=0), np.nanstd(given, axis=0)
    imputer = KNNImputer(n_neighbors=NEIGHBOURS).fit((given - mean) / scale)
    expected = imputer.transform((asked - mean) / scale) * scale + mean
    np.testing.assert_allclose(numbers(transform, fresh), expected, rtol=2e-6, atol=1e-5)
    assert rows_held(transform.state.imputers) == 300
    assert rows_held(fitted(contract(), rows).state.imputers) == 0


def test_equations_are_those_of_scikit_learn() -> None:
    rows, fresh = table(), table(80, seed=1)
    transform = fitted(contract("features: {impute: iterative}"), rows)
    given, asked = raw(rows), raw(fresh)
    mean, scale = np.nanmean(given, axis=0), np.nanstd(given, axis=0)
    scaled = (given - mean) / scale
    imputer = IterativeImputer(
        Ridge(alpha=PENALTY),
        max_iter=ROUNDS,
        tol=0.0,
        initial_strategy="median",
        imputation_order="roman",
        min_value=np.nanmin(scaled, axis=0),
        max_value=np.nanmax(scaled, axis=0),
    )
    with pytest.warns(UserWarning, match="Early stopping"):
        imputer.fit(scaled)
    expected = imputer.transform((asked - mean) / scale) * scale + mean
    # scikit-learn imputes the boolean too, which has no gaps here.
    np.testing.assert_allclose(numbers(transform, fresh), expected[:, :4], rtol=2e-5, atol=1e-4)


@pytest.mark.parametrize("method", ["knn", "iterative"])
def test_gaps_are_filled_better_than_by_medians(method: str) -> None:
    rows, fresh = table(), table(200, seed=1, missing=0.0)
    known = raw(fresh)[:, 1]
    holes = fresh.set_column(1, "b", pa.array([None] * 200, pa.float64()))
    errors = [
        np.mean((numbers(fitted(contract(b=key), rows), holes)[:, 1] - known) ** 2)
        for key in ("", f", impute: {method}")
    ]
    # Some rows have nothing but the boolean in common with the nearest.
    assert errors[1] < {"knn": 0.6, "iterative": 0.05}[method] * errors[0]


def test_a_column_has_its_own_method_and_flags_stay() -> None:
    described = contract("features: {impute: iterative}", a=", impute: knn", c=", impute: median")
    transform = fitted(described, table())
    assert {imputer.targets for imputer in transform.state.imputers} == {("a",), ("b", "d")}
    plain = fitted(contract(), table())
    assert transform.features == plain.features
    gaps = pa.table({name: pa.array([None], table().schema.field(name).type) for name in table().column_names})
    encoded, other = (each.encode({n: gaps.column(n) for n in gaps.column_names}) for each in (transform, plain))
    flags = [index for index, each in enumerate(plain.features) if each.kind == "missing"]
    assert (encoded.matrix[:, flags] == other.matrix[:, flags]).all() and encoded.matrix[:, flags].any()
    assert list(encoded.imputed) == list(other.imputed)
    assert contract_hash(contract()) == contract_hash(contract("features: {impute: median}"))


def test_monotone_columns_do_not_fill_others() -> None:
    described = contract("features: {impute: iterative}", a=", monotone: 1")
    (imputer,) = fitted(described, table()).state.imputers
    assert "a" in imputer.targets and "a" not in imputer.predictors


def test_derived_features_and_complete_columns() -> None:
    more = "features: {impute: knn}\nderived: {ratio: {expression: a / c, reason: r}}"
    (imputer,) = fitted(contract(more), table()).state.imputers
    assert imputer.targets == ("a", "b", "c", "d", "ratio")
    complete = parse(
        'name: s\nlabel: {positive: "1"}\nfeatures: {impute: knn}\ncolumns:\n  id: {type: string, role: key}\n'
        "  a: {type: number}\n  b: {type: number}\n  y: {type: boolean, role: label}\n"
    )
    assert not fitted(complete, table(missing=0.0)).state.imputers


MIXED = fitted(
    contract("features: {impute: iterative}\nderived: {ratio: {expression: a / c, reason: r}}", a=", impute: knn"),
    table(120),
)
VALUES = st.one_of(st.none(), st.floats(-300, 300), st.sampled_from([1e308, -1e308, 0.0, 5e-324]))
ROW = st.fixed_dictionaries(
    {
        "a": VALUES,
        "b": VALUES,
        "c": VALUES,
        "d": st.none() | st.integers(-50, 50),
        "on": st.none() | st.booleans(),
        "plan": st.sampled_from([None, "x", "z"]),
    }
)


@given(st.lists(ROW, min_size=1, max_size=9))
@settings(max_examples=examples(150), deadline=None)
def test_a_row_alone_and_among_others_and_by_the_rows_encoder(rows: list[dict[str, Any]]) -> None:
    together = MIXED.encode({name: [row[name] for row in rows] for name in rows[0]}).matrix
    assert np.isfinite(together).all()
    arrays = Transform(MIXED.state)
    arrays._one_row = None
    for index, row in enumerate(rows):
        columns = {name: [value] for name, value in row.items()}
        assert MIXED.encode(columns).matrix.tobytes() == together[index : index + 1].tobytes()
        assert arrays.encode(columns).matrix.tobytes() == together[index : index + 1].tobytes()


def test_rows_without_gaps_are_left_to_the_rows_encoder() -> None:
    encoder = row_encoder(MIXED.state, MIXED.features, [*MIXED.state.expressions().items()])
    assert encoder is not None
    row: dict[str, Any] = {"a": [1.0], "b": [2.0], "c": [3.0], "d": [4], "on": [True], "plan": ["x"]}
    assert encoder.encode(row) is not None
    assert encoder.encode(row | {"on": [None]}) is not None
    assert encoder.encode(row | {"a": [None]}) is None
    assert encoder.encode(row | {"c": [0.0]}) is None  # the ratio is missing


def test_json_round_trip_is_exact() -> None:
    text = MIXED.to_json()
    assert Transform.from_json(text).state == MIXED.state
    assert Transform.from_json(text).to_json() == text
    assert "imputers" not in fitted(contract(), table()).to_json()


def of(method: str, document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["imputers"] if each["method"] == method)
    return found


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("knn", lambda each: each.update(method="mean")),
        ("knn", lambda each: each.update(targets=["plan"])),
        ("knn", lambda each: each.update(targets=["a", "a"])),
        ("knn", lambda each: each.update(targets=[])),
        ("knn", lambda each: each.update(targets="a")),
        ("knn", lambda each: each.update(predictors=["nothing"])),
        ("knn", lambda each: each.update(count=0)),
        ("knn", lambda each: each.update(count=True)),
        ("knn", lambda each: each.update(count=10**9)),
        ("knn", lambda each: each["scales"].__setitem__(0, 0.0)),
        ("knn", lambda each: each["scales"].pop()),
        ("knn", lambda each: each["donors"].pop()),
        ("knn", lambda each: each["donors"][0].pop()),
        ("knn", lambda each: each["donors"][0].__setitem__(0, "1")),
        ("knn", lambda each: each.update(donors=each["donors"] * 100, values=each["values"] * 100)),
        ("knn", lambda each: each.pop("values")),
        ("iterative", lambda each: each.update(targets=["a"])),
        ("iterative", lambda each: each["low"].__setitem__(0, 1e9)),
        ("iterative", lambda each: each.update(rounds=each["rounds"] * 50)),
        ("iterative", lambda each: each["rounds"][0].pop()),
        ("iterative", lambda each: each["rounds"][0][0]["weights"].append(1.0)),
        ("iterative", lambda each: each["rounds"][0][0].update(intercept=float("nan"))),
        ("iterative", lambda each: each["rounds"][0][0].update(intercept=True)),
    ],
)
def test_a_state_that_cannot_hold_is_refused(method: str, change: Any) -> None:
    document = json.loads(MIXED.to_json())
    change(of(method, document))
    with pytest.raises(BundleError, match="transform: "):
        Transform.from_json(json.dumps(document))


def test_hostile_weights_still_make_finite_features() -> None:
    document = json.loads(MIXED.to_json())
    for equations in of("iterative", document)["rounds"]:
        for place, equation in enumerate(equations):
            equation["weights"] = [(-1) ** (place + index) * 1e308 for index in range(len(equation["weights"]))]
    gaps = {"a": [1e308, None], "b": [None, None], "c": [-1e308, None], "d": [None, 1], "on": [True, None]}
    assert np.isfinite(Transform.from_json(json.dumps(document)).encode({**gaps, "plan": ["x", None]}).matrix).all()


@pytest.mark.parametrize(
    ("more", "columns"),
    [
        ("features: {impute: mean}", {}),
        ("", {"a": ", impute: mode"}),
        ("derived: {x: {expression: a, reason: r, impute: knn}}", {}),
    ],
)
def test_other_methods_are_refused(more: str, columns: dict[str, str]) -> None:
    with pytest.raises(ContractError, match="impute"):
        contract(more, **columns)
