"""Rows cut out once for all trials: found again, kept within bounds; and scouts on tables large enough for them."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.training.families import (
    ROUNDS,
    Divided,
    Rows,
    cross_validate,
    cross_validation,
    divide,
    evaluate,
    get,
    scout,
)
from tenure.training.families import divided as module


@pytest.fixture
def rows(make_customers):
    return make_customers(1200)


def cut(rows, folds=3):
    return Divided(rows.matrix, rows.label, divide(rows.label, folds, 7), seed=7)


def test_rows_are_those_of_the_fold_and_the_same_object_again(rows):
    divided = cut(rows)
    assert len(divided) == 3
    for number, fold in enumerate(divided.folds.folds):
        for name in ("fit", "stop", "train", "held"):
            found, indices = getattr(divided, name)(number), getattr(fold, name)
            np.testing.assert_array_equal(found.matrix, rows.matrix[indices])
            np.testing.assert_array_equal(found.label, rows.label[indices])
            assert getattr(divided, name)(number) is found


def test_a_table_too_large_to_keep_is_cut_anew(rows, monkeypatch):
    monkeypatch.setattr(module, "KEEP_BYTES", rows.matrix.nbytes * 3 - 1)
    divided = cut(rows)
    first, second = divided.fit(0), divided.fit(0)
    assert first is not second and not first.keeps
    np.testing.assert_array_equal(first.matrix, second.matrix)


def test_what_is_derived_is_made_once_where_rows_keep():
    made = []

    def derive():
        made.append(1)
        return len(made)

    matrix, label = np.zeros((2, 1), np.float32), np.array([0, 1])
    keeping, forgetting = Rows(matrix, label, keeps=True), Rows(matrix, label)
    assert [keeping.once("bins", derive), keeping.once("bins", derive), keeping.once("other", derive)] == [1, 1, 2]
    assert [forgetting.once("bins", derive), forgetting.once("bins", derive)] == [3, 4]


@pytest.mark.parametrize("imbalance", ["none", "class_weight", "smote"])
@pytest.mark.parametrize("name", ["xgboost", "hist_gradient_boosting", "random_forest"])
def test_rows_that_keep_give_the_scores_of_rows_that_do_not(rows, monkeypatch, name, imbalance):
    """The second trial finds what the first derived, under parameters of its own: nothing of the first is in it."""
    family = get(name)
    settings = {"objective": "log_loss", "seed": 7, "threads": 1}
    other = {**family.default, "imbalance": "smote" if imbalance == "none" else "none"}
    parameters = {**family.default, "imbalance": imbalance}
    kept = cut(rows, folds=2)
    cross_validate(family, other, kept, **settings)
    first, second = (cross_validate(family, parameters, kept, **settings) for _ in range(2))
    monkeypatch.setattr(module, "KEEP_BYTES", 0)
    alone = cross_validate(family, parameters, cut(rows, folds=2), **settings)
    assert first == second == alone


def test_a_table_with_small_folds_is_not_large(rows, monkeypatch):
    fit = len(cut(rows).folds.folds[0].fit)
    monkeypatch.setattr(module, "SCOUT_ROWS", fit // 2 + 1)
    assert not cut(rows).large
    monkeypatch.setattr(module, "SCOUT_ROWS", fit // 2)
    assert cut(rows).large


def test_a_scout_is_fitted_to_few_rows_of_both_classes_and_scored_on_the_first_fold(rows, monkeypatch):
    monkeypatch.setattr(module, "SCOUT_ROWS", 100)
    monkeypatch.setattr(module, "SCOUT_STOP_ROWS", 40)
    monkeypatch.setattr(cross_validation, "SCOUT_ROUNDS", 3)
    divided = cut(rows)
    few, stop, held = divided.scout(), divided.scout_stop(), divided.held(0)
    assert len(few.label) == pytest.approx(100, abs=2)
    assert few.label.mean() == pytest.approx(rows.label.mean(), abs=0.02)
    assert len(stop.label) == pytest.approx(40, abs=2)
    for some, of in ((few, divided.fit(0)), (stop, divided.stop(0))):
        of_fold = {row.tobytes() for row in of.matrix}
        assert all(row.tobytes() in of_fold for row in some.matrix)
    for name in ("xgboost", "hist_gradient_boosting", "logistic_regression"):
        family = get(name)
        limits = ({**family.default, ROUNDS: 3}, stop) if family.stops_early else (family.default, None)
        model = family.fit(few, limits[0], seed=7, threads=1, stop=limits[1])
        assert (model.rounds or 3) == 3
        score = scout(family, family.default, divided, objective="roc_auc", seed=7, threads=1)
        assert score == evaluate("roc_auc", held.label, model.predict(held.matrix)) and 0.6 < score < 1
