"""Families whose fit takes more than linear time, or whose model keeps rows, take no more rows than they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenure.errors import DataError
from tenure.training.families import Rows, get, kernel_machine, neighbours
from tenure.training.families.models import adaboost, kernel_svm, qda
from tenure.training.families.models.regression import adaboost_regression, kernel_svm_regression
from tenure.training.families.thinning import balance_thinned, thinned


def table(rows: int, columns: int = 4, *, of_value: bool = False) -> Rows:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(rows, columns)).astype(np.float32)
    label = matrix[:, 0] + random.normal(size=rows)
    return Rows(matrix, label if of_value else (label > 1.0).astype(np.int8))


def fitted(name: str, rows: Rows) -> Any:
    family = get(name)
    return family.fit(rows, family.default, seed=1, threads=1)


def test_thinning_keeps_order_and_shares() -> None:
    rows = table(1_000)
    numbered = Rows(np.arange(1_000, dtype=np.float32)[:, None], rows.label)
    some = thinned(numbered, 100, seed=3)
    assert len(some.label) == 100 and some.label.sum() == round(rows.label.mean() * 100)
    assert (np.diff(some.matrix[:, 0]) > 0).all()
    np.testing.assert_array_equal(rows.label[some.matrix[:, 0].astype(int)], some.label)
    assert thinned(rows, 1_000, seed=3) is rows
    assert len(thinned(table(1_000, of_value=True), 100, seed=3).label) == 100


def test_thinned_rows_have_weights_of_their_own() -> None:
    kept = balance_thinned(table(1_000), "class_weight", 101, seed=3)
    assert len(kept.weight) == len(kept.label)
    assert kept.weight[kept.label == 1].sum() == pytest.approx(kept.weight[kept.label == 0].sum())
    assert set(balance_thinned(table(1_000), "none", 101, seed=3).weight) == {1.0}


@pytest.mark.parametrize("name", ["kernel_svm", "kernel_svm_regression"])
def test_a_kernel_machine_is_fitted_to_some_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (kernel_svm, kernel_svm_regression):
        assert module.MAX_ROWS == kernel_machine.MAX_ROWS
        monkeypatch.setattr(module, "MAX_ROWS", 150)
    model = fitted(name, table(1_000, of_value=name.endswith("regression")))
    assert len(model.kept) == 150 and len(model.terms().rows) <= 150


@pytest.mark.parametrize("name", ["k_nearest_neighbours", "k_nearest_neighbours_regression"])
def test_neighbours_keep_some_rows(name: str) -> None:
    model = fitted(name, table(3_000, of_value=name.endswith("regression")))
    assert len(model.terms().rows) == neighbours.MAX_ROWS


@pytest.mark.parametrize("name", ["adaboost", "adaboost_regression"])
def test_adaboost_is_fitted_to_some_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert adaboost_regression.MAX_ROWS == adaboost.MAX_ROWS
    for module in (adaboost, adaboost_regression):
        monkeypatch.setattr(module, "MAX_ROWS", 200)
    model = fitted(name, table(1_000, of_value=name.endswith("regression")))
    assert {int(member.tree_.n_node_samples[0]) <= 200 for member in model.estimator.estimators_} == {True}
    terms = model.terms()
    assert (terms.cover[terms.roots] == 200).all()


def test_qda_reads_the_columns_that_go_with_the_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qda, "MAX_COLUMNS", 3)
    terms = fitted("qda", table(2_000, columns=8)).terms()
    used = np.flatnonzero(terms.weights)
    assert 0 in used and len(used) == 3
    assert set(terms.pairs.ravel()) == set(used) and len(terms.pairs) == 6


def test_qda_of_a_class_without_a_spread() -> None:
    rows = table(50)
    alike = Rows(np.where(rows.label[:, None] == 1, 0.0, rows.matrix).astype(np.float32), rows.label)
    lone = Rows(rows.matrix, (np.arange(50) == 7).astype(np.int8))
    for given in (alike, lone):
        with pytest.raises(DataError, match="cannot estimate the spread of a class"):
            fitted("qda", given)


def test_adaboost_without_a_split() -> None:
    rows = Rows(np.ones((40, 2), np.float32), (np.arange(40) % 2).astype(np.int8))
    with pytest.raises(DataError, match="no split of 40 rows that is better than chance"):
        fitted("adaboost", rows)
