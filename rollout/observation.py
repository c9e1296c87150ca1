"""What the policy gets to see. "No data" is an observation of its own: it is never read as "all is well"."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Histogram:
    """Cumulative counts by upper bound, the last bound infinite, as Prometheus keeps them.

    Raises:
        ValueError: for counts that fall, negative ones, or a last bound that is finite.
    """

    counts: Mapping[float, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.counts:
            return
        bounds = sorted(self.counts)
        falling = any(self.counts[low] > self.counts[high] for low, high in itertools.pairwise(bounds))
        if math.isfinite(bounds[-1]) or falling or self.counts[bounds[0]] < 0:
            raise ValueError(f"no histogram: {dict(self.counts)}")

    @property
    def total(self) -> int:
        return self.counts[math.inf] if self.counts else 0

    def bound_of(self, quantile: float) -> float:
        """The least upper bound under which at least ``quantile`` of all lies; infinite if no finite one does."""
        return next(bound for bound in sorted(self.counts) if self.counts[bound] >= quantile * self.total)

    def above(self, bound: float) -> int:
        return self.total - self.counts[bound]


@dataclass(frozen=True)
class Side:
    """What one side did in a window.

    requests, errors, fallbacks: answered requests; those answered with 5xx; those answered by the fallback.
    latency_s: requests by duration. scores: those that got a prediction by the score of one of their rows.

    Raises:
        ValueError: if more failed, or fell back, than were asked.
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
    """There is nothing to judge by, and why: a Prometheus that is down, no sample, NaN, samples that are too old."""

    reason: str


@dataclass(frozen=True)
class Question:
    """What the metrics are asked.

    namespace: where both run. canary, stable: names of the Deployments.
    start, now: what happened after ``start``, up to ``now``; seconds since the epoch.
    stale_s: a newest sample older than this is no data.
    need: of "canary" and "stable", those without whose samples nothing can be said.
    """

    namespace: str
    canary: str
    stable: str
    start: float
    now: float
    stale_s: float
    need: tuple[str, ...]


class Request(StrEnum):
    """What an operator can ask of a rollout under way."""

    PAUSE = "pause"
    RESUME = "resume"
    PROMOTE = "promote"
    ABORT = "abort"


@dataclass(frozen=True)
class View:
    """What the cluster's objects say about the rollout.

    settled: pods and route are as the state wants them.
    problem: what stands in the way, in one line; "" if nothing is known to.
    foreign: somebody else changed what the rollout stands on; in one line, "" if not.
    stable_replicas: pods that serve stable's share now.
    """

    settled: bool
    problem: str = ""
    foreign: str = ""
    stable_replicas: int = 1


@dataclass(frozen=True)
class Replay:
    """Outcome of a shadow replay: ``ok``, or what spoke against the canary."""

    ok: bool
    summary: str


@dataclass(frozen=True)
class Observation:
    """All of it, at one look.

    now: seconds since the epoch.
    request: the operator's, if there is one that has not been answered, with who asked and why.
    """

    now: float
    view: View
    metrics: Window | NoData
    request: Request | None = None
    asked_by: str = ""
    replay: Replay | None = None
