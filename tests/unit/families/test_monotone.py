"""Monotone features: predictions only go in the contract's direction, whatever the rows say."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from sklearn.isotonic import IsotonicRegression

from tenure.contract.family_names import ENSEMBLE, MONOTONE
from tenure.decision.calibration import Calibration
from tenure.training.export import export, margins, score
from tenure.training.families import CLASSIFIERS, REGRESSORS, ROUNDS, Rows, get
from tenure.training.families.monotone import signs_of
from tenure.transform.state import Feature

FAMILIES = [name for name in MONOTONE if name != ENSEMBLE]
SIGNS = np.array([1, -1, 0, 0, 0, 0], dtype=np.int8)
STRATEGIES = ("none", "class_weight", "smote")


def against(make_customers, rows=700, seed=0, signs=SIGNS):
    """Rows whose first column lowers the label and whose second raises it: the contrary of ``SIGNS``."""
    found = make_customers(rows, seed)
    return Rows(found.matrix, found.label, signs)


def fit(name, rows, stop=None, **changed):
    family = get(name)
    parameters = {**family.default, **changed}
    if family.stops_early and stop is None:
        parameters.setdefault(ROUNDS, 40)
    return family.fit(rows, parameters, seed=3, threads=1, stop=stop if family.stops_early else None)


def assert_monotone(predict, matrix, signs=SIGNS, seed=5):
    random = np.random.default_rng(seed)
    before = predict(matrix)
    for place in np.flatnonzero(signs):
        for size in (0.001, 1.0, 30.0, 1e6):
            raised = matrix.copy()
            raised[:, place] += random.exponential(size, len(matrix)).astype(np.float32)
            change = (predict(raised) - before) * signs[place]
            assert change.min() >= 0.0, (place, size, change.min())


def probabilities(exported, matrix):
    return score(exported, matrix)[1]


@pytest.mark.parametrize("name", FAMILIES)
def test_raising_a_monotone_column_never_goes_against_its_direction(name, make_customers):
    for strategy in STRATEGIES if name in CLASSIFIERS else (None,):
        rows, stop = against(make_customers), against(make_customers, 200, seed=2)
        changed = {} if strategy is None else {"imbalance": strategy}
        for held in (None, stop):
            model = fit(name, rows, held, **changed)
            fresh = make_customers(400, seed=1).matrix
            assert_monotone(model.predict, fresh)
            exported = export(model.terms(), model.predict, fresh)
            served = margins if name in REGRESSORS else probabilities
            assert_monotone(partial(served, exported), fresh)


@pytest.mark.parametrize("name", FAMILIES)
def test_it_goes_both_ways_without_the_constraint(name, make_customers):
    """Else the test above would pass for families that ignore the constraint."""
    free = fit(name, against(make_customers, signs=None))
    with pytest.raises(AssertionError):
        assert_monotone(free.predict, make_customers(400, seed=1).matrix)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_constraint_that_the_rows_agree_with_costs_little(name, make_customers):
    rows, fresh = make_customers(1500), make_customers(1500, seed=1)
    signs = np.array([-1, 1, 0, 0, 0, 0], dtype=np.int8)
    free, held = (fit(name, Rows(rows.matrix, rows.label, given)) for given in (None, signs))
    errors = [np.mean((model.predict(fresh.matrix) - fresh.label) ** 2) for model in (free, held)]
    assert errors[1] < 1.1 * errors[0]


@pytest.mark.parametrize("name", [name for name in FAMILIES if name in CLASSIFIERS])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_the_calibrated_probability_keeps_the_direction(name, method, make_customers):
    rows, fresh = against(make_customers), make_customers(400, seed=1)
    exported = export(fit(name, rows).terms(), fit(name, rows).predict, fresh.matrix)
    _, probability = score(exported, fresh.matrix)
    if method == "sigmoid":
        calibration = Calibration("sigmoid", "probability", slope=0.8, intercept=-0.3)
    else:
        fitted = IsotonicRegression().fit(probability, fresh.label)
        calibration = Calibration("isotonic", x=tuple(fitted.X_thresholds_), y=tuple(fitted.y_thresholds_))
    assert_monotone(lambda matrix: calibration.apply(*score(exported, matrix)), fresh.matrix)


@settings(max_examples=examples(20), deadline=None)
@given(seed=st.integers(0, 2**16), signs=st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3))
def test_the_constrained_linear_fits_are_the_optima(seed, signs):
    """No allowed weights nearby are better: for a convex objective that is the optimum."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(80, 3)).astype(np.float32)
    margin = matrix @ random.normal(size=3)
    label = (random.random(80) < 1 / (1 + np.exp(-margin))).astype(np.int8)
    label[:2] = 0, 1
    held = np.array(signs, dtype=np.int8)
    model = get("logistic_regression").fit(
        Rows(matrix, label, held), {"imbalance": "none", "C": 0.7}, seed=0, threads=1
    )
    scaled = (matrix - model.mean) / model.scale

    def logistic(weights, intercept):
        z = scaled @ weights + intercept
        return 0.7 * np.sum(np.logaddexp(0, z) - label * z) + 0.5 * weights @ weights

    weights = model.estimator.coef_[0]
    assert (weights * held >= 0).all()
    assert_no_better(lambda w: logistic(w, model.estimator.intercept_[0]), weights, held, random)
    ridge = get("linear_regression").fit(Rows(matrix, margin, held), {"alpha": 0.1}, seed=0, threads=1)
    wide, target = ridge.scaling.apply(matrix), margin - margin.mean()
    weights = ridge.estimator.coef_
    assert (weights * held >= 0).all()
    assert_no_better(lambda w: np.sum((wide @ w - target) ** 2) + 8.0 * w @ w, weights, held, random)


def assert_no_better(loss, weights, signs, random):
    for size in (1e-2, 1e-1, 1.0):
        for _ in range(30):
            moved = weights + random.normal(size=len(weights)) * size
            moved = np.where(moved * signs < 0, 0.0, moved)
            assert loss(moved) >= loss(weights) - 1e-6 * (1 + abs(loss(weights)))


def test_signs_are_those_of_the_numbers_alone():
    features = [
        Feature("a", "a", "number"),
        Feature("a missing", "a", "missing"),
        Feature("b", "b", "number"),
        Feature("c = x", "c", "category", "x"),
    ]
    found = signs_of({"a": -1}, features)
    assert found is not None and found.tolist() == [-1, 0, 0, 0]
    assert signs_of({}, features) is None
    assert signs_of({"gone": 1}, features) is None
