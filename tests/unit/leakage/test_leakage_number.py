"""The leakage check of a label that is a number: what is planted is named, clean tables pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from scipy import stats

from tenure.checks.leakage import Table, check_leakage
from tenure.checks.leakage.rank_r2 import correlation, rank_r2
from tenure.checks.leakage.ranking import MAX_RANK_R2
from tenure.checks.result import Check
from tenure.contract import Contract, parse
from tenure.contract.values import Text, Value

ROWS = 1_500
CONTRACT = """
name: planted
task: regression
columns:
  id: {type: string, role: key}
  usage: {type: number, nullable: true, max_missing_share: 1.0}
  fee: {type: number}
  plan: {type: category}
  spend: {type: number, role: label}
derived:
  ratio: {expression: "usage / max(fee, 1)", reason: Use for the money}
"""


def contract(quality: str = "") -> Contract:
    return parse(CONTRACT + quality)


def clean(seed: int = 0, rows: int = ROWS) -> Table:
    """Columns that tell much, and nothing that nobody could know; half of the customers spend nothing."""
    random = np.random.default_rng(seed)
    usage, fee = random.gamma(2.0, 10.0, rows), random.exponential(30.0, rows)
    label = np.maximum(0.0, 3.0 * usage - 60.0 + random.normal(0.0, 15.0, rows))
    usage[random.random(rows) < 0.1] = np.nan
    words = random.integers(0, 3, rows).astype(np.int32)
    values: dict[str, Value] = {
        "usage": usage,
        "fee": fee,
        "plan": Text(words, ("basic", "plus", "max")),
        "ratio": usage / np.maximum(fee, 1.0),
    }
    return Table(values, label, {"order of the rows in the source": np.arange(rows, dtype=float)}, None)


def planted(**changed: Value) -> Table:
    table = clean()
    return replace(table, values={**table.values, **changed})


def findings(table: Table, described: Contract | None = None) -> dict[str, Check]:
    found = [check for check in check_leakage(described or contract(), table) if check.level != "pass"]
    return {f"{check.name.removeprefix('leakage: ')}/{check.column}": check for check in found}


@pytest.mark.parametrize("seed", range(6))
def test_a_clean_table_passes(seed: int) -> None:
    assert findings(clean(seed)) == {}


@pytest.mark.parametrize(
    "leak",
    [
        lambda label: label,
        lambda label: 100.0 - 2.0 * label,
        np.log1p,
        lambda label: label + np.random.default_rng(1).normal(0.0, 0.3, label.size),
        lambda label: Text(np.ceil(label / 20.0).astype(np.int32), tuple(f"level {n}" for n in range(100))),
    ],
    ids=["itself", "turned", "logarithm", "with noise", "in words"],
)
def test_what_is_made_of_the_label_is_named(leak: Callable[[np.ndarray], Value]) -> None:
    found = findings(planted(fee=leak(clean().label.astype(np.float64))))
    assert "ranks the label/fee" in found
    check = found["ranks the label/fee"]
    assert check.level == "stop" and check.observed is not None
    assert MAX_RANK_R2 <= float(check.observed) <= 1.0
    assert "alone explains" in check.message and "of the order of the labels" in check.message


def test_what_is_derived_from_a_leak_is_named_with_it() -> None:
    label = clean().label.astype(np.float64)
    found = findings(planted(usage=label, ratio=label * 2.0))
    assert list(found) == ["ranks the label/usage"]
    assert "so do the features derived from it: ratio" in found["ranks the label/usage"].message


def test_a_derived_feature_alone_is_named_with_what_it_is_made_of() -> None:
    found = findings(planted(ratio=clean().label * 3.0))
    assert "derived feature 'ratio' (of usage, fee)" in found["ranks the label/ratio"].message


def test_a_column_filled_in_only_where_something_was_spent() -> None:
    table = clean()
    bill = np.where(table.label > 0.0, np.random.default_rng(2).random(ROWS), np.nan)
    check = findings(planted(fee=bill))["missing for one class/fee"]
    assert "has values in 100.0% of the larger labels and 0.0% of the smallest labels" in check.message


def test_a_constant_column_and_a_sorted_table_only_warn() -> None:
    table = clean()
    order = np.argsort(np.argsort(table.label + np.random.default_rng(3).normal(0.0, 20.0, ROWS))).astype(float)
    found = findings(replace(table, orders={"order of the rows in the source": order}))
    assert [check.level for check in found.values()] == ["warn"]
    assert "ranks the label with a rank correlation of 0." in next(iter(found.values())).message
    assert findings(planted(fee=np.ones(ROWS)))["constant/fee"].level == "warn"


def test_what_is_accepted_or_only_warned_of() -> None:
    label = clean().label.astype(np.float64)
    for quality in ("quality: {leakage_accepted: [fee]}", "quality: {leakage: warn}"):
        assert findings(planted(fee=label), contract(quality))["ranks the label/fee"].level == "warn"


def test_a_handful_of_rows_accuses_nobody() -> None:
    table = clean(rows=8)
    assert rank_r2(np.arange(8.0), np.arange(8.0)) == 0.0
    assert [name for name in findings(table) if name.startswith("ranks")] == []
    assert rank_r2(np.arange(30.0), np.arange(30.0)) == pytest.approx(1.0)


def test_names_that_stand_once_tell_nothing() -> None:
    label = clean().label.astype(np.float64)
    names = Text(np.arange(ROWS, dtype=np.int32), tuple(f"n{row}" for row in range(ROWS)))
    assert rank_r2(names, label) < 0.05


@settings(max_examples=examples(30))
@given(st.integers(0, 10_000), st.integers(3, 60))
def test_the_correlation_is_spearmans(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.integers(0, 6, rows).astype(float), random.normal(size=rows)
    expected = stats.spearmanr(one, other).statistic if np.ptp(one) else 0.0
    assert correlation(one, other) == pytest.approx(expected, abs=1e-12)


def test_a_value_of_those_who_spent_nothing_is_named() -> None:
    label = clean().label
    words = np.where(label == label.min(), 3, np.random.default_rng(4).integers(0, 3, ROWS)).astype(np.int32)
    found = findings(planted(plan=Text(words, ("basic", "plus", "max", "closed"))))
    assert list(found) == ["value of one class/plan"]
    assert (
        "is 'closed' in 100.0% of the smallest labels and 0.0% of the larger labels"
        in next(iter(found.values())).message
    )


def test_numbers_whose_sum_is_the_label_are_named() -> None:
    random = np.random.default_rng(5)
    usage, fee = random.gamma(2.0, 10.0, ROWS), random.gamma(2.0, 10.0, ROWS)
    table = Table({"usage": usage, "fee": fee}, usage + 2.0 * fee, {}, None)
    message = findings(table)["recoding of the label/usage"].message
    assert "column 'usage' together with 'fee', in a weighted sum, is the label" in message
