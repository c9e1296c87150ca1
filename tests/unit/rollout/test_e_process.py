"""The sequential test: an e-variable whatever the wealth of its bets, with enough power to be useful."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from rollout.evidence.e_process import CEILING, EFFECTS, Block, EProcess, mean


def expectation(process: EProcess, n_c: int, n_s: int, p_c: float, p_s: float, tolerance: float) -> float:
    """Of the wealth after one more block, by summing over every outcome."""
    total = 0.0
    for k_c, k_s in itertools.product(range(n_c + 1), range(n_s + 1)):
        weight = (
            comb(n_c, k_c) * p_c**k_c * (1 - p_c) ** (n_c - k_c) * comb(n_s, k_s) * p_s**k_s * (1 - p_s) ** (n_s - k_s)
        )
        total += weight * process.after(Block(n_c, k_c, n_s, k_s), tolerance, 100).wealth
    return total


@settings(max_examples=examples(60))
@given(
    n_c=st.integers(1, 8),
    n_s=st.integers(1, 12),
    tolerance=st.sampled_from([0.005, 0.01, 0.15]),
    p_s=st.floats(0, 1),
    less=st.floats(0, 1),
    learned=st.tuples(st.integers(1, 500), st.floats(0, 1)),
    bets=st.tuples(*[st.floats(0, 5)] * len(EFFECTS)),
)
def test_no_bet_wins_on_average_while_the_null_holds(
    n_c: int, n_s: int, tolerance: float, p_s: float, less: float, learned: tuple[int, float], bets: tuple[float, ...]
) -> None:
    trials, share = learned
    process = EProcess(0.5, bets, trials, round(trials * share))
    p_c = min(1.0, p_s + tolerance) * less  # anything from 0 to what is just tolerated
    for canary in (p_c, min(1.0, p_s + tolerance)):
        assert expectation(process, n_c, n_s, canary, p_s, tolerance) <= process.wealth * (1 + 1e-6) + 1e-9


def test_bets_win_on_average_when_the_canary_is_worse() -> None:
    process = EProcess().with_baseline(1000, 10)
    assert expectation(process, 8, 12, 0.5, 0.01, 0.005) > 2


def test_ever_reaching_the_bound_is_rare_under_continuous_monitoring() -> None:
    """Rates that jump about for both sides, the canary exactly at what is tolerated, a look every few requests."""
    random = np.random.default_rng(3)
    crossed = 0
    walks, alpha, tolerance = 300, 0.1, 0.02
    for _ in range(walks):
        process = EProcess().with_baseline(100, 5)
        for _ in range(60):
            p_s = random.choice([0.01, 0.05, 0.4])
            n_c, n_s = random.integers(0, 30), random.integers(0, 200)
            block = Block(
                int(n_c), int(random.binomial(n_c, p_s + tolerance)), int(n_s), int(random.binomial(n_s, p_s))
            )
            process = process.after(block, tolerance, 60)
            if process.wealth >= 1 / alpha:
                crossed += 1
                break
    # Three standard deviations over 0.1 of 300.
    assert crossed <= 45


def test_an_incident_that_meets_both_sides_is_no_evidence() -> None:
    process = EProcess().with_baseline(100_000, 100)
    for _ in range(50):
        process = process.after(Block(50, 20, 950, 380), 0.005, 100)
    assert process.wealth < 20


def test_late_harm_is_found_after_a_long_good_time() -> None:
    process = EProcess().with_baseline(10_000, 10)
    for _ in range(400):
        process = process.after(Block(50, 0, 950, 1), 0.005, 1000)
    assert max(process.bets) < 1, "the first bets are lost by then"
    for _ in range(15):
        process = process.after(Block(50, 10, 950, 1), 0.005, 1000)
    assert process.wealth > 80


def test_without_anything_known_of_stable_nothing_is_bet() -> None:
    process = EProcess().after(Block(100, 100, 900, 0), 0.005, 100)
    assert process.wealth == 1.0
    assert (process.trials, process.hits) == (900, 0)


def test_no_traffic_on_one_side_is_no_evidence() -> None:
    process = EProcess().with_baseline(1000, 10)
    assert process.after(Block(100, 100, 0, 0), 0.005, 100) == process
    assert process.after(Block(0, 0, 100, 1), 0.005, 100).wealth == process.wealth


def test_winnings_stay_finite() -> None:
    process = EProcess().with_baseline(1_000_000, 0)
    for _ in range(10):
        process = process.after(Block(1_000_000, 1_000_000, 1_000_000, 0), 0.005, 100)
    assert process.wealth <= CEILING * len(EFFECTS) + 1


def test_a_share_that_cannot_be_exceeded_is_not_tested() -> None:
    process = EProcess().with_baseline(100, 100)
    assert process.after(Block(10, 10, 10, 10), 0.15, 100).wealth == pytest.approx(1.0)


@pytest.mark.parametrize("counts", [(1, 2, 0, 0), (1, -1, 0, 0), (0, 0, 3, 4)])
def test_impossible_blocks_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="hits outside"):
        Block(*counts)


def test_mean_is_the_arithmetic_one() -> None:
    assert mean([1.0, 77.0, 1.0, 1.0]) == 20.0
