"""Whole rollouts with random traffic: false rollbacks are rare, harm is found. Rates in full: benchmarks/rollout.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rollout.limits import Limits
from rollout.policy.state import Phase

sys.path.insert(0, str(Path(__file__).parents[3]))

from benchmarks.rollout import Answers, rates

LIMITS = Limits(step_time_s=60, step_requests=200, look_s=10, deadline_s=1800)
PER_S = 60.0


def test_good_canaries_are_not_rolled_back_by_the_test() -> None:
    outcomes = rates(Answers(), LIMITS, PER_S, 50)
    wrong = sum(outcome.by_test for outcome in outcomes)
    promoted = sum(outcome.phase is Phase.PROMOTING for outcome in outcomes)
    print(f"A/A: {wrong} of {len(outcomes)} rolled back by the test, {promoted} promoted")
    # At 5 % more than 7 of 50 come with probability 0.003.
    assert wrong <= 7
    assert promoted >= 45


def test_canaries_at_the_edge_of_what_is_tolerated() -> None:
    edge = Answers(errors=0.001 + LIMITS.error_share, fallbacks=0.001 + LIMITS.fallback_share)
    outcomes = rates(edge, LIMITS, PER_S, 25, first_seed=1000)
    wrong = sum(outcome.by_test for outcome in outcomes)
    print(f"A/A at the edge: {wrong} of {len(outcomes)} rolled back by the test")
    assert wrong <= 5


@pytest.mark.parametrize(
    ("canary", "word", "seconds"),
    [
        (Answers(errors=1.0), "failed requests", 60),
        (Answers(errors=0.1), "failed requests", 300),
        (Answers(latency_s=0.04), "requests over", 300),
        (Answers(fallbacks=0.2), "fallback answers", 300),
        (Answers(score_mean=0.6), "scores", 120),
    ],
)
def test_bad_canaries_are_rolled_back_soon(canary: Answers, word: str, seconds: float) -> None:
    outcomes = rates(canary, LIMITS, PER_S, 12)
    found, latest = sum(outcome.by_test for outcome in outcomes), max(outcome.seconds for outcome in outcomes)
    print(f"A/B {word}: {found} of {len(outcomes)} rolled back, after {latest:g} s at most")
    assert all(outcome.by_test and word in outcome.reason for outcome in outcomes)
    assert latest <= seconds
