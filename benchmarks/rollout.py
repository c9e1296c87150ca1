"""How often a rollout rolls back a canary that is as good as stable, and how soon one that is worse.

Whole rollouts by the real policy, with requests drawn at random: Poisson arrivals, a rate that doubles and halves over
the day, and incidents that affect both sides alike. There is no cluster: pods and route follow at once.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.table import Row, show
from rollout.evidence.window import Histogram, Side, Window
from rollout.limits import Limits
from rollout.policy.decide import decide
from rollout.policy.observation import Observation, View
from rollout.policy.state import BASELINE_S, Phase, Plan, Stable, State

LATENCY_BOUNDS_S = np.array([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5])
SCORE_BOUNDS = np.arange(1, 11) / 10
ROLLOUTS = 400


@dataclass(frozen=True)
class Answers:
    """The answers of one side. latency_s is the median of a log-normal with sigma 0.6; scores are Beta(8m, 8(1-m))."""

    errors: float = 0.001
    fallbacks: float = 0.001
    latency_s: float = 0.004
    score_mean: float = 0.27

    def draw(self, requests: int, extra_errors: float, random: np.random.Generator) -> Side:
        below, scores = _latency_cdf(self.latency_s), _beta_cdf(8 * self.score_mean, 8 * (1 - self.score_mean))
        return Side(
            requests=requests,
            errors=int(random.binomial(requests, min(1.0, self.errors + extra_errors))),
            fallbacks=int(random.binomial(requests, self.fallbacks)),
            latency_s=_histogram(LATENCY_BOUNDS_S, below, requests, random),
            scores=_histogram(SCORE_BOUNDS, scores, requests, random),
        )


@dataclass(frozen=True)
class Outcome:
    """How a simulated rollout ended. canary_requests: number of requests to the canary until then."""

    phase: Phase
    reason: str
    seconds: float
    canary_requests: int

    @property
    def rolled_back(self) -> bool:
        return self.phase is Phase.DRAINING

    @property
    def by_test(self) -> bool:
        return self.phase is Phase.DRAINING and self.reason.startswith("canary is worse")


def simulate(
    canary: Answers,
    limits: Limits,
    requests_per_s: float,
    seed: int,
    *,
    stable: Answers = Answers(),
    incidents: bool = True,
) -> Outcome:
    """One rollout until it is promoted or rolled back."""
    random = np.random.default_rng(seed)
    start = 1_700_000_000.0 + 3600 * float(random.integers(24))
    plan = Plan("r", "v2", "m", "2", "s3://m/2", Stable("", "s3://m/1", 1, None), limits, False, "", "", start)
    state = replace(State.first(plan, capacity=1), phase=Phase.RAMPING, step=0, percent=limits.steps[0])
    before = stable.draw(int(requests_per_s * BASELINE_S), 0.0, random)
    state = replace(state, comparison=state.comparison.with_baseline(before, limits), looked_at=start)
    now, met = start, 0
    while True:
        now += limits.look_s
        rate = requests_per_s * (1.25 + 0.75 * math.sin(now * 2 * math.pi / 86400))
        # Now and then a database is down for a few looks, and both sides fail.
        incident = 0.05 if incidents and math.sin(now / 1700) > 0.97 else 0.0
        to_canary = int(random.poisson(rate * limits.look_s * state.percent / 100))
        to_stable = int(random.poisson(rate * limits.look_s * (100 - state.percent) / 100))
        window = Window(
            now - limits.look_s, now, canary.draw(to_canary, incident, random), stable.draw(to_stable, incident, random)
        )
        met += to_canary
        state = decide(
            state, Observation(now, View(settled=True), replace(window, start=state.looked_at)), limits
        ).state
        if state.phase in (Phase.DRAINING, Phase.PROMOTING):
            return Outcome(state.phase, state.reason, now - start, met)


def rates(
    canary: Answers,
    limits: Limits,
    requests_per_s: float,
    rollouts: int,
    first_seed: int = 0,
    *,
    stable: Answers = Answers(),
) -> list[Outcome]:
    """Many of them."""
    seeds = range(first_seed, first_seed + rollouts)
    return [simulate(canary, limits, requests_per_s, seed, stable=stable) for seed in seeds]


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z, share = 1.96, hits / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def main() -> None:
    limits = Limits(step_time_s=300, look_s=10.0, deadline_s=7200)
    per_s = 20.0
    worse = limits.error_share
    # A canary exactly at the tolerance may miss its deadline, which is not a rollback by the test.
    good: Sequence[tuple[str, Answers]] = (
        ("the same", Answers()),
        ("errors +0.4 points: within the tolerated 0.5", Answers(errors=0.001 + 0.8 * worse)),
        ("errors +0.5 points: exactly what is tolerated", Answers(errors=0.001 + worse)),
    )
    bad: Sequence[tuple[str, Answers]] = (
        ("errors +2 points", Answers(errors=0.021)),
        ("errors +10 points", Answers(errors=0.101)),
        ("every request fails", Answers(errors=1.0)),
        ("twice as slow: p99 32 ms, up to 50 ms tolerated", Answers(latency_s=0.008)),
        ("four times as slow: p99 65 ms", Answers(latency_s=0.016)),
        ("fallback for one in ten", Answers(fallbacks=0.1)),
        ("scores shifted by 0.2", Answers(score_mean=0.47)),
    )
    rows = []
    for name, answers in good:
        outcomes = rates(answers, limits, per_s, ROLLOUTS)
        rows.append(
            _row(f"A/A: {name}", outcomes, lambda outcome: outcome.by_test, "rolled back by the test", "at most 5 %")
        )
    for name, answers in bad:
        outcomes = rates(answers, limits, per_s, ROLLOUTS // 4)
        wanted = "0 %" if "tolerated" in name else "100 %"
        rows.append(_row(f"A/B: {name}", outcomes, lambda outcome: outcome.rolled_back, "rolled back", wanted))
    show(f"Rollouts at {per_s:g} requests/s, steps of {limits.step_time_s:g} s, incidents on both sides", rows)


def _row(name: str, outcomes: list[Outcome], hit: Callable[[Outcome], bool], word: str, against: str) -> Row:
    hits = [outcome for outcome in outcomes if hit(outcome)]
    low, high = interval(len(hits), len(outcomes))
    value = f"{len(hits) / len(outcomes):.1%} [{low:.1%}, {high:.1%}] of {len(outcomes)} {word}"
    late = sum(outcome.rolled_back and not outcome.by_test for outcome in outcomes)
    if late:
        value += f"; {late / len(outcomes):.1%} at the deadline"
    if hits:
        seconds = statistics.median(outcome.seconds for outcome in hits)
        met = statistics.median(outcome.canary_requests for outcome in hits)
        value += f"; median after {seconds:.0f} s, {met:.0f} requests met the canary"
    return Row(name, value, against)


def _histogram(bounds: np.ndarray, below: np.ndarray, requests: int, random: np.random.Generator) -> Histogram:
    shares = np.diff(np.concatenate([[0.0], below, [1.0]])).clip(0.0)
    counts = np.cumsum(random.multinomial(requests, shares / shares.sum()))
    return Histogram(dict(zip([*bounds.tolist(), math.inf], counts.tolist(), strict=True)))


@functools.cache
def _latency_cdf(median_s: float) -> np.ndarray:
    """Of the log-normal at the latency's bounds."""
    z = np.log(LATENCY_BOUNDS_S / median_s) / 0.6
    return np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in z])


@functools.cache
def _beta_cdf(alpha: float, beta: float) -> np.ndarray:
    """Of Beta(alpha, beta) at the scores' bounds, by the midpoint rule."""
    grid = (np.arange(2000) + 0.5) / 2000
    mass = np.cumsum(grid ** (alpha - 1) * (1 - grid) ** (beta - 1))
    return np.concatenate([[0.0], mass])[np.rint(SCORE_BOUNDS * 2000).astype(int)] / mass[-1]


if __name__ == "__main__":
    main()
