"""Canary against stable on four metrics, as comparisons of shares that the sequential test can judge.

errors      failed requests among all requests
fallbacks   fallback answers among all requests
latency     requests slower than ``latency_ratio`` times stable's p99. One in a hundred of stable's requests is slower
            than its p99, so a share that is larger by 0.01 or more means that the canary's p99 exceeds the slow bound
scores      scores up to an edge, for every edge of stable's histogram and in both directions: the Kolmogorov
            distance, with the mean of the edges' e-values. Each version's edges lie where its own scores do
            (probabilities or sums of money), so the canary's may be others
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from rollout.evidence.e_process import Block, EProcess, mean
from rollout.evidence.window import Histogram, Side, Window
from rollout.limits import Limits

BASELINE_REQUESTS = 100
"""The smallest number of stable's requests from which its p99 is estimated; before, latency is not compared."""


@dataclass(frozen=True)
class Tally:
    """Trials and hits of one comparison since the step began; an advance is decided by them."""

    n_c: int = 0
    k_c: int = 0
    n_s: int = 0
    k_s: int = 0

    def __add__(self, block: Block) -> Tally:
        return Tally(self.n_c + block.n_c, self.k_c + block.k_c, self.n_s + block.n_s, self.k_s + block.k_s)


@dataclass(frozen=True)
class Comparison:
    """The comparison of canary and stable so far. Immutable; ``after`` returns the next.

    processes: e-process by comparison ("errors", "scores<=0.3", …), over the whole rollout.
    tallies: counts by comparison, since the step began.
    requests_c, requests_s: answered by the canary and by stable since the step began.
    slow_s: duration above which a request is slow; None until stable's p99 is known, infinite if the p99 exceeds the
        last finite bound of the histogram.
    stable_latency: stable's counts by bound, until its p99 is known.
    """

    processes: dict[str, EProcess] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    requests_c: int = 0
    requests_s: int = 0
    slow_s: float | None = None
    stable_latency: dict[float, int] = field(default_factory=dict)

    def with_baseline(self, stable: Side, limits: Limits) -> Comparison:
        """With stable's shares and p99 from before the canary had any traffic."""
        known = self._with_slow_bound(stable.latency_s, limits)
        processes = {
            name: known.processes.get(name, EProcess()).with_baseline(block.n_s, block.k_s)
            for name, _, block in known._blocks(Side(), stable, limits)
        }
        return replace(known, processes={**known.processes, **processes})

    def after(self, window: Window, limits: Limits) -> Comparison:
        """With one more window."""
        processes, tallies = dict(self.processes), dict(self.tallies)
        for name, tolerance, block in self._blocks(window.canary, window.stable, limits):
            processes[name] = processes.get(name, EProcess()).after(block, tolerance, limits.looks)
            tallies[name] = tallies.get(name, Tally()) + block
        following = replace(
            self,
            processes=processes,
            tallies=tallies,
            requests_c=self.requests_c + window.canary.requests,
            requests_s=self.requests_s + window.stable.requests,
        )
        # The bound is updated after the comparison: a bet must be placed before its data are seen.
        return following._with_slow_bound(window.stable.latency_s, limits)

    def new_step(self) -> Comparison:
        """Counts start at 0 again; the e-processes go on."""
        return replace(self, tallies={}, requests_c=0, requests_s=0)

    def e_value(self) -> float:
        """Of all metrics: ever reaches 1/alpha with probability at most alpha if the canary is within tolerance."""
        metrics = self._by_metric()
        return mean([*metrics.values(), *[1.0] * (len(METRICS) - len(metrics))])

    def worst(self) -> str:
        """The comparison with the most evidence against the canary, with its shares, in words."""
        metrics = self._by_metric()
        if not metrics:
            return "nothing compared yet"
        metric = max(metrics, key=lambda name: metrics[name])
        names = [name for name in self.processes if _metric(name) == metric]
        name = max(names, key=lambda name: self.processes[name].wealth)
        return self._words(name)

    def visible_harm(self, limits: Limits) -> str:
        """A comparison in which the canary's share in this step exceeds the tolerated one, in words; "" if none."""
        for name, tally in self.tallies.items():
            tolerance = _tolerance(name, limits)
            if tally.n_c and tally.n_s and tally.k_c / tally.n_c > tally.k_s / tally.n_s + tolerance:
                return self._words(name)
        return ""

    def alarm(self, limits: Limits) -> str:
        """A share of the canary, which has all the traffic, far above stable's earlier one, in words; "" if none.

        Stable has no traffic to compare with at the same time, so an incident would look the same: an alarm is not
        evidence of harm. Far is more than three standard deviations and three requests above the tolerated share.
        """
        for name, tally in self.tallies.items():
            process = self.processes[name]
            if tally.n_c and process.trials > 0:
                tolerated = min(1.0, process.hits / process.trials + _tolerance(name, limits))
                expected = tally.n_c * tolerated
                if tally.k_c > expected + 3.0 * math.sqrt(expected * (1.0 - tolerated)) + 3.0:
                    return self._words(name)
        return ""

    def missing(self) -> str:
        """Which metrics have no data to compare, in words; "" if all have."""
        if self.slow_s is not None and math.isinf(self.slow_s):
            return "stable's p99 exceeds the last bound of its latency histogram"
        seen = {_metric(name) for name, tally in self.tallies.items() if tally.n_c}
        absent = [metric for metric in METRICS if metric not in seen]
        return f"no samples yet of {', '.join(absent)}" if absent else ""

    def _words(self, name: str) -> str:
        tally, process = self.tallies.get(name, Tally()), self.processes[name]
        what = {"errors": "failed requests", "fallbacks": "fallback answers"}.get(_metric(name), "")
        if _metric(name) == "latency":
            what = f"requests over {self.slow_s:g} s"
        elif _metric(name) == "scores":
            what = f"scores {name.removeprefix('scores')}"
        canary = f"{tally.k_c / tally.n_c:.2%} of {tally.n_c}" if tally.n_c else "none"
        if tally.n_s:
            stable = f"{tally.k_s / tally.n_s:.2%} of {tally.n_s}"
        else:
            stable = f"{process.hits / process.trials:.2%} before" if process.trials else "none"
        return f"{what}: canary {canary}, stable {stable}"

    def _by_metric(self) -> dict[str, float]:
        grouped: dict[str, list[float]] = {}
        for name, process in self.processes.items():
            grouped.setdefault(_metric(name), []).append(process.wealth)
        return {metric: mean(values) for metric, values in grouped.items()}

    def _with_slow_bound(self, stable: Histogram, limits: Limits) -> Comparison:
        if self.slow_s is not None:
            return self
        known = dict(self.stable_latency)
        for bound, count in stable.counts.items():
            known[bound] = known.get(bound, 0) + count
        histogram = Histogram(known)
        if histogram.total < BASELINE_REQUESTS:
            return replace(self, stable_latency=known)
        p99 = histogram.bound_of(0.99)
        finite = [bound for bound in sorted(known) if p99 <= bound < math.inf]
        slow = next(
            (bound for bound in finite if bound >= limits.latency_ratio * p99), finite[-1] if finite else math.inf
        )
        return replace(self, stable_latency={}, slow_s=slow)

    def _blocks(self, canary: Side, stable: Side, limits: Limits) -> Iterator[tuple[str, float, Block]]:
        """Name, tolerance and block of every comparison that these sides allow."""
        n_c, n_s = canary.requests, stable.requests
        if n_c or n_s:
            yield "errors", limits.error_share, Block(n_c, canary.errors, n_s, stable.errors)
            yield "fallbacks", limits.fallback_share, Block(n_c, canary.fallbacks, n_s, stable.fallbacks)
        slow = self.slow_s
        if slow is not None and math.isfinite(slow) and (canary.latency_s.total or stable.latency_s.total):
            sides = [
                (side.latency_s.total, side.latency_s.above(slow) if side.latency_s.counts else 0)
                for side in (canary, stable)
            ]
            yield "latency", limits.slow_share, Block(*sides[0], *sides[1])
        yield from _score_blocks(canary.scores, stable.scores, self._edges(stable.scores), limits.score_distance)

    def _edges(self, stable: Histogram) -> list[float]:
        """Where scores are compared: at stable's bounds; at the earlier ones if stable has no pods any more."""
        known = {float(name.partition("<=")[2]) for name in self.processes if name.startswith("scores<=")}
        return sorted(bound for bound in stable.counts or known if math.isfinite(bound))


METRICS = ("errors", "fallbacks", "latency", "scores")


def _score_blocks(
    canary: Histogram, stable: Histogram, edges: Sequence[float], tolerance: float
) -> Iterator[tuple[str, float, Block]]:
    """For every edge of stable's histogram, the scores up to it and those above it.

    Where the canary has no such edge, the nearest one that undercounts its hits is taken: a difference of the bounds
    can never count against the canary.
    """
    n_c, n_s = canary.total, stable.total
    if not (n_c or n_s):
        return
    bounds_c = sorted(bound for bound in canary.counts if math.isfinite(bound)) or edges
    for edge in edges:
        below_s = stable.counts.get(edge, 0)
        lower, upper = bisect_right(bounds_c, edge), bisect_left(bounds_c, edge)
        if lower > 0:
            yield f"scores<={edge:.12g}", tolerance, Block(n_c, canary.counts.get(bounds_c[lower - 1], 0), n_s, below_s)
        if upper < len(bounds_c):
            above_c = n_c - canary.counts.get(bounds_c[upper], 0)
            yield f"scores>{edge:.12g}", tolerance, Block(n_c, above_c, n_s, n_s - below_s)


def _metric(name: str) -> str:
    return "scores" if name.startswith("scores") else name


def _tolerance(name: str, limits: Limits) -> float:
    return {
        "errors": limits.error_share,
        "fallbacks": limits.fallback_share,
        "latency": limits.slow_share,
        "scores": limits.score_distance,
    }[_metric(name)]
