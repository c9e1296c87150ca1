import numpy as np
import pytest
import xgboost

from tenure.training.families import Rows, early_stopping, get


def logistic_loss(label):
    return lambda margin: float(np.mean(np.logaddexp(0.0, margin) - margin * label))


def grown(rows, stop, *, most=200, patience=10, loss=None, **more):
    train = xgboost.QuantileDMatrix(rows.matrix, rows.label)
    settings = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 3, "seed": 7, "nthread": 1, **more}
    loss = loss or logistic_loss(stop.label)
    return early_stopping.grow(settings, train, stop.matrix, loss, base=0.0, most=most, patience=patience)


@pytest.mark.parametrize("seed", range(3))
def test_it_stops_where_the_library_stops(make_customers, seed):
    rows, stop = make_customers(1000, seed=seed), make_customers(300, seed=seed + 10)
    settings = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 3, "seed": 7, "nthread": 1}
    theirs = xgboost.train(
        settings | {"eval_metric": "logloss"},
        xgboost.QuantileDMatrix(rows.matrix, rows.label),
        200,
        evals=[(xgboost.DMatrix(stop.matrix, stop.label), "stop")],
        early_stopping_rounds=10,
        verbose_eval=False,
    )
    ours = grown(rows, stop)
    assert ours.num_boosted_rounds() == theirs.best_iteration + 1 < 200
    expected = theirs.inplace_predict(stop.matrix, iteration_range=(0, theirs.best_iteration + 1))
    np.testing.assert_array_equal(ours.inplace_predict(stop.matrix), expected)


def test_the_loss_is_of_all_trees_so_far_and_read_once_in_a_stride(make_customers, monkeypatch):
    monkeypatch.setattr(early_stopping, "LARGE_ROWS", 500)
    rows, stop, seen = make_customers(500), make_customers(100, seed=1), []

    def loss(margin):
        seen.append(margin.copy())
        return -float(len(seen))

    booster = grown(rows, stop, most=12, loss=loss)
    assert len(seen) == 3 and booster.num_boosted_rounds() == 12
    for margin, rounds in zip(seen, (5, 10, 12), strict=True):
        expected = booster.inplace_predict(stop.matrix, iteration_range=(0, rounds), predict_type="margin")
        np.testing.assert_allclose(margin, expected, atol=1e-6)


def test_patience_is_in_rounds_and_the_best_round_is_kept(make_customers, monkeypatch):
    rows, stop = make_customers(500), make_customers(100, seed=1)
    losses = [0.5, 0.4, 0.3, 0.3, *[0.6] * 100]
    for large_rows, kept, read in ((10_000, 3, 13), (500, 15, 5)):
        monkeypatch.setattr(early_stopping, "LARGE_ROWS", large_rows)
        answers = iter(losses)
        assert grown(rows, stop, loss=lambda _margin: next(answers)).num_boosted_rounds() == kept  # noqa: B023
        assert len(losses) - len(list(answers)) == read


def test_a_loss_that_is_no_number_ends_it_with_one_round(make_customers):
    rows = make_customers(300)
    assert grown(rows, Rows(rows.matrix, rows.label), loss=lambda _margin: float("nan")).num_boosted_rounds() == 1


def test_rows_that_the_search_hands_over_may_stop_at_the_most(make_customers):
    family = get("xgboost")
    rows, stop = make_customers(600), make_customers(200, seed=1)
    assert family.fit(rows, {**family.default, "rounds": 4}, seed=7, threads=1, stop=stop).rounds == 4
