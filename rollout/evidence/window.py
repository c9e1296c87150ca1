"""What canary and stable did over the same time. "No data" is a result of its own: it never counts as good."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Histogram:
    """Cumulative counts by upper bound, the last bound infinite, as Prometheus keeps them.

    Raises:
        ValueError: counts decrease or are negative, or the last bound is finite.
    """

    counts: Mapping[float, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.counts:
            return
        bounds = sorted(self.counts)
        falling = any(self.counts[low] > self.counts[high] for low, high in itertools.pairwise(bounds))
        if math.isfinite(bounds[-1]) or falling or self.counts[bounds[0]] < 0:
            raise ValueError(f"not a cumulative histogram: {dict(self.counts)}")

    @property
    def total(self) -> int:
        return self.counts[math.inf] if self.counts else 0

    def bound_of(self, quantile: float) -> float:
        """The smallest bound that at least this share of the values does not exceed; infinite if no finite one is."""
        return next(bound for bound in sorted(self.counts) if self.counts[bound] >= quantile * self.total)

    def above(self, bound: float) -> int:
        return self.total - self.counts[bound]


@dataclass(frozen=True)
class Side:
    """What one side did in a window.

    requests, errors, fallbacks: number of answered requests; of those with status 5xx; of those that got the fallback.
    latency_s: requests by duration. scores: requests that got a prediction, by the score of one of their rows.

    Raises:
        ValueError: there are more errors or fallback answers than requests.
    """

    requests: int = 0
    errors: int = 0
    fallbacks: int = 0
    latency_s: Histogram = field(default_factory=Histogram)
    scores: Histogram = field(default_factory=Histogram)

    def __post_init__(self) -> None:
        if not (0 <= self.errors <= self.requests and 0 <= self.fallbacks <= self.requests):
            raise ValueError(
                f"{self.requests} requests with {self.errors} errors and {self.fallbacks} fallback answers"
            )


@dataclass(frozen=True)
class Window:
    """Both sides over the same time, ``start < t <= end`` (seconds since the epoch)."""

    start: float
    end: float
    canary: Side
    stable: Side


@dataclass(frozen=True)
class NoData:
    """The metrics cannot be evaluated, and why: Prometheus is down, or samples are missing, NaN or too old."""

    reason: str


@dataclass(frozen=True)
class MetricsQuery:
    """Which metrics are read.

    namespace: where both run. canary, stable: names of the Deployments.
    start, now: events after ``start``, up to ``now``; seconds since the epoch.
    stale_s: a side whose newest sample is older than this has no data.
    required: of "canary" and "stable", those without whose samples the result is ``NoData``.
    """

    namespace: str
    canary: str
    stable: str
    start: float
    now: float
    stale_s: float
    required: tuple[str, ...]
