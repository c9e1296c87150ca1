"""Traffic that follows the double's route, and what Prometheus would count of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from cluster_double import KServe

from serving.rollout.observation import Histogram, NoData, Question, Side, Window

LATENCY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, math.inf)
SCORE_BOUNDS = (*(tenth / 10 for tenth in range(1, 11)), math.inf)


@dataclass(frozen=True)
class Behaviour:
    """How a Deployment's pods answer."""

    errors: float = 0.001
    fallbacks: float = 0.001
    latency_median_s: float = 0.004
    score_mean: float = 0.27

    def answer(self, requests: int, random: np.random.Generator) -> Side:
        latencies = self.latency_median_s * np.exp(0.6 * random.standard_normal(requests))
        scores = random.beta(8 * self.score_mean, 8 * (1 - self.score_mean), requests)
        return Side(
            requests=requests,
            errors=int(random.binomial(requests, self.errors)),
            fallbacks=int(random.binomial(requests, self.fallbacks)),
            latency_s=_histogram(latencies, LATENCY_BOUNDS),
            scores=_histogram(scores, SCORE_BOUNDS),
        )


@dataclass
class Load:
    """Requests at ``per_s``, split as the gateway splits; answers questions as Prometheus does.

    failing: Deployments that behave otherwise. down: what Prometheus says instead of anything.
    """

    kserve: KServe
    per_s: float = 200.0
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    down: str = ""
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    answered: list[tuple[float, str, Side]] = field(default_factory=list)
    lost: int = 0

    def flow(self, start: float, seconds: float) -> None:
        """Traffic from ``start`` on, counted at its end."""
        shares = self.kserve.route()
        requests = self.random.poisson(self.per_s * seconds)
        names = sorted(shares)
        parts = self.random.multinomial(requests, [shares[name] / 100 for name in names]) if names else []
        for name, part in zip(names, parts, strict=True):
            found = self.kserve.server.get("deployments", name)
            if part and (found is None or not found["status"].get("availableReplicas")):
                self.lost += int(part)  # nobody was there to answer
            elif part:
                side = self.behaviours.get(name, Behaviour()).answer(int(part), self.random)
                self.answered.append((start + seconds, name, side))

    def observe(self, asked: Question) -> Window | NoData:
        if self.down:
            return NoData(self.down)
        found = {
            side: total(
                part for when, name, part in self.answered if name == deployment and asked.start < when <= asked.now
            )
            for side, deployment in (("canary", asked.canary), ("stable", asked.stable))
        }
        for side in asked.need:
            name = getattr(asked, side)
            newest = max((when for when, other, _ in self.answered if other == name), default=-math.inf)
            if asked.now - newest > asked.stale_s:
                return NoData(f"no samples from {side} pods")
        return Window(asked.start, asked.now, **found)


def total(parts: object) -> Side:
    """Sides added up."""
    sides = list(parts)  # type: ignore[call-overload]
    return Side(
        requests=sum(side.requests for side in sides),
        errors=sum(side.errors for side in sides),
        fallbacks=sum(side.fallbacks for side in sides),
        latency_s=_sum([side.latency_s for side in sides]),
        scores=_sum([side.scores for side in sides]),
    )


def _sum(histograms: list[Histogram]) -> Histogram:
    bounds = {bound for histogram in histograms for bound in histogram.counts}
    return Histogram({bound: sum(h.counts.get(bound, 0) for h in histograms) for bound in bounds})


def _histogram(values: np.ndarray, bounds: tuple[float, ...]) -> Histogram:
    return Histogram({bound: int((values <= bound).sum()) for bound in bounds})
