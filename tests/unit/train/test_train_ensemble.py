"""Which families are stacked, how they are weighted, and that the scores by fold are honest."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.training import ensemble
from tenure.training.best_trial import BestTrial
from tenure.training.ensemble import MAX_MEMBERS, SMALLEST_WEIGHT, Member, stack
from tenure.training.families import Divided, Rows, cross_validate, divide, get


def customers(rows: int = 900, seed: int = 0) -> Rows:
    """Two columns that matter, one of them only by how far it is from zero."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 4)).astype(np.float32)
    margin = 1.2 * matrix[:, 0] + 1.2 * np.abs(matrix[:, 1]) - 2.0
    return Rows(matrix, (random.random(rows) < 1 / (1 + np.exp(-margin))).astype(np.int8))


def member(family: str, mean: float = 0.8) -> Member:
    link = "identity" if family in ("random_forest", "k_nearest_neighbours") else "logit"
    return Member(BestTrial(family, dict(get(family).default), (mean, mean), trials=1, pruned=0, seconds=0.0), link)


def stacked(members: list[Member], rows: Rows, objective: str = "roc_auc"):
    folds = divide(rows.label, 4, 7)
    return stack(members, rows, folds, objective=objective, seed=7, threads=1)


def test_it_is_better_than_each_of_two_that_see_different_things() -> None:
    rows = customers()
    families = ("logistic_regression", "random_forest")
    found = stacked([member(name) for name in families], rows, "log_loss")
    divided = Divided(rows.matrix, rows.label, divide(rows.label, 4, 7))
    for name in families:
        family = get(name)
        alone = cross_validate(family, family.default, divided, objective="log_loss", seed=7, threads=1)
        assert found.best.mean < alone.mean
    assert found.members == (0, 1) and (found.weights >= SMALLEST_WEIGHT).all()


def test_the_best_by_cross_validation_are_taken_and_the_useless_left_out() -> None:
    rows = customers()
    means = {"naive_bayes": 0.7, "logistic_regression": 0.8, "linear_svm": 0.6, "mlp": 0.75, "random_forest": 0.9}
    found = stacked([member(name, mean) for name, mean in means.items()], rows)
    taken = [list(means)[index] for index in found.members]
    assert set(taken) <= {"random_forest", "logistic_regression", "mlp"} and len(taken) <= MAX_MEMBERS
    assert list(found.best.parameters) == [*taken, "intercept"]


def test_shuffled_labels_are_not_stacked_into_knowledge() -> None:
    rows = customers(2000)
    shuffled = Rows(rows.matrix, np.random.default_rng(3).permutation(rows.label))
    found = stacked([member("logistic_regression"), member("naive_bayes")], shuffled)
    # The standard error over 2,000 rows is about 0.014.
    assert abs(found.best.mean - 0.5) < 0.05


def test_members_fitted_on_balanced_weights_come_back_to_the_base_rate() -> None:
    rows = customers(1500)
    members = [member("logistic_regression"), member("naive_bayes")]
    for each in members:
        each.best.parameters["imbalance"] = "class_weight"
    found = stacked(members, rows, "log_loss")
    odds, plain = np.full(len(rows.label), found.intercept), []
    for index, weight in zip(found.members, found.weights, strict=True):
        best = members[index].best
        probability = get(best.family).fit(rows, best.parameters, seed=7, threads=1).predict(rows.matrix)
        plain.append(probability.mean())
        odds += weight * np.log(probability / (1 - probability))
    base_rate = rows.label.mean()
    assert (1 / (1 + np.exp(-odds))).mean() == pytest.approx(base_rate, abs=0.02)
    assert min(abs(mean - base_rate) for mean in plain) > 0.05


def test_members_are_fitted_as_in_the_search_and_two_remain() -> None:
    """One member is the label's own ranking, the other next to nothing; alone, it would be no ensemble."""
    rows = customers(1200)
    flipped = Rows(np.column_stack([rows.label * 4.0, rows.matrix[:, 1]]).astype(np.float32), rows.label)
    found = stacked([member("xgboost"), member("naive_bayes")], flipped)
    assert found.members == (0, 1) and (found.weights >= SMALLEST_WEIGHT).all()
    assert found.best.mean == pytest.approx(1.0, abs=1e-6)


def test_few_rows_are_averaged_and_many_are_weighted() -> None:
    random = np.random.default_rng(2)
    truth = random.normal(size=40_000)
    label = (random.random(40_000) < 1 / (1 + np.exp(-truth))).astype(np.float64)
    odds = np.column_stack([truth, truth + random.normal(size=40_000)])
    few, many = (ensemble._weigh(odds[:count], label[:count])[0] for count in (30, 40_000))
    assert abs(few[0] - 0.5) < 0.2 and abs(few[1] - 0.5) < 0.2
    assert many == pytest.approx([1.0, 0.0], abs=0.06)
