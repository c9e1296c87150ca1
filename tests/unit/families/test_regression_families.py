"""One contract test suite for every family that predicts a number."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest

from tenure.errors import TenureError
from tenure.explanation import Explainer, FlatTrees, LinearTerms, NetworkTerms, from_arrays
from tenure.training.export import TOLERANCE, export, margins
from tenure.training.families import REGRESSORS, ROUNDS, Family, Rows, evaluate, get


def spending(rows: int = 600, seed: int = 0) -> Rows:
    """Lines, a product, a parabola and indicators of a three-valued column; far from zero, with a tail."""
    rng = np.random.default_rng(seed)
    months, orders = rng.integers(0, 72, rows), rng.poisson(3.0, rows)
    basket, plan = rng.gamma(3.0, 12.0, rows), rng.integers(0, 3, rows)
    matrix = np.column_stack([months, orders, basket, np.eye(3)[plan], np.ones(rows)]).astype(np.float32)
    label = 500.0 + 0.7 * orders * basket + 0.01 * (months - 30) ** 2 + np.array([0.0, 20.0, 50.0])[plan]
    return Rows(np.ascontiguousarray(matrix), label + rng.normal(0.0, 15.0, rows))


@pytest.fixture(params=REGRESSORS)
def family(request: Any) -> Family:
    return get(request.param)


def fit(family: Family, rows: Rows, stop: Rows | None = None, **changed: Any) -> Any:
    parameters = {**family.default, **changed}
    if stop is None and family.stops_early:
        parameters.setdefault(ROUNDS, 150)
    return family.fit(rows, parameters, seed=3, threads=1, stop=stop)


def test_they_are_those_of_the_folder() -> None:
    assert REGRESSORS == (
        "adaboost_regression",
        "decision_tree_regression",
        "elastic_net_regression",
        "extra_trees_regression",
        "hist_gradient_boosting_regression",
        "k_nearest_neighbours_regression",
        "kernel_svm_regression",
        "linear_regression",
        "mlp_regression",
        "polynomial_regression",
        "random_forest_regression",
        "xgboost_regression",
    )


def test_the_default_lies_in_the_search_space(family: Family) -> None:
    trial = optuna.trial.FixedTrial(dict(family.default))
    assert family.suggest(trial) == family.default


def test_it_learns_and_its_export_says_the_same(family: Family) -> None:
    rows, fresh = spending(), spending(800, seed=1)
    stop = spending(200, seed=2) if family.stops_early else None
    model = fit(family, rows, stop)
    predicted = model.predict(fresh.matrix)
    assert predicted.shape == (800,) and predicted.dtype == np.float64
    assert evaluate("rmse", fresh.label, predicted) < 0.6 * fresh.label.std()
    spread = float(rows.label.std())
    exported = export(model.terms(), model.predict, fresh.matrix, spread)
    scale = np.maximum(np.abs(predicted), spread)
    assert (np.abs(margins(exported, fresh.matrix) - predicted) <= TOLERANCE * scale).all()


def test_products_are_found_where_lines_miss_them() -> None:
    rows, fresh = spending(2000), spending(800, seed=1)
    error = {
        name: evaluate("rmse", fresh.label, fit(get(name), rows).predict(fresh.matrix))
        for name in ("linear_regression", "polynomial_regression")
    }
    # The noise has a standard deviation of 15.
    assert error["polynomial_regression"] < 16.5 < 25 < error["linear_regression"]


def test_it_is_deterministic(family: Family) -> None:
    rows = spending()
    first, second = (export(fit(family, rows).terms(), fit(family, rows).predict, rows.matrix) for _ in range(2))
    assert first.onnx == second.onnx


def test_what_rows_keep_changes_nothing(family: Family) -> None:
    rows, kept = spending(), Rows(spending().matrix, spending().label, keeps=True)
    fit(family, kept)
    np.testing.assert_array_equal(fit(family, kept).predict(rows.matrix), fit(family, rows).predict(rows.matrix))


def test_a_shift_and_a_scale_of_the_label_shift_and_scale_the_prediction(family: Family) -> None:
    rows = spending()
    moved = Rows(rows.matrix, 1e6 + 1e3 * rows.label)
    expected = 1e6 + 1e3 * fit(family, rows).predict(rows.matrix)
    model = fit(family, moved)
    # Not to the digit: a tree's tie between two splits may fall the other way.
    assert evaluate("rmse", expected, model.predict(rows.matrix)) < 0.02 * moved.label.std()
    export(model.terms(), model.predict, rows.matrix, float(moved.label.std()))


def test_early_stopping_stops_and_its_rounds_refit(family: Family) -> None:
    rows, stop = spending(), spending(200, seed=2)
    if not family.stops_early:
        assert fit(family, rows).rounds is None
        return
    stopped = fit(family, rows, stop, learning_rate=0.2)
    assert 1 <= stopped.rounds < 200
    again = fit(family, rows, rounds=stopped.rounds, learning_rate=0.2)
    assert again.rounds == stopped.rounds == len(again.terms().roots)
    np.testing.assert_allclose(again.predict(stop.matrix), stopped.predict(stop.matrix), atol=1e-9)


def test_its_export_says_the_same_far_outside_the_training_rows(family: Family) -> None:
    rows = spending()
    model = fit(family, rows)
    far = rows.matrix[:100] * np.float32(1e4)
    corners = np.where(np.random.default_rng(0).random((100, far.shape[1])) < 0.5, np.float32(-1e6), np.float32(1e6))
    matrix = np.concatenate([far, -far, corners.astype(np.float32), np.zeros_like(far[:1])])
    exported = export(model.terms(), model.predict, matrix, float(rows.label.std()))
    found = margins(exported, matrix)
    assert np.isfinite(found).all()
    if not isinstance(model.terms(), LinearTerms | NetworkTerms):
        # Lines go on. A parabola that was let go on to a million would say anything at all.
        assert np.abs(found - rows.label.mean()).max() < 50 * rows.label.std()


def test_contributions_add_up_and_survive_a_file(family: Family) -> None:
    rows = spending()
    model = fit(family, rows)
    terms = from_arrays(model.terms().arrays())
    assert terms.link == "value"
    explainer = Explainer(terms, ["months", "orders", "basket", "plan", "plan", "plan", "constant"])
    parts = explainer.contributions(rows.matrix[:50])
    margin = model.predict(rows.matrix[:50])
    assert np.abs(parts.sum(axis=1) + explainer.expected - margin).max() < 1e-4 * rows.label.std()
    orders, constant = (explainer.columns.index(name) for name in ("orders", "constant"))
    assert np.abs(parts[:, constant]).max() < 1e-9
    assert np.corrcoef(parts[:, orders], rows.matrix[:50, 1])[0, 1] > 0.5
    assert explainer.expected == pytest.approx(rows.label.mean(), abs=0.3 * rows.label.std())


def test_a_label_of_one_value_is_predicted(family: Family) -> None:
    rows = spending(100)
    model = (
        fit(family, Rows(rows.matrix, np.full(100, 3.5)), rounds=5)
        if family.stops_early
        else fit(family, Rows(rows.matrix, np.full(100, 3.5)))
    )
    np.testing.assert_allclose(model.predict(rows.matrix), 3.5, atol=1e-9)


def test_an_export_that_is_off_is_refused(family: Family) -> None:
    rows = spending()
    model, spread = fit(family, rows), float(rows.label.std())
    export(model.terms(), lambda matrix: model.predict(matrix) * (1 + 4e-7), rows.matrix, spread)
    with pytest.raises(TenureError, match="in value on the given rows"):
        export(model.terms(), lambda matrix: model.predict(matrix) * (1 + 4e-6), rows.matrix, spread)


def test_covers_add_up(family: Family) -> None:
    terms = fit(family, spending()).terms()
    if isinstance(terms, FlatTrees):
        inner = np.flatnonzero(terms.feature >= 0)
        children = terms.cover[terms.left[inner]] + terms.cover[terms.right[inner]]
        np.testing.assert_allclose(children, terms.cover[inner], rtol=1e-4)
