"""The verdict on every kind of regression candidate: each reason is reached by data, not by a made-up estimate."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.contract.settings import Acceptance
from tenure.evaluation import Challenge, Verdict
from tenure.evaluation.slice_reasons import TOO_FEW
from tenure.tasks.value.evaluation import Objective, ScoredValues, compare, decide, measure


def table(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    label = generator.gamma(1.5, 40.0, rows)
    return label, label + generator.normal(0.0, 20.0, rows)


def scored(value: np.ndarray, half: float = 33.0, level: float = 0.9) -> ScoredValues:
    return ScoredValues(value, value - half, value + half, level, value > 100.0)


def judged(
    label: np.ndarray,
    candidate: ScoredValues,
    challenge: Challenge | None = None,
    objective: Objective = "rmse",
    **floors: float,
) -> Verdict:
    return decide(
        measure(label, candidate, samples=300, seed=1),
        Acceptance(**floors),
        objective=objective,
        level=candidate.level,
        rows=label.size,
        unit="USD",
        constant_label=bool(np.ptp(label) == 0.0),
        constant=candidate.constant,
        challenge=challenge,
    )


def against(label: np.ndarray, candidate: ScoredValues, champion: ScoredValues, **parts: np.ndarray) -> Challenge:
    options = {"objective": "rmse", "samples": 400, "seed": 2}
    slices = [
        (name, compare(label[rows], candidate.take(rows), champion.take(rows), **options))
        for name, rows in parts.items()
    ]
    return Challenge("3", comparison=compare(label, candidate, champion, **options), slices=tuple(slices))


def outcome(verdict: Verdict, check: str) -> str:
    return next(reason.outcome for reason in verdict.reasons if reason.check == check)


def test_first_good_model_is_blessed() -> None:
    label, value = table(1_000)
    verdict = judged(label, scored(value), min_r2=0.5)
    assert verdict.state == "bless"
    assert verdict.summary == "There is no champion yet, and the candidate passes every check."
    assert {reason.check for reason in verdict.reasons} == {"error against the mean", "R²", "coverage"}


@pytest.mark.parametrize("objective", ["rmse", "mae"])
def test_no_better_than_the_mean_is_rejected(objective: Objective) -> None:
    label, _ = table(1_000)
    noise = np.random.default_rng(1).normal(label.mean(), 60.0, label.size)
    verdict = judged(label, scored(noise, half=200.0), objective=objective)
    assert verdict.state == "reject"
    assert "predicting the mean is no worse" in verdict.summary


def test_hardly_better_than_the_mean_is_inconclusive() -> None:
    label, _ = table(400)
    generator = np.random.default_rng(2)
    value = label.mean() + 0.12 * (label - label.mean()) + generator.normal(0.0, 20.0, label.size)
    assert outcome(judged(label, scored(value, half=150.0)), "error against the mean") == "unsure"


@pytest.mark.parametrize(("floor", "expected"), [(0.5, "pass"), (0.83, "unsure"), (0.95, "fail")])
def test_floor_of_r2(floor: float, expected: str) -> None:
    label, value = table(2_000, seed=3)
    assert outcome(judged(label, scored(value), min_r2=floor), "R²") == expected


@pytest.mark.parametrize(
    ("half", "floor", "expected"),
    [(33.0, None, "pass"), (24.0, None, "fail"), (28.8, None, "unsure"), (24.0, 0.7, "pass"), (33.0, 0.97, "fail")],
)
def test_coverage_has_a_floor(half: float, floor: float | None, expected: str) -> None:
    label, value = table(2_000, seed=3)
    verdict = judged(label, scored(value, half=half), min_coverage=floor)
    assert outcome(verdict, "coverage") == expected


def test_constant_prediction_never_passes() -> None:
    label, _ = table(500)
    verdict = judged(label, scored(np.full(label.size, label.mean()), half=200.0))
    assert verdict.state != "bless"
    assert outcome(verdict, "constant") == "unsure"


def test_constant_label_and_few_rows_are_inconclusive() -> None:
    label, value = table(500)
    same = judged(np.full(500, 2.0), scored(value))
    assert same.state == "inconclusive"
    assert same.summary == "All 500 rows of the test part have the same label: no model can be judged on them."
    few = judged(label[:99], scored(value[:99]))
    assert few.state == "inconclusive"
    assert "99 rows, at least 100 are needed" in few.summary
    assert judged(label[:100], scored(label[:100])).state == "bless"


def test_better_equal_and_worse_than_the_champion() -> None:
    label, value = table(4_000)
    champion = scored(value)
    better, worse = (scored(label + factor * (value - label)) for factor in (0.95, 1.05))
    won = judged(label, better, against(label, better, champion))
    assert won.state == "bless"
    assert won.summary.startswith("Its RMSE is $0.99 smaller than that of the champion, version 3")
    lost = judged(label, worse, against(label, worse, champion))
    assert (lost.state, outcome(lost, "error against the champion")) == ("reject", "fail")
    other = scored(label + np.random.default_rng(5).normal(0.0, 20.0, label.size))
    even = judged(label, other, against(label, other, champion))
    assert (even.state, outcome(even, "error against the champion")) == ("inconclusive", "unsure")


def test_same_predictions_of_another_bundle_are_no_gain() -> None:
    label, value = table(500)
    verdict = judged(label, scored(value), against(label, scored(value), scored(value)))
    assert verdict.state == "inconclusive"
    assert "predicts exactly what the champion, version 3, predicts" in verdict.summary


def test_identical_bundle_is_blessed() -> None:
    label, value = table(500)
    verdict = judged(label, scored(value), Challenge("3", identical=True))
    assert (verdict.state, len(verdict.reasons)) == ("bless", 1)


def test_champion_that_cannot_be_scored_is_inconclusive() -> None:
    label, value = table(500)
    verdict = judged(label, scored(value), Challenge("3", unreadable="it is a model of another task"))
    assert verdict.state == "inconclusive"
    assert verdict.summary.endswith("nothing shows that this model is better: it is a model of another task")


def test_coverage_may_not_be_given_up_for_a_smaller_error() -> None:
    label, value = table(4_000)
    champion = scored(value, half=36.0)
    better = scored(label + 0.9 * (value - label), half=26.0)
    verdict = judged(label, better, against(label, better, champion), min_coverage=0.8)
    assert outcome(verdict, "error against the champion") == "pass"
    assert outcome(verdict, "coverage") == "pass"
    assert outcome(verdict, "coverage against the champion") == "fail"
    assert verdict.state == "reject"


def test_few_rows_do_not_hold_back_a_model_that_covers_as_well() -> None:
    label, value = table(30_000)
    generator = np.random.default_rng(4)
    champion, better = scored(value), scored(label + 0.85 * generator.normal(0.0, 20.0, label.size), half=28.0)
    outcomes = {}
    for rows in (250, 30_000):
        some = np.arange(label.size) < rows
        verdict = judged(label[some], better.take(some), against(label[some], better.take(some), champion.take(some)))
        outcomes[rows] = next(r for r in verdict.reasons if r.check == "coverage against the champion")
    assert outcomes[250].outcome == "pass"
    assert "too few to tell 2 points" in outcomes[250].text
    assert "does not fall further short" in outcomes[30_000].text
    narrow = ScoredValues(better.value, better.value - 20.0, better.value + 20.0, 0.9, better.contacted)
    some = np.arange(label.size) < 250
    verdict = judged(label[some], narrow.take(some), against(label[some], narrow.take(some), champion.take(some)))
    assert outcome(verdict, "coverage against the champion") == "fail"


def test_loss_in_one_slice_is_a_veto() -> None:
    label, value = table(4_000)
    champion = scored(value)
    old = np.arange(label.size) < 600
    better = scored(label + np.where(old, 1.3, 0.9) * (value - label))
    verdict = judged(label, better, against(label, better, champion, old=old, young=~old))
    assert outcome(verdict, "error against the champion") == "pass"
    assert outcome(verdict, "slice old") == "fail"
    assert verdict.state == "reject"
    assert "Among old its RMSE is" in verdict.summary


def test_slices_that_could_show_a_loss_must_rule_it_out() -> None:
    label, value = table(4_000)
    champion = scored(value)
    generator = np.random.default_rng(8)
    better = scored(label + 0.9 * generator.normal(0.0, 20.0, label.size))
    few, many = np.arange(label.size) < 100, np.arange(label.size) >= 100
    assert outcome(judged(label, better, against(label, better, champion, many=many)), "slices") == "pass"
    uneven = scored(label + np.where(few, 1.15, 0.9) * (better.value - label) / 0.9)
    assert judged(label, uneven, against(label, uneven, champion, few=few)).state != "bless"
    small = judged(label, better, against(label, better, champion, few=few), max_slice_loss=0.01)
    told = next(reason for reason in small.reasons if reason.check == TOO_FEW)
    assert told.outcome == "pass"
    assert "Too few customers to show that the candidate does not lose there: few." in told.text
