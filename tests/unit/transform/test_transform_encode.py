"""Encoding: the same row gives the same numbers, whatever it comes in."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from transform_samples import COLUMNS, CONTRACT, MOSTLY, ROWS, TYPES, as_text, by_column, fitted, table

from tenure.contract import parse
from tenure.errors import DataError
from tenure.transform import Transform, fit, of_table

TRANSFORM = fitted()
PLACE = {feature.name: index for index, feature in enumerate(TRANSFORM.features)}


def rows(**changed: Any) -> dict[str, list[Any]]:
    """The first row of the sample, once for every value of the changed columns."""
    length = max((len(values) for values in changed.values()), default=1)
    return {name: [values[0]] * length for name, values in MOSTLY.items()} | changed


def column(name: str, **changed: Any) -> list[float]:
    """One feature of the encoded ``rows(**changed)``."""
    return TRANSFORM.encode(rows(**changed)).matrix[:, PLACE[name]].tolist()  # type: ignore[no-any-return]


def test_matrix_is_what_models_take() -> None:
    encoded = TRANSFORM.encode(MOSTLY)
    assert encoded.matrix.shape == (6, len(TRANSFORM.features))
    assert encoded.matrix.dtype == np.float32
    assert encoded.matrix.flags.c_contiguous
    assert len({feature.name for feature in TRANSFORM.features}) == len(TRANSFORM.features)
    assert {"looked", "born"} < set(TRANSFORM.inputs)
    assert not {"looked", "born", "y", "id", "gender"} & {feature.source for feature in TRANSFORM.features}


def test_missing_numbers_get_the_median_and_a_flag_where_training_met_them() -> None:
    assert column("spend", spend=[None, math.nan, "n/a", -1, 5.0]) == [12.0, 12.0, 12.0, 12.0, 5.0]
    assert column("spend missing", spend=[None, 5.0]) == [1.0, 0.0]
    assert "age missing" not in PLACE
    encoded = TRANSFORM.encode(rows(age=[None, 5], spend=[None, None]))
    assert encoded.matrix[0, PLACE["age"]] == np.median([34, 20, 73, 23, 54, 54])
    assert encoded.imputed["age"].tolist() == [True, False]
    assert encoded.imputed["spend"].tolist() == [True, True]
    assert "per_year" not in encoded.imputed


def test_missing_booleans_get_the_more_frequent_value() -> None:
    assert column("member", member=[None, False]) == [1.0, 0.0]
    assert column("active missing", active=[None, False]) == [1.0, 0.0]


def test_categories() -> None:
    assert column("plan = plus", plan=["plus", b" plus ", "basic"]) == [1.0, 1.0, 0.0]
    assert [f.name for f in TRANSFORM.features if f.source == "plan"] == [
        "plan = basic", "plan = plus", "plan = max", "plan unknown",
    ]  # fmt: skip
    encoded = TRANSFORM.encode(rows(plan=["never", None, "max"], town=["Ulm", None, "Rom"]))
    assert encoded.unknown["plan"].tolist() == [True, False, False]
    assert encoded.unknown["town"].tolist() == [False, False, True]
    assert encoded.imputed["plan"].tolist() == [False, True, False]
    # Missing has a feature of its own where training met it, else it is taken for the most frequent value.
    assert encoded.matrix[1, PLACE["plan = basic"]] == 1.0
    assert encoded.matrix[1, PLACE["town missing"]] == 1.0
    assert encoded.matrix[0, PLACE["plan unknown"]] == 1.0
    assert "cross" not in encoded.unknown


@given(ROWS)
@settings(max_examples=examples(60))
def test_every_text_has_exactly_one_feature(sample: list[dict[str, Any]]) -> None:
    matrix = TRANSFORM.encode(by_column(sample)).matrix
    for source in ("plan", "town", "band", "cross"):
        own = [index for index, feature in enumerate(TRANSFORM.features) if feature.source == source]
        assert (matrix[:, own].sum(axis=1) == 1.0).all()


def test_out_of_range_is_told_and_taken_for_the_nearest_value_inside() -> None:
    encoded = TRANSFORM.encode(rows(age=[-5, 0, 120, 121, None]))
    assert encoded.out_of_range["age"].tolist() == [True, False, False, True, False]
    assert encoded.matrix[:4, PLACE["age"]].tolist() == [0.0, 0.0, 120.0, 120.0]
    assert column("band = 65+", age=[121]) == column("band = 65+", age=[120]) == [1.0]


def test_outliers_are_clipped_to_the_fences_where_the_contract_says() -> None:
    low, high = np.quantile([1.0, 2.0, 3.0, 4.0, 1000.0], [0.25, 0.75])
    fences = [low - 3 * (high - low), high + 3 * (high - low)]
    assert column("wild", wild=[-1e9, 1e9, 3.0]) == [*fences, 3.0]
    assert column("spend", spend=[1e9]) == [1e9]
    assert TRANSFORM.encode(rows(wild=[1e9])).out_of_range == {}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("spend", "12,5", "column 'spend', row 2: '12,5' is not a number"),
        ("spend", b"abc", "column 'spend', row 2: 'abc' is not a number"),
        ("spend", "0x10", "is not a number"),
        ("spend", "1_000", "is not a number"),
        ("spend", math.inf, "column 'spend', row 2: inf is infinite"),
        ("spend", "1e999", "is infinite"),
        ("spend", Decimal("-Infinity"), "is infinite"),
        ("spend", 10**400, "is infinite"),
        ("spend", [1.0], "is a list, not one text or number"),
        ("spend", b"\xff", "is not text in UTF-8"),
        ("age", 3.5, "column 'age', row 2: 3.5 is not a whole number"),
        ("age", "3.5", "is not a whole number"),
        ("age", 2**63, "is beyond 64 bits"),
        ("age", 2.0**60, "is beyond 64 bits"),
        ("member", "ja", "column 'member', row 2: 'ja' is not 'no' or 'yes'"),
        ("member", 2, "is not 'no' or 'yes'"),
        ("active", "maybe", "is not true or false"),
        ("plan", "a\0b", "holds a NUL character"),
        ("plan", {"a": 1}, "is a dict, not one text or number"),
        ("looked", "yesterday", "column 'looked', row 2: 'yesterday' is not a date such as 2026-11-30"),
    ],
)
def test_a_wrong_value_names_column_and_row(name: str, value: Any, message: str) -> None:
    good = MOSTLY[name][0] if name != "looked" else "2024-01-31"
    with pytest.raises(DataError) as caught:
        TRANSFORM.encode(rows(**{name: [good, value]}))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [3, 100])
def test_a_wrong_value_in_an_array_names_its_row(length: int) -> None:
    numbers = np.full(length, 5.0)
    numbers[-1] = np.inf
    with pytest.raises(DataError, match=f"column 'spend', row {length}: inf is infinite"):
        TRANSFORM.encode(rows(spend=numbers))
    numbers[-1] = 0.5
    for container in (numbers, pa.array(numbers)):
        with pytest.raises(DataError, match=f"column 'age', row {length}: 0.5 is not a whole number"):
            TRANSFORM.encode(rows(age=container) | {"spend": [1.0] * length})
    texts = pa.array(["1"] * (length - 1) + ["x"])
    with pytest.raises(DataError, match=f"column 'spend', row {length}: 'x' is not a number"):
        TRANSFORM.encode(rows(spend=texts))


def test_columns_that_are_not_there() -> None:
    complete = rows()
    for name in ("age", "plan", "member", "looked"):
        with pytest.raises(DataError, match=f"column '{name}' is missing"):
            TRANSFORM.encode({n: v for n, v in complete.items() if n != name})
    encoded = TRANSFORM.encode({n: v for n, v in complete.items() if n not in ("spend", "extra", "born")})
    assert encoded.imputed["spend"].tolist() == [True]
    # An optional column has its default, which is not imputed.
    assert encoded.matrix[0, PLACE["extra"]] == 7.0
    assert "extra" not in encoded.imputed
    with pytest.raises(DataError, match="is missing"):
        TRANSFORM.encode({})
    assert (TRANSFORM.encode(complete | {"other": ["x", "y"]}).matrix == TRANSFORM.encode(complete).matrix).all()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "column 'age' has 2 rows, 'looked' has 1"),
        ("34", "column 'age' is one str, not a list of values"),
        (np.zeros((1, 1)), r"column 'age' has the shape \(1, 1\), not one value a row"),
        (pa.array([[1]]), "column 'age' holds list<item: int64>, not one text, number or date a row"),
    ],
)
def test_columns_of_a_wrong_shape(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        TRANSFORM.encode(rows() | {"age": value})


def test_no_rows() -> None:
    encoded = TRANSFORM.encode({name: [] for name in TRANSFORM.inputs})
    assert encoded.matrix.shape == (0, len(TRANSFORM.features))
    assert TRANSFORM.encode(table().slice(0, 0).to_pydict()).imputed == {}


CONTAINERS = {
    "list": lambda name, values: values,
    "tuple": lambda name, values: tuple(values),
    "object array": lambda name, values: np.array([*values, None], dtype=object)[:-1],
    "arrow": lambda name, values: pa.array(values, TYPES[name]),
    "chunked": lambda name, values: pa.chunked_array(
        [pa.array(values[:1], TYPES[name]), pa.array(values[1:], TYPES[name])]
    ),
    "dictionary": lambda name, values: pa.array(values, TYPES[name]).dictionary_encode(),
    "text": lambda name, values: [as_text(name, value) for value in values],
    "bytes": lambda name, values: [as_text(name, value).encode() for value in values],
    "numpy text": lambda name, values: np.array([as_text(name, value) for value in values]),
    "arrow text": lambda name, values: pa.array([as_text(name, value) for value in values]),
    "arrow bytes": lambda name, values: pa.array(
        [as_text(name, value).encode() for value in values], pa.large_binary()
    ),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("repeats", [1, 40])
@settings(max_examples=examples(12))
@given(sample=ROWS, order=st.permutations(list(COLUMNS)))
def test_containers_types_and_order_make_no_difference(
    container: str, repeats: int, sample: list[dict[str, Any]], order: list[str]
) -> None:
    columns = by_column(sample)
    if "text" in container or "bytes" in container:
        # What text cannot say: a blank and a missing one are the same, and so are " a" and "a".
        columns = {n: [None if isinstance(v, str) and not v.strip() else v for v in vs] for n, vs in columns.items()}
    expected = np.concatenate([TRANSFORM.encode(columns).matrix] * repeats)
    wrapped = {name: CONTAINERS[container](name, columns[name] * repeats) for name in order}
    encoded = TRANSFORM.encode(wrapped)
    np.testing.assert_array_equal(encoded.matrix, expected)


@given(ROWS)
@settings(max_examples=examples(60))
def test_a_row_alone_and_among_others(sample: list[dict[str, Any]]) -> None:
    columns = by_column(sample)
    together = TRANSFORM.encode(columns)
    for index in range(len(sample)):
        alone = TRANSFORM.encode({name: values[index : index + 1] for name, values in columns.items()})
        np.testing.assert_array_equal(alone.matrix[0], together.matrix[index])
        for mine, all_ in (
            (alone.imputed, together.imputed),
            (alone.unknown, together.unknown),
            (alone.out_of_range, together.out_of_range),
        ):
            assert set(mine) == {name for name, mask in all_.items() if mask[index]}


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=8),
    st.decimals(), st.dates(), st.lists(st.integers(), max_size=2),
)  # fmt: skip


@given(st.fixed_dictionaries({name: st.lists(ANYTHING, min_size=1, max_size=2) for name in COLUMNS}))
@settings(max_examples=examples(200))
def test_whatever_goes_in_nothing_but_finite_numbers_comes_out(columns: dict[str, list[Any]]) -> None:
    # A column at a time, so that one wrong value does not hide the others.
    for name, values in columns.items():
        try:
            encoded = TRANSFORM.encode(rows() | {n: v[:1] for n, v in MOSTLY.items()} | {name: values[:1]})
        except DataError as error:
            assert f"'{name}'" in str(error)
            assert "\n" not in str(error)
        else:
            assert np.isfinite(encoded.matrix).all()


def test_numbers_that_float32_cannot_hold() -> None:
    assert column("spend", spend=[1e300, -1e300]) == [float(np.finfo(np.float32).max), float(np.finfo(np.float32).min)]


def test_derived_features_for_people() -> None:
    derived = TRANSFORM.derive(rows(spend=[None, 340.0], age=[34, 34]))
    assert derived["per_year"].to_pylist() == [None, 10.0]
    assert derived["rich"].to_pylist() == [None, True]
    assert derived["rich"].type == pa.bool_()
    assert derived["band"].to_pylist() == ["18\N{EN DASH}65"] * 2
    assert derived["days"].to_pylist() == [12448.0] * 2
    assert derived["cross"].to_pylist() == ["basic/Ulm"] * 2
    assert derived["services"].to_pylist() == [2.0] * 2


def test_encoding_does_not_change_what_it_is_given() -> None:
    given_ = {"age": np.array([500.0]), "spend": np.array([np.nan])}
    TRANSFORM.encode(rows() | given_)
    assert given_["age"].tolist() == [500.0]
    assert np.isnan(given_["spend"]).all()


def test_the_server_need_not_load_training_libraries() -> None:
    heavy = "{'pandas', 'sklearn', 'xgboost', 'mlflow', 'kfp', 'kserve', 'scipy', 'sqlalchemy'}"
    code = f"import sys, tenure.transform; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_more_money_never_lowers_its_own_feature() -> None:
    values = sorted([0.0, 1.0, 5.0, 1e-9, 3e38, 12.0])
    assert column("spend", spend=values) == sorted(column("spend", spend=values))


def test_threads_share_a_transform() -> None:
    from concurrent.futures import ThreadPoolExecutor

    transform = Transform.from_json(TRANSFORM.to_json())
    samples = [rows(town=[f"town {i % 7}"], plan=[["basic", "plus", f"new {i}"][i % 3]]) for i in range(300)]
    expected = [TRANSFORM.encode(sample).matrix for sample in samples]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda sample: transform.encode(sample).matrix, samples))
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_fit_and_encode_on_a_table_without_derived_features() -> None:
    born = "born: {type: date, nullable: true}"
    plain = parse(CONTRACT.split("derived:")[0].replace(born, "born: {type: date, role: ignored}"))
    transform = fit(plain, of_table(table()))
    assert "looked" not in transform.inputs
    assert {feature.source for feature in transform.features} == set(transform.inputs)
    assert transform.encode(MOSTLY).matrix.shape[0] == 6
