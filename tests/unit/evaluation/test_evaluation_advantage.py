"""The paired bootstrap of each decision metric, against scikit-learn and against drawing the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from tenure.tasks.churn.evaluation import Campaign, Scored, measure
from tenure.tasks.churn.evaluation.advantage import advantage

CAMPAIGN = Campaign(600.0, 10.0, 0.3, contacts=900, population=10_000)
REFERENCE = {
    "roc_auc": reference.roc_auc_score,
    "average_precision": reference.average_precision_score,
    "brier": reference.brier_score_loss,
    "log_loss": reference.log_loss,
}
KNOWING_NOTHING = {
    "roc_auc": lambda rate: 0.5,
    "average_precision": lambda rate: rate,
    "brier": lambda rate: rate * (1 - rate),
    "log_loss": lambda rate: reference.log_loss([1, 0], [rate, rate], sample_weight=[rate, 1 - rate]),
}


def drawn(rows: int = 3_000) -> tuple[np.ndarray, Scored, Scored]:
    """A label, a sharp model and a blunter one."""
    generator = np.random.default_rng(3)
    odds = generator.normal(-1.2, 1.5, rows)
    label = (generator.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    sides = []
    for noise in (0.4, 0.9):
        probability = 1 / (1 + np.exp(-(odds + noise * generator.normal(size=rows))))
        sides.append(Scored(probability, probability >= 0.35))
    return label, sides[0], sides[1]


@pytest.mark.parametrize("metric", REFERENCE)
def test_the_difference_is_exact_and_its_spread_that_of_drawn_rows(metric: str) -> None:
    label, sharp, blunt = drawn()
    found = advantage(label, sharp, blunt, CAMPAIGN, samples=800, seed=1, metric=metric)
    score = REFERENCE[metric]
    ours, theirs = score(label, sharp.probability), score(label, blunt.probability)
    assert found.difference.value == pytest.approx(ours - theirs, abs=1e-12)
    sign = 1 if metric in ("roc_auc", "average_precision") else -1
    assert found.worth == pytest.approx(sign * (theirs - KNOWING_NOTHING[metric](label.mean())))
    generator = np.random.default_rng(2)
    rows = [generator.integers(label.size, size=label.size) for _ in range(250)]
    direct = [score(label[r], sharp.probability[r]) - score(label[r], blunt.probability[r]) for r in rows]
    assert found.standard_error == pytest.approx(np.std(direct), rel=0.15)
    assert np.mean(found.gains) == pytest.approx(sign * (ours - theirs), abs=0.2 * found.standard_error)
    assert found.share_better > 0.99
    worse = advantage(label, blunt, sharp, CAMPAIGN, samples=200, seed=1, metric=metric)
    assert worse.share_worse > 0.99 and worse.share_within(0.0) < 0.01


def test_profit_is_that_of_the_evaluation_and_follows_the_day_s_limit() -> None:
    label, sharp, blunt = drawn()
    found = advantage(label, sharp, blunt, CAMPAIGN, samples=300, seed=1)
    ours, theirs = (
        measure(label, side, CAMPAIGN, samples=10, seed=1)["profit_per_period"].value for side in (sharp, blunt)
    )
    assert found.difference.value == pytest.approx(ours - theirs)
    assert found.worth == pytest.approx(theirs)


def test_a_customer_s_value_counts_for_both_models() -> None:
    label, sharp, blunt = drawn()
    dear = np.arange(label.size) % 3 == 0
    value = np.where(dear, 6_000.0, 60.0)
    found = advantage(label, sharp, blunt, CAMPAIGN, samples=300, seed=1, value=value)
    profit = []
    for side in (sharp, blunt):
        earned = 0.3 * (label * value)[side.contacted].sum() - 10.0 * side.contacted.sum()
        reached = min(10_000 * side.contacted.mean(), 900)
        profit.append(earned / side.contacted.sum() * reached)
    assert found.difference.value == pytest.approx(profit[0] - profit[1])
    same = advantage(
        label, sharp, blunt, CAMPAIGN, samples=300, seed=1, value=np.full(label.size, CAMPAIGN.customer_value)
    )
    assert np.array_equal(same.gains, advantage(label, sharp, blunt, CAMPAIGN, samples=300, seed=1).gains)


def test_many_rows_in_few_groups_still_rank_alike() -> None:
    label, sharp, blunt = drawn(60_000)
    found = advantage(label, sharp, blunt, CAMPAIGN, samples=60, seed=1, metric="roc_auc")
    ours, theirs = (reference.roc_auc_score(label, side.probability) for side in (sharp, blunt))
    assert found.difference.value == pytest.approx(ours - theirs, abs=1e-12)
    assert found.difference.low < ours - theirs < found.difference.high
    assert np.mean(found.gains) == pytest.approx(ours - theirs, abs=0.5 * found.standard_error)
