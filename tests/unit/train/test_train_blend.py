"""How families are blended: which are taken, how they are weighed, and that the scores are honest."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from tenure.training.blend import blend
from tenure.training.blend.stack import MAX_MEMBERS
from tenure.training.blend.weights import LOG_LOSS, METHODS, SMALLEST_WEIGHT, SQUARED_ERROR, equal, fitted, greedy
from tenure.training.cross_fitting import HeldOut


def sigmoid(margin: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-margin))


def two_views(rows: int = 4_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margins of two models that see different columns, and the labels."""
    random = np.random.default_rng(seed)
    first, second = random.normal(size=(2, rows)) * 1.2
    label = (random.random(rows) < sigmoid(first + second - 1.0)).astype(np.int8)
    return first - 0.5, second - 0.5, label


def logits(**margins: np.ndarray) -> dict[str, HeldOut]:
    return {name: HeldOut.of_margins(margin, "logit") for name, margin in margins.items()}


def test_it_is_better_than_each_of_two_that_see_different_things() -> None:
    first, second, label = two_views()
    found = blend(logits(first=first, second=second), label, objective="log_loss", seed=7)
    assert list(found.weights) == ["first", "second"] and found.best.parameters["weights"] == "fitted"
    for margin in (first, second):
        assert log_loss(label, found.held_out.probability) < log_loss(label, sigmoid(margin)) - 0.02


def test_equal_members_are_averaged() -> None:
    """Nothing is gained by weights: the simplest way to weigh is kept."""
    random = np.random.default_rng(1)
    truth = random.normal(-1.0, 1.5, 3_000)
    label = (random.random(3_000) < sigmoid(truth)).astype(np.int8)
    members = logits(**{f"m{place}": truth + random.normal(0.0, 0.5, 3_000) for place in range(3)})
    found = blend(members, label, objective="roc_auc", seed=7)
    assert found.best.parameters["weights"] == "equal"
    assert list(found.weights.values()) == pytest.approx([1 / 3] * 3) and found.intercept == 0.0


def test_the_useless_are_left_out_and_at_most_four_are_kept() -> None:
    random = np.random.default_rng(2)
    truth = random.normal(-1.0, 1.5, 3_000)
    label = (random.random(3_000) < sigmoid(truth)).astype(np.int8)
    members = {"noise": random.normal(size=3_000)}
    members |= {f"m{place}": truth + random.normal(0.0, 0.6, 3_000) for place in range(6)}
    found = blend(logits(**members), label, objective="log_loss", seed=7)
    assert len(found.weights) == MAX_MEMBERS and "noise" not in found.weights


def test_shuffled_labels_are_not_blended_into_knowledge() -> None:
    first, second, label = two_views(2_000)
    shuffled = np.random.default_rng(3).permutation(label)
    found = blend(logits(first=first, second=second), shuffled, objective="roc_auc", seed=7)
    # The standard error over 2,000 rows is about 0.014.
    assert abs(found.best.mean - 0.5) < 0.05
    assert log_loss(shuffled, found.held_out.probability) > log_loss(shuffled, np.full(2_000, shuffled.mean())) - 0.002


def test_members_fitted_on_balanced_weights_come_back_to_the_base_rate() -> None:
    first, second, label = two_views()
    found = blend(logits(first=first + 2.0, second=second + 2.0), label, objective="log_loss", seed=7)
    assert found.held_out.probability.mean() == pytest.approx(label.mean(), abs=0.01)


def test_outputs_held_out_come_from_weights_of_other_rows() -> None:
    """A member that is the label itself on half of the rows: weights of all rows would show it."""
    first, second, label = two_views(1_000)
    found = blend(logits(first=first, second=second), label, objective="log_loss", seed=7)
    applied = np.column_stack([first, second]) @ found.weight_array + found.intercept
    assert not np.allclose(applied, found.held_out.margin, atol=1e-9)
    np.testing.assert_allclose(applied, found.held_out.margin, atol=0.5)


def test_values_are_blended_too() -> None:
    random = np.random.default_rng(4)
    truth = random.normal(100.0, 30.0, 2_000)
    label = truth + random.normal(0.0, 5.0, 2_000)
    members = {
        "one": HeldOut.of(truth + random.normal(0.0, 15.0, 2_000), "value"),
        "other": HeldOut.of(0.5 * truth + random.normal(0.0, 10.0, 2_000), "value"),
    }
    found = blend(members, label, objective="rmse", seed=7)
    rmse = np.sqrt(np.mean((found.held_out.margin - label) ** 2))
    assert found.held_out.link == "value" and rmse < 14.0
    np.testing.assert_array_equal(found.held_out.margin, found.held_out.probability)


def test_a_probability_is_weighed_by_its_log_odds() -> None:
    first, second, label = two_views()
    shares = {**logits(first=first), "forest": HeldOut.of(sigmoid(second), "identity")}
    found = blend(shares, label, objective="log_loss", seed=7)
    same = blend(logits(first=first, forest=second), label, objective="log_loss", seed=7)
    assert list(found.weights.values()) == pytest.approx(list(same.weights.values()), abs=0.02)


def test_few_rows_are_averaged_and_many_are_weighted() -> None:
    random = np.random.default_rng(2)
    truth = random.normal(size=40_000)
    label = (random.random(40_000) < sigmoid(truth)).astype(np.float64)
    odds = np.column_stack([truth, truth + random.normal(size=40_000)])
    few, many = (fitted(odds[:count], label[:count], LOG_LOSS).weights for count in (30, 40_000))
    assert abs(few[0] - 0.5) < 0.2 and abs(few[1] - 0.5) < 0.2
    assert many == pytest.approx([1.0, 0.0], abs=0.06)


def test_every_way_to_weigh_gives_weights_that_are_not_negative() -> None:
    first, second, label = two_views(500)
    margins = np.column_stack([first, -first, second])
    for method, weigh in METHODS.items():
        found = weigh(margins, label.astype(np.float64), LOG_LOSS)
        assert (found.weights >= 0.0).all() and found.weights.sum() > 0.0, method
    assert greedy(margins, label.astype(np.float64), LOG_LOSS).weights[1] == 0.0
    assert equal(margins, label.astype(np.float64), LOG_LOSS).weights.tolist() == [1 / 3] * 3
    small = fitted(margins, label.astype(np.float64), LOG_LOSS).weights
    assert ((small == 0.0) | (small >= SMALLEST_WEIGHT)).all()


def test_the_gradient_of_each_loss_is_its_slope() -> None:
    random = np.random.default_rng(5)
    margin, step = random.normal(size=50), 1e-6
    for loss, label in (
        (LOG_LOSS, (random.random(50) < 0.4).astype(np.float64)),
        (SQUARED_ERROR, random.normal(size=50)),
    ):
        numeric = (loss.rows(margin + step, label) - loss.rows(margin - step, label)) / (2 * step)
        np.testing.assert_allclose(loss.slope(margin, label), numeric, atol=1e-7)
