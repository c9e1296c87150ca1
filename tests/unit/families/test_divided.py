"""Rows cut out once for all trials: found again, kept within bounds; and scouts on tables large enough for them."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.families import Divided, Rows, cross_validate, divide, get
from tenure.families import divided as module


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


def test_no_scout_where_folds_are_small(rows, monkeypatch):
    fit = len(cut(rows).folds.folds[0].fit)
    monkeypatch.setattr(module, "SCOUT_ROWS", fit // 2 + 1)
    assert not cut(rows).large
    seen = []
    family = get("logistic_regression")
    settings = {"objective": "roc_auc", "seed": 7, "threads": 1}
    result = cross_validate(family, family.default, cut(rows), **settings, scouted=seen.append)
    assert not seen and len(result.scores) == 3


def test_a_scout_goes_first_on_few_rows_of_both_classes_and_decides(rows, monkeypatch):
    monkeypatch.setattr(module, "SCOUT_ROWS", 100)
    divided = cut(rows)
    assert divided.large
    scout = divided.scout()
    assert len(scout.label) == pytest.approx(100, abs=2)
    assert scout.label.mean() == pytest.approx(rows.label.mean(), abs=0.02)
    monkeypatch.setattr(module, "SCOUT_STOP_ROWS", 40)
    assert len(divided.scout_stop().label) == pytest.approx(40, abs=2)
    for few, many in ((scout, divided.fit(0)), (divided.scout_stop(), divided.stop(0))):
        of_fold = {row.tobytes() for row in many.matrix}
        assert all(row.tobytes() in of_fold for row in few.matrix)
    family, seen = get("xgboost"), []
    settings = {"objective": "roc_auc", "seed": 7, "threads": 1}

    def decide(answer):
        return lambda score: seen.append(score) or answer

    given_up = cross_validate(family, family.default, divided, **settings, scouted=decide(False))
    assert given_up.scores == () == given_up.rounds and given_up.typical_rounds is None
    went_on = cross_validate(family, family.default, divided, **settings, scouted=decide(True))
    assert seen[0] == seen[1] and 0.6 < seen[0] < 1
    assert went_on == cross_validate(family, family.default, divided, **settings)
