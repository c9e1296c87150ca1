import numpy as np
import pytest

from tenure.training.families import CrossValidation, Divided, Rows, cross_validate, divide, evaluate, get, is_better


def run(rows, family="logistic_regression", objective="roc_auc", **more):
    family = get(family)
    folds = divide(rows.label, 5, 7)
    return cross_validate(
        family, family.default, Divided(rows.matrix, rows.label, folds), objective=objective, seed=7, threads=1, **more
    )


def test_scores_are_those_of_rows_the_model_has_not_seen(make_customers):
    rows = make_customers(1500)
    result = run(rows)
    family, fold = get("logistic_regression"), divide(rows.label, 5, 7).folds[2]
    model = family.fit(Rows(rows.matrix[fold.train], rows.label[fold.train]), family.default, seed=7, threads=1)
    by_hand = evaluate("roc_auc", rows.label[fold.held], model.predict(rows.matrix[fold.held]))
    assert result.scores[2] == by_hand
    assert result.typical_rounds is None


@pytest.mark.parametrize("family", ["logistic_regression", "xgboost", "hist_gradient_boosting"])
def test_shuffled_labels_score_a_half(make_customers, family):
    rows = make_customers(1500)
    label = np.random.default_rng(5).permutation(rows.label)
    result = run(Rows(rows.matrix, label), family)
    # The standard error over 1,500 rows with a third of churners is about 0.016.
    assert abs(result.mean - 0.5) < 0.05


def test_rounds_are_the_median_over_folds(make_customers):
    result = run(make_customers(1000), "xgboost")
    assert len(result.rounds) == 5
    assert result.typical_rounds == int(np.median(result.rounds))


def test_it_stops_when_told(make_customers):
    seen = []

    def go_on(so_far):
        seen.append(so_far.mean)
        return len(seen) < 2

    result = run(make_customers(), go_on=go_on)
    assert len(result.scores) == 2 and result.mean == seen[-1]


def test_spread():
    assert CrossValidation((0.5,), ()).std == 0.0
    assert CrossValidation((0.4, 0.6), ()).std == pytest.approx(np.std([0.4, 0.6], ddof=1))


def test_objectives():
    label, probability = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    assert evaluate("roc_auc", label, probability) == 0.75
    assert evaluate("average_precision", label, probability) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert evaluate("brier", label, probability) == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)
    assert evaluate("log_loss", label, probability) == pytest.approx(-np.log([0.9, 0.4, 0.4, 0.9]).mean())
    assert is_better("roc_auc", 0.8, 0.7) and not is_better("brier", 0.8, 0.7)
    assert is_better("log_loss", 0.3, 0.4) and not is_better("average_precision", 0.3, 0.3)
