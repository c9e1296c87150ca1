"""The split: exact, disjoint, and the same whatever the order of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from property_profiles import examples

from tenure.contract import Contract, parse
from tenure.errors import DataError
from tenure.features.split import PARTS, Assignment, _ranks, assign, hash_keys


def table_contract(split: str = "{}", time: bool = False) -> Contract:
    when = "\n  day: {type: date, role: time}" if time else ""
    return parse(f"""
name: one
label: {{positive: "1"}}
split: {split}
columns:
  id: {{type: integer, role: key}}{when}
  x: {{type: number}}
  y: {{type: boolean, role: label}}
""")


def log_contract(cuts: list[str], horizon: int = 30, split: str = "{}") -> Contract:
    return parse(f"""
name: log
label: {{horizon_days: {horizon}}}
split: {split}
events: {{cuts: [{", ".join(cuts)}], active_days: 30}}
columns:
  id: {{type: integer, role: key}}
  day: {{type: date, role: time}}
windows:
  n: {{aggregate: count, reason: r}}
""")


def divide(contract: Contract, keys: pa.Array, labels: np.ndarray, times: np.ndarray | None) -> Assignment:
    return assign(contract, hash_keys(keys, contract.split.seed), labels, times)


def names(assignment: Assignment) -> list[str]:
    return [PARTS[place] for place in assignment.places.tolist()]


def positives(assignment: Assignment, of_row: np.ndarray) -> dict[str, int]:
    return {part: int(of_row[assignment.places == index].sum()) for index, part in enumerate(PARTS)}


def labels(rows: int, left: int) -> np.ndarray:
    return np.array([1] * left + [0] * (rows - left), dtype=np.int8)


def test_stratified_is_exact() -> None:
    found = divide(table_contract(), pa.array(range(1000)), labels(1000, 260), None)
    assert found.strategy == "stratified"
    assert found.rows == {"train": 700, "validation": 150, "test": 150}
    assert positives(found, labels(1000, 260)) == {"train": 182, "validation": 39, "test": 39}
    assert found.keys_in_several_parts == 0


@given(keys=st.lists(st.integers(), min_size=20, max_size=60, unique=True), order=st.randoms())
@settings(max_examples=examples(40))
def test_stratified_does_not_depend_on_the_order_of_rows(keys: list[int], order: Any) -> None:
    label = {key: int(index % 2 == 0) for index, key in enumerate(keys)}
    contract = parse(table_contract().model_dump_json(exclude_unset=True).replace("integer", "string"))

    def parts(ordered: list[int]) -> dict[int, str]:
        of_row = np.array([label[key] for key in ordered], dtype=np.int8)
        return dict(
            zip(ordered, names(divide(contract, pa.array([str(key) for key in ordered]), of_row, None)), strict=True)
        )

    shuffled = list(keys)
    order.shuffle(shuffled)
    assert parts(keys) == parts(shuffled)


def test_seed_and_new_rows() -> None:
    keys, of_row = pa.array(range(2000)), labels(2000, 1000)
    one, other = (names(divide(table_contract(f"{{seed: {seed}}}"), keys, of_row, None)) for seed in (1, 2))
    assert one != other
    fewer = names(divide(table_contract("{seed: 1}"), keys.slice(0, 1990), of_row[:1990], None))
    assert sum(a != b for a, b in zip(one, fewer, strict=False)) <= 10


def test_by_time_the_oldest_train_and_a_day_is_never_divided() -> None:
    days = np.repeat(np.arange("2024-01-01", "2024-01-21", dtype="datetime64[D]"), 10)
    shuffle = np.random.default_rng(0).permutation(200)
    found = divide(table_contract(time=True), pa.array(range(200)), np.tile([0, 1], 100).astype(np.int8), days[shuffle])
    assert found.strategy == "time"
    of_part = [set(days[shuffle][found.places == index].tolist()) for index in range(3)]
    assert max(of_part[0]) < min(of_part[1])
    assert max(of_part[1]) < min(of_part[2])
    assert found.rows == {"train": 140, "validation": 30, "test": 30}


def test_by_time_with_few_uneven_days() -> None:
    days = np.array(["2024-01-01"] * 90 + ["2024-01-02"] * 5 + ["2024-01-03"] * 5, dtype="datetime64[D]")
    found = divide(table_contract(time=True), pa.array(range(100)), np.tile([0, 1], 50).astype(np.int8), days)
    assert found.rows == {"train": 90, "validation": 5, "test": 5}
    with pytest.raises(DataError, match="2 different times: a split by time needs three"):
        divide(table_contract(time=True), pa.array(range(95)), labels(95, 50), days[:95])


def test_a_part_without_a_class_is_refused() -> None:
    with pytest.raises(DataError, match="the validation part of the split has 3 rows and no customer who left"):
        divide(table_contract(), pa.array(range(20)), labels(20, 1), None)
    with pytest.raises(DataError, match="no customer who stayed"):
        divide(table_contract(), pa.array(range(20)), labels(20, 20), None)


def test_repeated_keys_stay_together_or_are_refused() -> None:
    keys = pa.array([index // 2 for index in range(200)])
    of_row = np.tile([0, 0, 0, 1], 50).astype(np.int8)
    places = names(divide(table_contract(), keys, of_row, None))
    assert all(places[i] == places[i + 1] for i in range(0, 200, 2))
    days = np.arange("2024-01-01", "2024-07-19", dtype="datetime64[D]")
    with pytest.raises(DataError, match="2 values of the key 'id' stand in several parts"):
        divide(table_contract(time=True), pa.array([*range(198), 0, 1]), np.tile([0, 1], 100).astype(np.int8), days)


def at_cuts(cuts: list[str], customers: int) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    """Every customer at every cut; customers with an odd number leave."""
    keys = pa.array(list(range(customers)) * len(cuts))
    return (
        keys,
        np.tile(np.arange(customers) % 2, len(cuts)).astype(np.int8),
        np.repeat(np.array(cuts, "datetime64[D]"), customers),
    )


def test_an_event_log_is_split_by_cut() -> None:
    cuts = ["2024-01-01", "2024-02-01", "2024-03-02", "2024-04-01", "2024-05-01"]
    keys, of_row, times = at_cuts(cuts, 100)
    found = divide(log_contract(cuts, split="{train: 0.6, validation: 0.2, test: 0.2}"), keys, of_row, times)
    assert names(found)[::100] == ["train", "train", "train", "validation", "test"]
    assert found.keys_in_several_parts == 100


def test_two_cuts_validate_on_other_customers_of_the_first() -> None:
    cuts = ["2024-01-01", "2024-02-01"]
    keys, of_row, times = at_cuts(cuts, 170)
    found = divide(log_contract(cuts), keys, of_row, times)
    assert set(names(found)[170:]) == {"test"}
    assert found.rows == {"train": 140, "validation": 30, "test": 170}
    assert positives(found, of_row) == {"train": 70, "validation": 15, "test": 85}


def test_one_cut_divides_customers() -> None:
    keys, of_row, times = at_cuts(["2024-01-01"], 100)
    found = divide(log_contract(["2024-01-01"]), keys, of_row, times)
    assert found.rows == {"train": 70, "validation": 15, "test": 15} or sum(found.rows.values()) == 100
    assert found.keys_in_several_parts == 0


def test_customers_of_an_event_log_can_be_kept_apart() -> None:
    cuts = ["2024-01-01", "2024-01-08", "2024-01-15"]
    keys, of_row, times = at_cuts(cuts, 100)
    found = divide(log_contract(cuts, split="{strategy: stratified}"), keys, of_row, times)
    places = np.array(names(found)).reshape(3, 100)
    assert (places == places[0]).all()
    assert found.keys_in_several_parts == 0


@pytest.mark.parametrize(
    "cuts",
    [
        ["2024-01-01", "2024-01-30", "2024-03-01"],
        ["2024-01-01", "2024-02-01", "2024-03-01"],
        ["2024-01-01", "2024-01-30"],
    ],
)
def test_horizons_must_not_reach_into_the_next_part(cuts: list[str]) -> None:
    keys, of_row, times = at_cuts(cuts, 100)
    message = (
        f"{len(cuts)} cuts cannot be divided .* known 30 days later, .* cuts at least 30 days apart, or 'by: custo"
    )
    with pytest.raises(DataError, match=message):
        divide(log_contract(cuts), keys, of_row, times)


def test_cuts_whose_horizon_reaches_into_the_next_part_are_in_none() -> None:
    cuts = ["2024-01-01", "2024-01-16", "2024-01-31", "2024-02-15", "2024-03-01", "2024-03-16", "2024-03-31"]
    keys, of_row, times = at_cuts(cuts, 100)
    found = divide(
        log_contract(cuts, horizon=20, split="{train: 0.6, validation: 0.2, test: 0.2}"), keys, of_row, times
    )
    of_cut = [None if place < 0 else PARTS[place] for place in found.places[::100].tolist()]
    assert of_cut == ["train", "train", "train", None, "validation", None, "test"]
    assert found.rows == {"train": 300, "validation": 100, "test": 100}
    assert int(found.embargo.sum()) == 200
    assert found.keys_in_several_parts == 100


@given(
    gaps=st.lists(st.integers(1, 40), min_size=2, max_size=12),
    horizon=st.integers(1, 60),
    customers=st.lists(st.integers(2, 9), min_size=13, max_size=13),
)
@settings(max_examples=examples(80))
def test_no_label_of_a_part_is_known_only_after_the_next_part_begins(
    gaps: list[int], horizon: int, customers: list[int]
) -> None:
    days = np.cumsum([0, *gaps])
    cuts = [str(np.datetime64("2024-01-01") + day) for day in days.tolist()]
    counts = customers[: len(cuts)]
    times = np.repeat(np.array(cuts, "datetime64[D]"), counts)
    of_row = np.concatenate([np.arange(count) % 2 for count in counts]).astype(np.int8)
    keys = pa.array(np.concatenate([np.arange(count) for count in counts]))
    # Possible if and only if two cuts lie at least a horizon after one before them, one after the other.
    second = np.searchsorted(days, days[0] + horizon)
    possible = second < len(days) and bool((days >= days[second] + horizon).any())
    described = log_contract(cuts, horizon=horizon)
    if not possible:
        with pytest.raises(DataError, match="cannot be divided"):
            divide(described, keys, of_row, times)
        return
    found = divide(described, keys, of_row, times)
    parts = [times[found.places == index] for index in range(3)]
    for earlier, later in ((0, 1), (1, 2)):
        assert parts[earlier].max() + horizon <= parts[later].min()
    for cut in np.unique(times[found.embargo]):
        assert any(cut < part.min() < cut + horizon for part in parts[1:]) or cut < parts[2].min()


def test_too_few_rolling_cuts_say_how_many_it_takes() -> None:
    described = parse(
        """
version: 2
name: log
zone: UTC
tables:
  orders: {kind: events, columns: {id: {type: integer, role: key}, day: {type: date, role: time}}}
windows: {n: {aggregate: count, reason: r}}
label: {kind: no_event, table: orders, horizon: 90 days, gap: 7 days}
cuts: {every: 30 days, count: 6}
"""
    )
    cuts = [str(np.datetime64("2024-01-01") + 30 * number) for number in range(9)]
    with pytest.raises(DataError, match=r"6 cuts cannot .* known 97 days later.* 'count: 9' under 'cuts'"):
        divide(described, *at_cuts(cuts[:6], 100))
    assert divide(described, *at_cuts(cuts, 100)).rows == {"train": 100, "validation": 100, "test": 100}


def test_horizons_may_overlap_within_a_part() -> None:
    cuts = ["2024-01-01", "2024-01-08", "2024-01-15", "2024-02-14", "2024-03-15"]
    keys, of_row, times = at_cuts(cuts, 100)
    found = divide(log_contract(cuts, split="{train: 0.6, validation: 0.2, test: 0.2}"), keys, of_row, times)
    assert names(found)[::100] == ["train", "train", "train", "validation", "test"]


@given(hnp.arrays(np.uint64, st.integers(0, 40), elements=st.sampled_from([0, 1, 2, 7, 2**63, 2**64 - 1])))
@settings(max_examples=examples(60))
def test_ranks_are_those_of_numpy(values: np.ndarray) -> None:
    np.testing.assert_array_equal(_ranks(values), np.unique(values, return_inverse=True)[1])


def test_a_customer_has_one_hash_whatever_the_batch_and_the_type_of_its_key() -> None:
    keys = pa.array(["7", "12", "7", "3"])
    whole = hash_keys(keys, 5)
    assert whole[0] == whole[2] and len(set(whole.tolist())) == 3
    assert np.concatenate([hash_keys(keys.slice(0, 3), 5), hash_keys(keys.slice(3), 5)]).tolist() == whole.tolist()
    assert hash_keys(keys.cast(pa.int64()), 5).tolist() == whole.tolist()
    assert set(hash_keys(keys, 6).tolist()).isdisjoint(whole.tolist())
