"""One contract test suite for every family."""

import numpy as np
import optuna
import pytest
from sklearn.metrics import roc_auc_score

from tenure.errors import DataError
from tenure.explanation import FlatTrees
from tenure.training.export import TOLERANCE, export, score
from tenure.training.families import CLASSIFIERS, ROUNDS, Rows, get

STRATEGIES = ["none", "class_weight", "smote"]


@pytest.fixture(params=CLASSIFIERS)
def family(request):
    return get(request.param)


def fit(family, rows, stop=None, **changed):
    parameters = {**family.default, **changed}
    if stop is None and family.stops_early:
        parameters.setdefault(ROUNDS, 30)
    return family.fit(rows, parameters, seed=3, threads=1, stop=stop)


def test_the_default_lies_in_the_search_space(family):
    trial = optuna.trial.FixedTrial(dict(family.default))
    assert family.suggest(trial) == family.default


@pytest.mark.parametrize("imbalance", STRATEGIES)
def test_it_learns_and_its_export_says_the_same(family, imbalance, make_customers):
    rows, fresh = make_customers(), make_customers(800, seed=1)
    stop = make_customers(200, seed=2) if family.stops_early else None
    model = fit(family, rows, stop, imbalance=imbalance)
    probability = model.predict(fresh.matrix)
    assert probability.shape == (800,) and probability.dtype == np.float64
    assert roc_auc_score(fresh.label, probability) > 0.75
    exported = export(model.terms(), model.predict, fresh.matrix)
    np.testing.assert_allclose(score(exported, fresh.matrix)[1], probability, rtol=0, atol=TOLERANCE)


def test_it_is_deterministic(family, make_customers):
    rows = make_customers()
    first, second = (export(fit(family, rows).terms(), fit(family, rows).predict, rows.matrix) for _ in range(2))
    assert first.onnx == second.onnx


def test_early_stopping_stops_and_its_rounds_refit(family, make_customers):
    rows, stop = make_customers(), make_customers(200, seed=2)
    if not family.stops_early:
        assert fit(family, rows).rounds is None
        return
    stopped = fit(family, rows, stop, learning_rate=0.2)
    assert 1 <= stopped.rounds < 100
    again = fit(family, rows, rounds=stopped.rounds, learning_rate=0.2)
    assert again.rounds == stopped.rounds == len(again.terms().roots)
    # The stopping rows are for stopping: what is learned comes from the others alone.
    np.testing.assert_allclose(again.predict(stop.matrix), stopped.predict(stop.matrix), atol=1e-12)


def test_stopping_rows_that_get_worse_from_the_start_leave_one_round(family, make_customers):
    if not family.stops_early:
        return
    rows = make_customers()
    upside_down = Rows(rows.matrix, 1 - rows.label)
    assert fit(family, rows, upside_down, learning_rate=0.2).rounds == 1


@pytest.mark.parametrize("imbalance", STRATEGIES)
def test_one_class_is_refused(family, imbalance, make_customers):
    rows = make_customers(50)
    with pytest.raises(DataError, match="both classes"):
        fit(family, Rows(rows.matrix, np.zeros(50, dtype=np.int8)), imbalance=imbalance)


def test_weights_raise_the_probabilities_to_a_balanced_base_rate(family, make_customers):
    rows = make_customers(2000)
    plain, weighted = (fit(family, rows, imbalance=name).predict(rows.matrix) for name in ("none", "class_weight"))
    assert plain.mean() == pytest.approx(rows.label.mean(), abs=0.02)
    assert weighted.mean() > plain.mean() + 0.1


def test_covers_add_up(family, make_customers):
    terms = fit(family, make_customers()).terms()
    if isinstance(terms, FlatTrees):
        inner = np.flatnonzero(terms.feature >= 0)
        children = terms.cover[terms.left[inner]] + terms.cover[terms.right[inner]]
        np.testing.assert_allclose(children, terms.cover[inner], rtol=1e-4)


def test_unknown_family():
    with pytest.raises(ValueError, match="no model family is called 'svm'"):
        get("svm")


def test_its_export_says_the_same_far_outside_the_training_rows(family, make_customers):
    rows = make_customers()
    model = fit(family, rows)
    far = rows.matrix[:100] * np.float32(1e4)
    corners = np.where(np.random.default_rng(0).random((100, far.shape[1])) < 0.5, np.float32(-1e6), np.float32(1e6))
    matrix = np.concatenate([far, -far, corners.astype(np.float32), np.zeros_like(far[:1])])
    exported = export(model.terms(), model.predict, matrix)
    margin, probability = score(exported, matrix)
    assert np.isfinite(margin).all() and ((probability >= 0) & (probability <= 1)).all()
