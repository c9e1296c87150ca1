import numpy as np
import pytest

from tenure.errors import DataError
from tenure.training.families import Rows
from tenure.training.families.imbalance import balance, class_weights


def test_weights_balance_the_classes_and_keep_the_sum():
    label = np.array([0] * 90 + [1] * 10)
    weight = class_weights(label)
    assert weight[label == 1].sum() == pytest.approx(weight[label == 0].sum())
    assert weight.mean() == pytest.approx(1.0)


def test_none_changes_nothing(make_customers):
    rows = make_customers()
    balanced = balance(rows, "none", 0)
    assert balanced.matrix is rows.matrix and (balanced.weight == 1.0).all()


def test_smote_fills_up_with_customers_that_could_exist(make_customers):
    rows = make_customers()
    matrix, label, weight = balance(rows, "smote", 0)
    given = len(rows.label)
    assert (label == 0).sum() == (label == 1).sum() and (weight == 1.0).all()
    np.testing.assert_array_equal(matrix[:given], rows.matrix)
    synthetic = matrix[given:]
    assert (label[given:] == 1).all()
    # Every synthetic customer has exactly one plan, and numbers between those of churners.
    plans = synthetic[:, 2:5]
    assert np.isin(plans, (0.0, 1.0)).all() and (plans.sum(axis=1) == 1.0).all()
    churners = rows.matrix[rows.label == 1]
    assert (synthetic[:, 0] >= churners[:, 0].min() - 1e-3).all()
    assert (synthetic[:, 0] <= churners[:, 0].max() + 1e-3).all()
    assert (synthetic[:, 5] == 1.0).all()
    assert matrix.dtype == np.float32 and matrix.flags.c_contiguous


def test_smote_with_fewer_churners_than_neighbours():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(30, 2)).astype(np.float32)
    label = (np.arange(30) < 3).astype(np.int8)
    assert balance(Rows(matrix, label), "smote", 0).label.sum() == 27


def test_smote_with_one_churner_is_refused():
    matrix = np.zeros((30, 2), dtype=np.float32)
    with pytest.raises(DataError, match="SMOTE needs two rows of each class, one class has 1"):
        balance(Rows(matrix, (np.arange(30) < 1).astype(np.int8)), "smote", 0)
