"""Canary and stable of a regression: scores in dollars, in buckets where each version's own lie."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from rollout.evidence.comparison import Comparison
from rollout.evidence.window import Histogram, Side, Window
from rollout.limits import Limits
from serving.observation.metrics.score_bounds import between
from tenure.stats import ScoreProfile

LIMITS = Limits()
SURE = 1.0 / LIMITS.false_rollback


def bounds_of(scores: np.ndarray) -> tuple[float, ...]:
    return between(ScoreProfile.of(scores).bins.edges)


def answered(scores: np.ndarray, bounds: tuple[float, ...]) -> Side:
    n = len(scores)
    counts = {bound: int((scores <= bound).sum()) for bound in bounds}
    return Side(n, 0, 0, Histogram({0.01: n, math.inf: n}), Histogram({**counts, math.inf: n}))


def compared(canary: tuple[float, float], bounds_c: tuple[float, ...], looks: int = 30, seed: int = 0) -> Comparison:
    """After looks at normal scores of the canary, mean and spread given, and of stable: 1,000 and 150 dollars."""
    random = np.random.default_rng(seed)
    bounds_s = bounds_of(np.random.default_rng(100).normal(1000.0, 150.0, 4000))
    comparison = Comparison().with_baseline(answered(random.normal(1000.0, 150.0, 500), bounds_s), LIMITS)
    for _ in range(looks):
        window = Window(
            0.0,
            10.0,
            answered(random.normal(*canary, 30), bounds_c),
            answered(random.normal(1000.0, 150.0, 300), bounds_s),
        )
        comparison = comparison.after(window, LIMITS)
    return comparison


TRAINED = {mean: bounds_of(np.random.default_rng(200).normal(mean, 0.15 * mean, 4000)) for mean in (1000.0, 1e5, 10.0)}


@pytest.mark.parametrize("canary", [(1150.0, 150.0), (850.0, 150.0), (1000.0, 15.0), (0.0, 0.0)])
def test_scores_that_moved_are_found(canary: tuple[float, float]) -> None:
    comparison = compared(canary, TRAINED[1000.0])
    assert comparison.e_value() >= SURE
    assert comparison.worst().startswith("scores")
    assert comparison.visible_harm(LIMITS).startswith("scores")
    assert comparison.missing() == ""


@pytest.mark.parametrize("mean", [1e5, 10.0])
def test_a_canary_that_predicts_another_unit_is_found_though_its_buckets_are_elsewhere(mean: float) -> None:
    assert not set(TRAINED[mean]) & set(TRAINED[1000.0])
    assert compared((mean, 0.15 * mean), TRAINED[mean]).e_value() >= SURE


@pytest.mark.parametrize("trained", [1000.0, 1e5, 10.0])
def test_a_canary_that_scores_alike_is_left_alone_whatever_its_buckets(trained: float) -> None:
    for seed in range(5):
        comparison = compared((1000.0, 150.0), TRAINED[trained], seed=seed)
        assert comparison.e_value() < 1.0
        assert comparison.visible_harm(LIMITS) == ""
        assert comparison.missing() == ""


def test_at_100_percent_scores_are_compared_where_they_were_before() -> None:
    comparison = compared((1000.0, 150.0), TRAINED[1000.0]).new_step()
    alone = Window(0.0, 10.0, answered(np.full(200, 3000.0), TRAINED[1000.0]), Side())
    alarmed = comparison.after(alone, LIMITS)
    assert set(alarmed.processes) == set(comparison.processes)
    assert alarmed.alarm(LIMITS).startswith("scores")
    calm = Window(0.0, 10.0, answered(np.random.default_rng(5).normal(1000.0, 150.0, 200), TRAINED[1000.0]), Side())
    assert comparison.after(calm, LIMITS).alarm(LIMITS) == ""


def test_neighbouring_bounds_of_large_values_are_told_apart() -> None:
    scores = np.random.default_rng(0).normal(50_000_000.0, 10.0, 4000)
    bounds = bounds_of(scores)
    comparison = Comparison().with_baseline(answered(scores, bounds), LIMITS)
    upward = [name for name in comparison.processes if name.startswith("scores>")]
    assert len(upward) == len(bounds) == len(set(bounds))
    assert min(high - low for low, high in pairwise(bounds)) < 5.0
