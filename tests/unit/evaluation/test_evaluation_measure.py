"""Every metric against scikit-learn or a count by hand, and intervals against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from sklearn import metrics as reference

from tenure.errors import DataError
from tenure.stats.bootstrap import FEW_ROWS_A_CELL, resample
from tenure.tasks.churn.evaluation import Campaign, Scored, measure
from tenure.tasks.churn.evaluation.metrics import statistics
from tenure.tasks.churn.evaluation.sample import group

CAMPAIGN = Campaign(customer_value=600.0, offer_cost=10.0, offer_success_share=0.3, contacts=1_000, population=7_000)


def drawn(rows: int, seed: int = 0, digits: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probability = 1 / (1 + np.exp(-generator.normal(-1.2, 1.3, rows)))
    label = (generator.random(rows) < probability).astype(np.int8)
    return label, probability if digits is None else probability.round(digits)


def measured(label: np.ndarray, probability: np.ndarray, threshold: float = 0.5, **changes: int) -> dict:
    scored = Scored(probability, probability >= threshold)
    return measure(label, scored, CAMPAIGN, **({"samples": 200, "seed": 1} | changes))


@pytest.mark.parametrize("digits", [None, 1], ids=["distinct", "tied"])
@pytest.mark.parametrize("rows", [300, 5_000], ids=["every score a group", "scores share groups"])
def test_metrics_agree_with_scikit_learn(rows: int, digits: int | None) -> None:
    label, probability = drawn(rows, digits=digits)
    decided = probability >= 0.5
    found = {name: estimate.value for name, estimate in measured(label, probability).items()}
    expected = {
        "roc_auc": reference.roc_auc_score(label, probability),
        "average_precision": reference.average_precision_score(label, probability),
        "brier": reference.brier_score_loss(label, probability),
        "log_loss": reference.log_loss(label, probability),
        "accuracy": reference.accuracy_score(label, decided),
        "precision": reference.precision_score(label, decided),
        "recall": reference.recall_score(label, decided),
        "f1": reference.f1_score(label, decided),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    confusion = reference.confusion_matrix(label, decided).ravel().tolist()
    names = ("true_negatives", "false_positives", "false_negatives", "true_positives")
    assert [found[name] for name in names] == confusion


def test_calibration_error_by_hand() -> None:
    # Bin 0.2 to 0.3: mean 0.25, rate 0.5; bin 0.9 to 1: mean 0.95, rate 1. Half of the rows in each.
    label = np.array([0, 1, 1, 1])
    probability = np.array([0.25, 0.25, 0.9, 1.0])
    assert measured(label, probability)["calibration_error"].value == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)


def test_gain_and_lift_by_hand() -> None:
    probability = np.linspace(1.0, 0.1, 10)
    label = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    found = measured(label, probability)
    assert [found[f"gain_{decile}"].value for decile in (1, 2, 3, 4, 10)] == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1, 1])
    assert found["lift_1"].value == pytest.approx(10 / 3)


def test_tied_scores_enter_the_gain_evenly() -> None:
    label = np.array([1, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    assert measured(label, np.full(10, 0.4))["gain_3"].value == pytest.approx(0.3)


def test_campaign_by_hand() -> None:
    # Contacted: one churner and one who stays. 1 * 0.3 * 600 - 2 * 10 = 160 on four rows.
    label = np.array([1, 0, 1, 0])
    found = {name: estimate.value for name, estimate in measured(label, np.array([0.9, 0.8, 0.2, 0.1])).items()}
    assert found["profit"] == pytest.approx(160.0)
    assert found["return_on_cost"] == pytest.approx(160.0 / 20.0)
    assert found["lost_value"] == pytest.approx(600.0)
    # Half of 7,000 customers would be contacted; the limit allows 1,000, a share of 2/7 of them.
    assert found["contacts_per_period"] == pytest.approx(1_000)
    assert found["profit_per_period"] == pytest.approx(160.0 / 4 * 7_000 * 2 / 7)
    assert found["lost_value_per_period"] == pytest.approx(600 * (0.5 * 7_000 - 0.25 * 7_000 * 2 / 7))


@settings(max_examples=examples(25))
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60))
def test_cells_count_as_rows_do(rows: list[tuple[bool, int]]) -> None:
    """Metrics under drawn cell counts are those of a table that repeats its rows as often."""
    label = np.array([int(churned) for churned, _ in rows])
    probability = np.array([tenth / 20 for _, tenth in rows])
    scored = Scored(probability, probability > 0.4)
    sample = group(label, scored)
    for counts in resample(sample.count, 3, seed=3):
        found = statistics(sample, counts, CAMPAIGN)
        for place, count in enumerate(counts):
            repeats = count.astype(int)
            # A cell's mean of equal probabilities may be off in its last bit, and would no longer be tied.
            probabilities = np.repeat(np.round(sample.probability, 12), repeats)
            again = group(
                np.repeat(sample.positive.astype(int), repeats),
                Scored(probabilities, np.repeat(sample.contacted.astype(bool), repeats)),
            )
            expected = statistics(again, again.count.astype(float)[None, :], CAMPAIGN)
            for name, values in expected.items():
                assert found[name][place] == pytest.approx(values[0], nan_ok=True), name


@pytest.mark.parametrize("count", [np.array([1, 2, 3, 1]), np.array([100, 400, 50, 200])])
def test_rows_drawn_singly_or_by_cell_are_multinomial(count: np.ndarray) -> None:
    rows, share = count.sum(), count / count.sum()
    assert (rows < FEW_ROWS_A_CELL * count.size) == (rows == 7)
    counts = np.concatenate(list(resample(count, 20_000, seed=5)))
    assert counts.shape == (20_000, 4)
    assert (counts.sum(axis=1) == rows).all()
    covariance = rows * (np.diag(share) - np.outer(share, share))
    np.testing.assert_allclose(counts.mean(axis=0), count, rtol=0.03)
    np.testing.assert_allclose(np.cov(counts.T), covariance, atol=0.03 * covariance.max())


def test_interval_has_the_width_that_theory_gives() -> None:
    """A mean's standard error is known: the Brier score's interval must be 2 * 1.96 of it wide."""
    label, probability = drawn(4_000)
    loss = (probability - label) ** 2
    brier = measured(label, probability, samples=2_000)["brier"]
    assert brier.high - brier.low == pytest.approx(2 * 1.96 * loss.std() / np.sqrt(loss.size), rel=0.06)


def test_grouped_intervals_equal_those_of_single_rows() -> None:
    label, probability = drawn(20_000)
    scored = Scored(probability, probability >= 0.5)
    rows = group(label, scored)
    by_row = np.concatenate(
        [statistics(rows, counts, CAMPAIGN)["roc_auc"] for counts in resample(rows.count, 400, seed=5)]
    )
    estimate = measure(label, scored, CAMPAIGN, samples=400, seed=6)["roc_auc"]
    low, high = np.quantile(by_row, (0.025, 0.975))
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_intervals_hold_their_value_and_repeat_with_the_seed() -> None:
    label, probability = drawn(800)
    first, second = measured(label, probability), measured(label, probability)
    assert first == second
    assert measured(label, probability, seed=2)["roc_auc"] != first["roc_auc"]
    for name, estimate in first.items():
        assert estimate.low - 1e-9 <= estimate.value <= estimate.high + 1e-9, name


def test_calibration_error_of_a_calibrated_model_reaches_towards_zero() -> None:
    label, probability = drawn(1_000)
    error = measured(label, probability)["calibration_error"]
    assert 0.0 <= error.low < error.value < error.high < 0.08


def test_what_one_class_leaves_undefined_is_none() -> None:
    found = measured(np.zeros(50, dtype=int), np.linspace(0, 1, 50))
    for name in ("roc_auc", "average_precision", "recall", "gain_1"):
        assert found[name].value is None, name
    assert found["brier"].value is not None


def test_precision_is_undefined_where_nobody_is_contacted() -> None:
    label, probability = drawn(200)
    found = measured(label, probability, threshold=1.1)
    assert found["precision"].value is None
    assert found["return_on_cost"].value is None
    assert found["profit_per_period"].value == 0.0


def test_none_of_a_few_is_not_certainly_none() -> None:
    """Clopper and Pearson: 0 of 10 is 0 to 30.8 %, and 10 of 10 is 69.2 to 100 %."""
    label = np.array([1] * 10 + [0] * 90)
    found = measured(label, np.concatenate((np.full(10, 0.2), np.full(90, 0.1))))
    assert (found["recall"].low, found["recall"].high) == (0.0, pytest.approx(0.3085, abs=1e-4))
    found = measured(label, np.concatenate((np.full(10, 0.9), np.full(90, 0.1))))
    assert (found["precision"].low, found["precision"].high) == (pytest.approx(0.6915, abs=1e-4), 1.0)


def test_a_metric_that_most_resamples_lack_has_no_interval() -> None:
    label = np.zeros(40, dtype=int)
    label[0] = 1
    found = measured(label, np.linspace(1, 0, 40))["roc_auc"]
    assert found.value == 1.0
    assert found.low is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1, 1.5])
def test_what_is_no_probability_stops(bad: float) -> None:
    with pytest.raises(DataError, match=r"1 of 3 probabilities .* at row 2"):
        Scored(np.array([0.1, bad, 0.3]), np.zeros(3, dtype=bool))
