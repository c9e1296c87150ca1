"""Target statistics: what they are, that no row sees its own label, and that nothing depends on the order of rows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import Contract, contract_hash, parse
from tenure.contract.values import Text
from tenure.errors import ContractError
from tenure.transform import LabelColumn, Transform, encode_training_rows, fit, of_table
from tenure.transform.fitting import TARGET_VALUES
from tenure.transform.state import Category, State
from tenure.transform.target_statistics import FOLDS, Target, cross_fit, fit_target, smoothed

CONTRACT = """
name: one
label: {{positive: "1"}}
columns:
  id: {{type: integer, role: key}}
  town: {{type: string, nullable: true{key}}}
  y: {{type: boolean, role: label}}
"""
LABEL = LabelColumn("y", lambda column: column.to_numpy())


def contract(key: str = ", encode: target") -> Contract:
    return parse(CONTRACT.format(key=key))


def fitted(towns: list[str | None], labels: list[float], key: str = ", encode: target", rows: int = 3) -> Transform:
    table = pa.table({"town": pa.array(towns, pa.string()), "y": pa.array(labels, pa.float64())})
    return fit(contract(key), of_table(table, batch_rows=rows), LABEL)


def text(towns: list[str | None]) -> Text:
    words = tuple(dict.fromkeys(town for town in towns if town is not None))
    return Text(np.array([-1 if town is None else words.index(town) for town in towns], dtype=np.int32), words)


TOWNS = st.sampled_from(["Ulm", "Bonn", "Köln", "Aalen", None])
ROWS = st.lists(st.tuples(TOWNS, st.sampled_from([0.0, 1.0]) | st.floats(-1e6, 1e6)), min_size=1, max_size=40)


def test_the_smoothed_mean() -> None:
    towns = ["Ulm"] * 50 + ["Bonn"] * 50 + ["Köln"] * 50 + [None] * 50
    labels = [1.0] * 30 + [0.0] * 20 + [1.0] * 10 + [0.0] * 40 + [1.0] * 5 + [0.0] * 45 + [1.0] * 25 + [0.0] * 25
    encoding = fitted(towns, labels).state.encodings[0]
    assert isinstance(encoding, Target)
    prior = 70 / 200
    within = (30 * 20 + 10 * 40 + 5 * 45 + 25 * 25) / 50 / (200 - 4)
    between = sum(50 * (mean - prior) ** 2 for mean in (0.6, 0.2, 0.1, 0.5))
    strength = within / ((between - 3 * within) / (200 - 4 * 50**2 / 200))
    assert encoding.prior == pytest.approx(prior)
    assert encoding.strength == pytest.approx(strength)
    assert encoding.values == ("Bonn", "Köln", "Ulm")
    expected = [(count + strength * prior) / (50 + strength) for count in (10, 5, 30)]
    assert encoding.means == pytest.approx(expected)
    assert encoding.missing == pytest.approx((25 + strength * prior) / (50 + strength))
    assert encoding.other == pytest.approx(prior)


def test_values_that_differ_by_chance_alone_have_the_prior() -> None:
    towns = ["Ulm", "Bonn"] * 100
    labels = [1.0, 1.0, 0.0, 0.0] * 50
    encoding = fitted(towns, labels).state.encodings[0]
    assert isinstance(encoding, Target)
    assert encoding.strength is None
    assert encoding.means == (0.5, 0.5)


def test_rare_values_share_their_mean_with_new_ones() -> None:
    towns = ["Ulm"] * 500 + ["Bonn"] * 489 + [f"town {i}" for i in range(11)]
    labels = [1.0, 0.0] * 250 + [0.0] * 489 + [1.0] * 11
    transform = fitted(towns, labels)
    encoding = transform.state.encodings[0]
    assert isinstance(encoding, Target)
    assert encoding.values == ("Bonn", "Ulm")
    assert len(encoding.rare) == 11
    encoded = transform.encode({"town": ["town 3", "nowhere", None, "Ulm"] * 20})
    strength, prior = encoding.strength, encoding.prior
    assert strength is not None
    other = np.float32((11 + strength * prior) / (11 + strength))
    assert encoded.matrix[:4, 0].tolist() == [other, other, np.float32(prior), np.float32(encoding.means[1])]
    assert encoded.unknown["town"][:4].tolist() == [False, True, False, False]
    assert encoded.imputed["town"][:4].tolist() == [False, False, True, False]


@given(rows=ROWS, size=st.integers(1, 5), order=st.randoms(), seed=st.integers(0, 3))
@settings(max_examples=examples(60))
def test_the_order_of_rows_makes_no_difference(rows: list[Any], size: int, order: Any, seed: int) -> None:
    places = list(range(len(rows)))
    order.shuffle(places)
    towns, labels = [row[0] for row in rows], [row[1] for row in rows]
    mixed = [towns[place] for place in places], [labels[place] for place in places]
    one, other = fitted(towns, labels), fitted(*mixed, rows=size)
    assert one.state == other.state
    keys = np.arange(len(rows)) // 2
    first, second = (
        encode_training_rows(transform, {"town": given_towns}, np.array(given_labels), given_keys, seed).matrix.copy()
        for transform, given_towns, given_labels, given_keys in (
            (one, pa.array(towns, pa.string()), labels, keys),
            (other, pa.array(mixed[0], pa.string()), mixed[1], keys[places]),
        )
    )
    np.testing.assert_array_equal(first[places], second)


@given(rows=ROWS, row=st.integers(0, 39), label=st.floats(-1e6, 1e6))
@settings(max_examples=examples(60))
def test_no_row_sees_a_label_of_its_own_customer(rows: list[Any], row: int, label: float) -> None:
    towns, labels = text([row[0] for row in rows]), np.array([row[1] for row in rows])
    key = np.arange(len(rows)) // 3
    target = fit_target("town", towns, labels, values=("Ulm", "Bonn"))
    before = cross_fit(target, towns, labels, key, 0)
    mine = key == key[row % len(rows)]
    after = cross_fit(target, towns, np.where(mine, label, labels), key, 0)
    np.testing.assert_array_equal(before[mine], after[mine])


def test_a_value_of_one_customer_tells_nothing_of_its_label() -> None:
    """The classic leak: by the served table the label could be read off."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 2_000).astype(np.float64)
    towns = text([f"town {i // 2}" for i in range(2_000)])
    key = np.arange(2_000) // 2
    target = fit_target("town", towns, labels, values=towns.words)
    target = dataclasses.replace(target, strength=1.0)
    own = fit_means(target, towns, labels)[towns.codes]
    assert np.corrcoef(own, labels)[0, 1] > 0.6
    held = cross_fit(target, towns, labels, key, 0)
    np.testing.assert_array_equal(held, target.prior)


def test_means_of_the_training_rows_are_close_to_those_served() -> None:
    random = np.random.default_rng(1)
    rates = random.uniform(0.05, 0.6, 40)
    place = random.integers(0, 40, 20_000)
    labels = (random.random(20_000) < rates[place]).astype(np.float64)
    towns = text([f"town {i}" for i in place])
    target = fit_target("town", towns, labels, values=towns.words)
    served = np.array([target.means[target.values.index(word)] for word in towns.words])
    held = cross_fit(target, towns, labels, np.arange(20_000), 0)
    assert np.abs(held - served[towns.codes]).max() < 0.05
    assert np.abs(served - rates[[int(word[5:]) for word in towns.words]]).max() < 0.06
    assert len(np.unique(held.round(12))) > 40 * (FOLDS - 1)


def fit_means(target: Target, towns: Text, labels: np.ndarray) -> np.ndarray:
    """The means that are served, by word, without the cross-fit."""
    sums = np.bincount(towns.codes, weights=labels)
    return smoothed(sums, np.bincount(towns.codes), target.prior, target.strength)


@given(rows=ROWS)
@settings(max_examples=examples(40))
def test_json_round_trip_is_exact(rows: list[Any]) -> None:
    transform = fitted([row[0] for row in rows], [row[1] for row in rows])
    assert State.from_json(transform.to_json()) == transform.state
    assert np.isfinite(transform.encode({"town": ["Ulm", None, "new"]}).matrix).all()


def test_the_number_of_values_decides_unless_the_contract_does() -> None:
    few = [f"town {i % TARGET_VALUES}" for i in range(200)]
    many = [f"town {i % (TARGET_VALUES + 1)}" for i in range(200)]
    labels = [float(i % 3 == 0) for i in range(200)]
    kinds = {
        (key, len(set(towns)) > TARGET_VALUES): type(fitted(towns, labels, key).state.encodings[0])
        for key in ("", ", encode: one_hot", ", encode: target")
        for towns in (few, many)
    }
    assert kinds == {
        ("", False): Category,
        ("", True): Target,
        (", encode: one_hot", False): Category,
        (", encode: one_hot", True): Category,
        (", encode: target", False): Target,
        (", encode: target", True): Target,
    }


def test_without_labels_every_category_is_one_hot() -> None:
    table = pa.table({"town": [f"town {i % 30}" for i in range(200)]})
    assert isinstance(fit(contract(), of_table(table)).state.encodings[0], Category)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("columns.id", "'encode' is for string and category columns, not for integer"),
        ("derived", "'encode' is for texts, 'longer' is a boolean"),
    ],
)
def test_encode_is_for_texts(extra: str, message: str) -> None:
    plain = CONTRACT.format(key="")
    wrong = plain.replace("role: key", "role: key, encode: target")
    if extra == "derived":
        wrong = plain + "derived:\n  longer: {expression: isnull(town), reason: r, encode: target}\n"
    with pytest.raises(ContractError) as caught:
        parse(wrong)
    assert message in str(caught.value)


def test_a_contract_without_the_key_has_the_hash_that_it_had() -> None:
    assert contract_hash(contract("")) != contract_hash(contract())
    assert "encode" not in contract("").model_dump(exclude_defaults=True)["columns"]["town"]
