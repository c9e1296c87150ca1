"""The verdict on every kind of candidate: each reason is reached by data, not by a made-up estimate."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tenure.decision import break_even
from tenure.errors import DataError
from tenure.evaluation import Challenge, Verdict
from tenure.tasks.churn.evaluation import Campaign, Scored, compare, decide, measure
from tenure.tasks.churn.evaluation.advantage import advantage

CAMPAIGN = Campaign(customer_value=600.0, offer_cost=10.0, offer_success_share=0.3, contacts=10_000, population=10_000)
FLOORS = {
    "min_roc_auc": 0.65,
    "min_recall": 0.0,
    "min_precision": 0.0,
    "max_calibration_error": 0.10,
    "confidence": 0.95,
    "max_slice_loss": 0.20,
}


def table(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probability = 1 / (1 + np.exp(-generator.normal(-1.5, 1.5, rows)))
    return (generator.random(rows) < probability).astype(np.int8), probability


def scored(probability: np.ndarray, threshold: float = break_even(CAMPAIGN)) -> Scored:
    return Scored(probability, probability >= threshold)


def judged(
    label: np.ndarray,
    candidate: Scored,
    challenge: Challenge | None = None,
    campaign: Campaign = CAMPAIGN,
    **floors: float,
) -> Verdict:
    return decide(
        measure(label, candidate, campaign, samples=300, seed=1),
        SimpleNamespace(**(FLOORS | floors)),
        "USD",
        per="in one campaign",
        rows=label.size,
        churners=int(label.sum()),
        constant=bool(np.ptp(candidate.probability) == 0),
        challenge=challenge,
    )


def against(label: np.ndarray, candidate: Scored, champion: Scored) -> Challenge:
    return Challenge("3", comparison=compare(label, candidate, champion, CAMPAIGN, samples=500, seed=2))


def outcome(verdict: Verdict, check: str) -> str:
    return next(reason.outcome for reason in verdict.reasons if reason.check == check)


def test_a_good_first_model_is_blessed() -> None:
    label, probability = table(3_000)
    verdict = judged(label, scored(probability))
    assert verdict.state == "bless"
    assert "no champion yet" in verdict.summary


@pytest.mark.parametrize(
    ("floors", "check"),
    [
        ({"min_roc_auc": 0.95}, "ROC-AUC"),
        ({"min_recall": 0.999}, "recall"),
        ({"min_precision": 0.9}, "precision"),
        ({"max_calibration_error": 0.0}, "calibration error"),
    ],
)
def test_a_floor_that_is_clearly_missed_rejects(floors: dict[str, float], check: str) -> None:
    label, probability = table(3_000)
    badly_calibrated = scored(np.sqrt(probability)) if "calibration" in check else scored(probability)
    verdict = judged(label, badly_calibrated, **floors)
    assert (verdict.state, outcome(verdict, check)) == ("reject", "fail")


def test_a_floor_inside_the_interval_is_inconclusive() -> None:
    label, probability = table(3_000)
    found = measure(label, scored(probability), CAMPAIGN, samples=300, seed=1)["roc_auc"]
    verdict = judged(label, scored(probability), min_roc_auc=found.value)
    assert verdict.state == "inconclusive"
    assert "too close to its floor" in verdict.summary
    assert judged(label, scored(probability), min_roc_auc=found.low).state == "bless"


def test_a_campaign_that_loses_money_rejects() -> None:
    label, probability = table(3_000)
    dear = Campaign(600.0, 500.0, 0.3, 10_000, 10_000)
    verdict = judged(label, scored(probability), campaign=dear)
    assert (verdict.state, outcome(verdict, "profit against contacting nobody")) == ("reject", "fail")


def test_contacting_nobody_never_passes() -> None:
    label, probability = table(3_000)
    verdict = judged(label, scored(probability, threshold=1.1))
    assert verdict.state == "reject"
    assert outcome(verdict, "profit against contacting nobody") == "fail"


def test_an_undefined_precision_cannot_meet_its_floor() -> None:
    label, probability = table(3_000)
    verdict = judged(label, scored(probability, threshold=1.1), min_precision=0.1)
    assert outcome(verdict, "precision") == "unsure"


def test_constant_predictions_never_pass() -> None:
    label, _ = table(3_000)
    constant = scored(np.full(3_000, float(label.mean())), threshold=0.0)
    verdict = judged(label, constant, min_roc_auc=0.0)
    assert verdict.state == "inconclusive"
    assert "same probability" in verdict.summary
    assert judged(label, constant).state == "reject"


@pytest.mark.parametrize("one_class", [0, 1])
def test_one_class_in_the_test_part_is_inconclusive(one_class: int) -> None:
    label = np.full(500, one_class)
    verdict = judged(label, scored(np.linspace(0, 1, 500)))
    assert verdict.state == "inconclusive"
    assert "no model can be judged" in verdict.summary


def test_the_champion_itself_is_blessed() -> None:
    label, probability = table(500)
    verdict = judged(label, scored(probability), Challenge("3", identical=True))
    assert verdict.state == "bless"
    assert "identical to the champion, version 3" in verdict.summary


def test_a_champion_that_does_not_load_is_inconclusive() -> None:
    label, probability = table(3_000)
    verdict = judged(label, scored(probability), Challenge("3", unreadable="model.onnx has changed"))
    assert verdict.state == "inconclusive"
    assert "model.onnx has changed" in verdict.summary


def test_an_unreadable_champion_does_not_save_a_bad_candidate() -> None:
    label, probability = table(3_000)
    verdict = judged(label, scored(probability), Challenge("3", unreadable="gone"), min_roc_auc=0.99)
    assert verdict.state == "reject"


def test_a_better_candidate_is_blessed_and_a_worse_one_rejected() -> None:
    label, probability = table(20_000)
    noise = np.random.default_rng(9).normal(0, 1.0, label.size)
    blurred = 1 / (1 + np.exp(-(np.log(probability / (1 - probability)) + noise)))
    good, poor = scored(probability, 0.3), scored(blurred, 0.3)
    better = judged(label, good, against(label, good, poor))
    assert (better.state, outcome(better, "profit against the champion")) == ("bless", "pass")
    assert "more than the champion" in better.summary
    worse = judged(label, poor, against(label, poor, good), max_calibration_error=0.3)
    assert (worse.state, outcome(worse, "profit against the champion")) == ("reject", "fail")


def test_the_same_decisions_are_inconclusive() -> None:
    label, probability = table(3_000)
    candidate, champion = scored(probability), Scored(probability**1.01, probability >= break_even(CAMPAIGN))
    verdict = judged(label, candidate, against(label, candidate, champion))
    assert verdict.state == "inconclusive"
    assert "contacts exactly the customers" in verdict.summary


def test_a_much_worse_calibration_rejects_whatever_the_profit() -> None:
    label, probability = table(5_000)
    champion = scored(probability, 0.4)
    candidate = Scored(np.sqrt(probability), probability >= break_even(CAMPAIGN))
    verdict = judged(label, candidate, against(label, candidate, champion), max_calibration_error=1.0)
    assert outcome(verdict, "profit against the champion") == "pass"
    assert outcome(verdict, "calibration against the champion") == "fail"
    assert verdict.state == "reject"


def test_a_loss_in_one_slice_vetoes_a_gain_over_all() -> None:
    label, probability = table(20_000)
    in_slice = np.arange(label.size) % 5 == 0
    champion = Scored(probability, (probability >= 0.5) | in_slice & (probability >= 0.06))
    candidate = Scored(probability, (probability >= 0.06) & ~in_slice)
    challenge = against(label, candidate, champion)
    assert judged(label, candidate, challenge).state == "bless"
    part = compare(label[in_slice], candidate.take(in_slice), champion.take(in_slice), CAMPAIGN, samples=500, seed=1)
    rest = compare(label[~in_slice], candidate.take(~in_slice), champion.take(~in_slice), CAMPAIGN, samples=500, seed=1)
    with_slices = Challenge("3", comparison=challenge.comparison, slices=(("gender = f", part), ("gender = m", rest)))
    verdict = judged(label, candidate, with_slices)
    assert verdict.state == "reject"
    assert "Among gender = f the candidate earns" in verdict.summary


def test_equal_models_are_rarely_promoted_and_a_real_gain_usually() -> None:
    """The paired bootstrap at its nominal level, on fewer trials than the benchmark runs."""
    trials, promoted, gained = 60, 0, 0
    for trial in range(trials):
        label, probability = table(4_000, seed=trial)
        generator = np.random.default_rng(1_000 + trial)
        logit = np.log(probability / (1 - probability))
        blurred = [1 / (1 + np.exp(-(logit + generator.normal(0, 0.5, label.size)))) for _ in range(2)]
        first, second, sharp = scored(blurred[0], 0.3), scored(blurred[1], 0.3), scored(probability, 0.2)
        promoted += advantage(label, first, second, CAMPAIGN, samples=200, seed=trial).share_better >= 0.95
        gained += advantage(label, sharp, first, CAMPAIGN, samples=200, seed=trial).share_better >= 0.95
    assert promoted <= 0.12 * trials
    assert gained >= 0.8 * trials


def test_pairing_narrows_the_difference() -> None:
    label, probability = table(4_000)
    candidate, champion = scored(probability, 0.3), scored(probability * 0.98, 0.3)
    paired = compare(label, candidate, champion, CAMPAIGN, samples=300, seed=1).profit_per_period
    alone = measure(label, candidate, CAMPAIGN, samples=300, seed=1)["profit_per_period"]
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_both_must_have_scored_the_same_rows() -> None:
    label, probability = table(100)
    with pytest.raises(DataError, match="the same rows"):
        compare(label, scored(probability), scored(probability[1:]), CAMPAIGN, samples=10, seed=1)
