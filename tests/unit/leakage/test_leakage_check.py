"""The leakage check: every kind planted and named, clean tables passed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from property_profiles import examples

from tenure.checks.leakage import KINDS, Table, check_leakage
from tenure.checks.leakage.auc import alone, cross_fitted, deviations
from tenure.checks.leakage.codes import MAX_BINS, binned, coded
from tenure.checks.leakage.dates import LATE_SHARE
from tenure.checks.leakage.ranking import MAX_AUC
from tenure.checks.leakage.table import MIN_ROWS
from tenure.checks.result import Check
from tenure.contract import Contract, parse
from tenure.contract.values import Text, Value
from tenure.stats.ranks import rank_auc

ROWS = 1_000
CONTRACT = """
name: planted
label: {positive: "1"}
columns:
  id: {type: string, role: key}
  seen: {type: date, role: time}
  usage: {type: number, nullable: true, max_missing_share: 1.0}
  fee: {type: number}
  plan: {type: category}
  ended: {type: date, nullable: true, max_missing_share: 1.0}
  left: {type: integer, role: label}
derived:
  ratio: {expression: "usage / max(fee, 1)", reason: Use for the money}
  steps: {expression: "bucket(ratio, 0, 1)", reason: Steps}
  days_left: {expression: "days_between(seen, ended)", reason: Time left}
"""


def contract(quality: str = "") -> Contract:
    return parse(CONTRACT + quality)


def words(values: list[str] | NDArray) -> Text:
    names, codes = np.unique(np.asarray(values), return_inverse=True)
    return Text(codes.astype(np.int32), tuple(str(name) for name in names))


def clean(rows: int = ROWS, seed: int = 0, rate: float = 0.27) -> Table:
    """Columns that tell something, and nothing that nobody could know."""
    random = np.random.default_rng(seed)
    label = (random.random(rows) < rate).astype(np.int8)
    usage = random.normal(size=rows) - label
    usage[random.random(rows) < 0.1] = np.nan
    fee = random.exponential(30.0, rows)
    time = random.integers(19_000, 19_400, rows).astype(float)
    ended = np.where(random.random(rows) < 0.5, time - random.integers(0, 90, rows), np.nan)
    values: dict[str, Value] = {
        "usage": usage,
        "fee": fee,
        "plan": words(random.choice(["basic", "plus", "max"], rows)),
        "ended": ended,
        "ratio": usage / np.maximum(fee, 1.0),
        "steps": words(np.where(fee > 20, "0-1", "1-")),
        "days_left": ended - time,
    }
    orders = {"order of the key 'id'": random.permutation(rows).astype(float)}
    orders["order of the rows in the source"] = np.arange(rows, dtype=float)
    return Table(values, label, orders, time)


def planted(column: str, values: Value, table: Table | None = None) -> Table:
    table = table or clean()
    return replace(table, values={**table.values, column: values})


def found(table: Table, quality: str = "") -> list[Check]:
    return [check for check in check_leakage(contract(quality), table) if check.level != "pass"]


def only(checks: list[Check]) -> Check:
    assert len(checks) == 1, [check.message for check in checks]
    return checks[0]


@pytest.mark.parametrize("seed", range(40))
def test_clean_tables_pass(seed: int) -> None:
    random = np.random.default_rng(1_000 + seed)
    table = clean(int(random.integers(60, 4_000)), seed, float(random.uniform(0.03, 0.6)))
    rows = table.label.size
    more: dict[str, Value] = {
        "street": words([f"street {n}" for n in random.integers(0, rows, rows)]),
        "account": words([f"a{n}" for n in random.permutation(rows)]),
        "number": random.permutation(rows).astype(float),
        "strong": table.label * 2.0 + random.normal(size=rows),
        "rare": np.where(random.random(rows) < 0.02, random.normal(size=rows), np.nan),
        "flag": (random.random(rows) < 0.5).astype(float),
    }
    checks = check_leakage(contract(), replace(table, values={**table.values, **more}))
    assert [check.message for check in checks if check.level != "pass"] == []
    assert [check.name for check in checks] == [f"leakage: {kind}" for kind in KINDS]


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_a_number_that_ranks_the_label_is_named(direction: float) -> None:
    table = clean()
    noise = np.random.default_rng(1).normal(size=ROWS)
    check = only(found(planted("fee", direction * (table.label * 4.0 + noise))))
    assert (check.level, check.column, check.name) == ("stop", "fee", "leakage: ranks the label")
    assert check.observed >= MAX_AUC == check.limit
    assert "column 'fee'" in check.message


def test_a_number_that_ranks_the_label_without_an_order_is_named() -> None:
    table = clean()
    random = np.random.default_rng(1)
    inside = random.uniform(40, 60, ROWS)
    outside = np.where(random.random(ROWS) < 0.5, random.uniform(0, 39, ROWS), random.uniform(61, 100, ROWS))
    values = np.where(table.label == 1, inside, outside)
    assert abs(rank_auc(table.label, values) - 0.5) < 0.2
    assert only(found(planted("fee", values))).name == "leakage: ranks the label"


def test_a_text_that_ranks_the_label_is_named() -> None:
    table = clean()
    random = np.random.default_rng(2)
    group = np.where(table.label == 1, "closed", "open")
    text = [f"{name} {number}" for name, number in zip(group, random.integers(0, 30, ROWS), strict=True)]
    assert only(found(planted("plan", words(text)))).name == "leakage: ranks the label"


@pytest.mark.parametrize("names", [("a", "b"), ("moved", "open"), ("0", "1")])
def test_a_recoding_of_the_label_is_named(names: tuple[str, str]) -> None:
    check = only(found(planted("plan", words(np.where(clean().label == 1, *names)))))
    assert (check.name, check.column, check.level) == ("leakage: recoding of the label", "plan", "stop")


def test_a_recoding_with_several_words_a_class_and_missing_ones_is_named() -> None:
    label = clean().label
    reason = np.random.default_rng(3).integers(0, 3, ROWS)
    checks = found(planted("fee", np.where(label == 1, reason, np.nan)))
    assert [(check.column, check.name.removeprefix("leakage: ")) for check in checks] == [
        ("fee", "recoding of the label"),
        ("fee", "missing for one class"),
    ]


def test_derived_features_over_a_leaking_column_are_named_along_and_once() -> None:
    table = clean()
    leak = table.label * 10.0 + np.random.default_rng(4).normal(size=ROWS)
    table = replace(table, values={**table.values, "usage": leak, "ratio": leak / 3.0, "steps": words(leak > 3)})
    check = only(found(table))
    assert check.column == "usage"
    assert "so do the features derived from it: ratio, steps" in check.message


def test_a_derived_feature_that_leaks_by_itself_is_named_with_its_columns() -> None:
    table = clean()
    check = only(found(planted("ratio", table.label + 0.1 * np.random.default_rng(5).normal(size=ROWS))))
    assert check.column == "ratio"
    assert "derived feature 'ratio' (of usage, fee)" in check.message


def test_a_date_after_the_cut_is_named() -> None:
    table = clean()
    assert table.time is not None
    late = table.time - 10.0
    late[: int(LATE_SHARE * ROWS)] += 20.0
    assert found(planted("ended", late)) == []
    late[: int(LATE_SHARE * ROWS) + 1] = table.time[: int(LATE_SHARE * ROWS) + 1] + 1
    check = only(found(planted("ended", late)))
    assert (check.name, check.column) == ("leakage: dated after the cut", "ended")
    assert "so do the features derived from it: days_left" in check.message


def test_a_date_of_the_same_day_is_not_after_the_cut() -> None:
    table = clean()
    assert table.time is not None
    assert found(planted("ended", table.time + 0.9)) == []


@pytest.mark.parametrize("filled_for", [0, 1])
def test_a_column_filled_for_one_class_only_is_named(filled_for: int) -> None:
    table = clean()
    random = np.random.default_rng(6)
    there = (table.label == filled_for) & (random.random(ROWS) < 0.5)
    check = only(found(planted("fee", np.where(there, random.normal(size=ROWS), np.nan))))
    assert check.name == "leakage: missing for one class"
    assert check.observed == 0.0


def test_empty_cells_of_few_rows_prove_nothing() -> None:
    table = clean(200, rate=0.2)
    label = np.zeros(200, dtype=np.int8)
    label[: MIN_ROWS - 1] = 1
    few = replace(table, label=np.random.default_rng(0).permutation(label))
    values = np.where(few.label == 1, np.nan, np.random.default_rng(7).normal(size=200))
    assert "missing for one class" not in {
        check.name.removeprefix("leakage: ") for check in found(planted("fee", values, few))
    }


def test_a_column_no_longer_filled_in_is_named() -> None:
    table = clean()
    assert table.time is not None
    old = table.time < np.quantile(table.time, 0.85)
    check = only(found(planted("fee", np.where(old, table.values["fee"], np.nan))))
    assert (check.name, check.column) == ("leakage: missing in the newest rows", "fee")
    # The other way round it is a new column, which will be there.
    assert found(planted("fee", np.where(old, np.nan, table.values["fee"]))) == []


@pytest.mark.parametrize("values", [np.full(ROWS, 3.0), np.full(ROWS, np.nan), words(["x"] * ROWS)])
def test_a_constant_is_a_warning(values: Value) -> None:
    check = only(found(planted("plan", values)))
    assert (check.name, check.level, check.column) == ("leakage: constant", "warn", "plan")


def test_a_sorted_table_is_a_warning() -> None:
    table = clean()
    order = np.argsort(np.argsort(table.label, kind="stable"), kind="stable").astype(float)
    for name in table.orders:
        check = only(found(replace(table, orders={**table.orders, name: order})))
        assert (check.name, check.level, check.column) == ("leakage: order of the rows", "warn", None)
        assert name in check.message


@pytest.mark.parametrize("as_text", [False, True])
def test_a_feature_that_repeats_such_an_order_stops(as_text: bool) -> None:
    table = clean()
    random = np.random.default_rng(8)
    order = np.argsort(np.argsort(table.label + random.normal(size=ROWS))).astype(float)
    values = words([f"{int(place):06d}" for place in order]) if as_text else 1e6 - 7 * order
    checks = found(replace(planted("fee", values, table), orders={"order of the key 'id'": order}))
    assert [(check.level, check.column) for check in checks] == [("warn", None), ("stop", "fee")]


def test_the_contract_may_only_warn_or_accept_a_column() -> None:
    table = planted("plan", words(np.where(clean().label == 1, "a", "b")))
    assert only(found(table)).level == "stop"
    assert only(found(table, "quality: {leakage: warn}")).level == "warn"
    assert only(found(table, "quality: {leakage_accepted: [plan]}")).level == "warn"
    assert only(found(table, "quality: {leakage_accepted: [fee]}")).level == "stop"


def test_one_class_or_no_row_is_nothing_to_rank() -> None:
    table = clean()
    assert found(replace(table, label=np.zeros(ROWS, dtype=np.int8))) == []
    empty = Table({"fee": np.empty(0)}, np.empty(0, dtype=np.int8), {}, None)
    assert found(empty) == []


def test_a_handful_of_rows_is_chance_however_they_fall() -> None:
    label = np.array([0, 0, 0, 1, 1], dtype=np.int8)
    assert deviations(1.0, label) < 4.0
    assert alone(label.astype(float), label) == 0.5


@settings(max_examples=examples(30))
@given(st.integers(0, 10**6), st.integers(20, 400), st.integers(1, 400))
def test_words_drawn_at_random_say_nothing_out_of_fold(seed: int, rows: int, kinds: int) -> None:
    random = np.random.default_rng(seed)
    label = np.concatenate([np.zeros(rows // 2), np.ones(rows - rows // 2)]).astype(np.int8)
    codes = random.integers(0, kinds, rows)
    assert rank_auc(label, cross_fitted(codes, label)) < 0.95


def test_equal_words_and_missing_ones_share_a_code() -> None:
    assert coded(Text(np.array([0, 1, 2, -1], dtype=np.int32), ("a", "b", "a"))).tolist() == [1, 2, 1, 0]
    assert coded(np.array([2.0, np.nan, 1.0, 2.0])).tolist() == [2, 0, 1, 2]


def test_many_numbers_share_bins() -> None:
    values = np.append(np.random.default_rng(0).normal(size=999), np.nan)
    codes = binned(values)
    assert codes[-1] == 0
    assert len(np.unique(codes)) == MAX_BINS + 1
    assert binned(np.arange(float(MAX_BINS))).tolist() == list(range(1, MAX_BINS + 1))
