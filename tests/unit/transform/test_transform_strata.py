"""Strata of a number, and the split that keeps their shares."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from property_profiles import examples

from tenure.contract import Contract, parse
from tenure.errors import DataError
from tenure.features.split import PARTS, assign, hash_keys
from tenure.stats.strata import MAX_STRATA, stratify


@settings(max_examples=examples(150))
@given(
    hnp.arrays(np.float64, st.integers(1, 200), elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.5, 7.0, 1e12, -3.0])),
    st.integers(1, 30),
)
def test_no_stratum_is_small_and_all_are_in_order(values: np.ndarray, least: int) -> None:
    codes = stratify(values, least)
    counts = np.bincount(codes)
    assert codes.shape == values.shape and codes.min() == 0
    assert len(counts) <= MAX_STRATA
    assert len(counts) == 1 or counts.min() >= least
    order = np.argsort(values, kind="stable")
    assert (np.diff(codes[order]) >= 0).all()
    assert all(len(set(codes[values == value])) == 1 for value in values)


def test_many_different_numbers_make_ten_strata_and_zeros_one() -> None:
    rng = np.random.default_rng(0)
    assert np.bincount(stratify(rng.normal(size=1_000), 20)).tolist() == [100] * 10
    zeros = np.concatenate([np.zeros(700), rng.gamma(2.0, 30.0, 300)])
    counts = np.bincount(stratify(zeros, 20))
    assert counts[0] == 700 and len(counts) == 4
    assert stratify(np.zeros(50), 2).max() == 0


def contract(when: str = "") -> Contract:
    return parse(f"""
name: one
task: regression
columns:
  id: {{type: string, role: key}}{when}
  x: {{type: number}}
  y: {{type: number, role: label}}
""")


def test_the_parts_have_the_same_shares_of_small_and_large_numbers() -> None:
    keys = pa.array([f"c{n}" for n in range(2_000)])
    label = np.concatenate([np.zeros(1_200), np.random.default_rng(1).gamma(1.0, 80.0, 800)])
    found = assign(contract(), hash_keys(keys, 0), label, None)
    assert sum(found.rows.values()) == 2_000
    for index, part in enumerate(PARTS):
        inside = label[found.places == index]
        assert found.rows[part] == pytest.approx({"train": 1_400}.get(part, 300), abs=6)
        assert (inside == 0).mean() == pytest.approx(0.6, abs=0.01)
        assert (inside > np.quantile(label, 0.9)).mean() == pytest.approx(0.1, abs=0.02)
    shuffled = np.random.default_rng(2).permutation(2_000)
    again = assign(contract(), hash_keys(keys.take(pa.array(shuffled)), 0), label[shuffled], None)
    assert (again.places == found.places[shuffled]).all()


def test_a_part_with_one_number_only_is_refused() -> None:
    described = contract("\n  day: {type: date, role: time}")
    keys = pa.array([f"c{n}" for n in range(100)])
    days = np.repeat(np.array(["2024-01-01", "2024-01-02", "2024-01-03"], "datetime64[D]"), [70, 15, 15])
    label = np.arange(100.0)
    assert assign(described, hash_keys(keys, 0), label, days).rows == {"train": 70, "validation": 15, "test": 15}
    label[85:] = 4.5
    with pytest.raises(DataError, match=r"the test part of the split has 15 rows: the label is 4\.5 in all of them"):
        assign(described, hash_keys(keys, 0), label, days)
