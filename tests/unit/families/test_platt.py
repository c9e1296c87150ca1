"""The sigmoid that turns margins into log-odds."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.training.families import Rows
from tenure.training.families.platt import ENOUGH_ROWS, FEWEST_ROWS, FOLDS, Score, Sigmoid, cross_fitted_sigmoid


def drawn(rows: int, seed: int = 0) -> Rows:
    """One column, the log-odds of the label."""
    random = np.random.default_rng(seed)
    odds = random.normal(-1.0, 2.0, rows).astype(np.float32)
    label = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    return Rows(odds[:, None], label)


def scaled(matrix: np.ndarray) -> np.ndarray:
    return 100.0 + 7.0 * matrix[:, 0].astype(np.float64)


def sigmoid(rows: Rows, score: Score = scaled, strategy: str = "none", seed: int = 0) -> Sigmoid:
    return cross_fitted_sigmoid(rows, strategy, lambda _: score, score, seed)


def test_the_true_log_odds_are_found() -> None:
    found = sigmoid(drawn(4_000))
    assert found.slope == pytest.approx(1 / 7, rel=0.1)
    assert found.slope * 100.0 + found.offset == pytest.approx(0.0, abs=0.15)
    assert found.probability(np.array([-1e9, 1e9])).tolist() == [0.0, 1.0]


def test_a_model_that_knows_its_rows_by_heart_is_not_believed() -> None:
    """Its margin is the label on the rows that it was fitted to, and noise on others."""
    rows = drawn(1_000)

    def fit(some: Rows) -> Score:
        known = {float(value): float(label) for value, label in zip(some.matrix[:, 0], some.label, strict=True)}
        random = np.random.default_rng(1)
        return lambda matrix: np.array([known.get(float(value), random.random()) for value in matrix[:, 0]])

    found = cross_fitted_sigmoid(rows, "none", fit, fit(rows), seed=0)
    share = rows.label.mean()
    np.testing.assert_allclose(found.probability(np.array([0.0, 1.0])), share, atol=0.06)
    assert cross_fitted_sigmoid(rows, "none", lambda _: fit(rows), fit(rows), seed=0).slope > 5


def test_folds_are_fitted_until_there_are_enough_rows() -> None:
    sizes: list[int] = []

    def fit(some: Rows) -> Score:
        sizes.append(len(some.label))
        return scaled

    cross_fitted_sigmoid(drawn(1_000), "none", fit, scaled, seed=0)
    assert sizes == [800] * FOLDS
    sizes.clear()
    cross_fitted_sigmoid(drawn(5 * ENOUGH_ROWS), "none", fit, scaled, seed=0)
    assert len(sizes) == 1


def test_a_class_with_few_rows_is_not_divided() -> None:
    rows = drawn(200)
    few = np.concatenate([np.flatnonzero(rows.label == 0), np.flatnonzero(rows.label == 1)[: FEWEST_ROWS - 1]])

    def fit(_: Rows) -> Score:
        raise AssertionError

    cross_fitted_sigmoid(Rows(rows.matrix[few], rows.label[few]), "none", fit, scaled, seed=0)


def test_a_margin_that_separates_the_classes_has_a_finite_slope() -> None:
    rows = drawn(100)
    separated = Rows(np.where(rows.label == 1, 1.0, -1.0).astype(np.float32)[:, None], rows.label)
    found = sigmoid(separated, lambda matrix: matrix[:, 0].astype(np.float64))
    positives = int(rows.label.sum())
    assert found.probability(np.array([1.0])) == pytest.approx((positives + 1) / (positives + 2), abs=1e-3)


@pytest.mark.parametrize("score", [lambda matrix: -scaled(matrix), lambda matrix: np.zeros(len(matrix))])
def test_a_margin_that_ranks_the_wrong_way_round_says_nothing(score: Score) -> None:
    rows = drawn(1_000)
    found = sigmoid(rows, score)
    assert found.slope == 0.0
    assert found.probability(np.zeros(1)) == pytest.approx(rows.label.mean(), abs=0.01)


@pytest.mark.parametrize("strategy", ["class_weight", "smote"])
def test_treated_imbalance_has_a_balanced_base_rate(strategy: str) -> None:
    rows = drawn(4_000)
    found = sigmoid(rows, strategy=strategy)
    weight = np.where(rows.label == 1, 0.5 / rows.label.mean(), 0.5 / (1 - rows.label.mean()))
    assert np.average(found.probability(scaled(rows.matrix)), weights=weight) == pytest.approx(0.5, abs=0.01)
