"""Traffic that follows the double's route, and what Prometheus would count of it."""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np
from cluster_double import KServe
from json_handler import JsonHandler

from rollout.evidence.window import Histogram, MetricsQuery, NoData, Side, Window

LATENCY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, math.inf)
SCORE_BOUNDS = (*(tenth / 10 for tenth in range(1, 11)), math.inf)


@dataclass(frozen=True)
class Behaviour:
    """How a Deployment's pods answer.

    late: share of requests that get 504 at the end of the gateway's time for a try.
    """

    errors: float = 0.001
    late: float = 0.0
    fallbacks: float = 0.001
    latency_median_s: float = 0.004
    score_mean: float = 0.27

    def answer(self, requests: int, random: np.random.Generator) -> Side:
        latencies = self.latency_median_s * np.exp(0.6 * random.standard_normal(requests))
        scores = random.beta(8 * self.score_mean, 8 * (1 - self.score_mean), requests)
        return Side(
            requests=requests,
            errors=int(random.binomial(requests, min(1.0, self.errors + self.late))),
            fallbacks=int(random.binomial(requests, self.fallbacks)),
            latency_s=_histogram(latencies, LATENCY_BOUNDS),
            scores=_histogram(scores, SCORE_BOUNDS),
        )


@dataclass
class Load:
    """Requests at ``per_s``, split as the gateway splits; answers questions as Prometheus does.

    behaviours: of Deployments that behave otherwise. down: what Prometheus says instead of anything.
    tries: how often the gateway sends a request that fails, again to the Deployment with the largest share.
    lost: requests sent to a Deployment without pods. failed: requests whose client got a failure.
    """

    kserve: KServe
    per_s: float = 200.0
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    down: str = ""
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    answered: list[tuple[float, str, Side]] = field(default_factory=list)
    lost: int = 0
    tries: int = 1
    failed: int = 0

    def flow(self, start: float, seconds: float) -> None:
        """Traffic from ``start`` on, counted at its end."""
        shares = self.kserve.route()
        requests = self.random.poisson(self.per_s * seconds)
        names = sorted(shares)
        parts = self.random.multinomial(requests, [shares[name] / 100 for name in names]) if names else []
        sent = {name: int(part) for name, part in zip(names, parts, strict=True) if part}
        for _ in range(self.tries):
            again: dict[str, int] = defaultdict(int)
            for name, part in sent.items():
                failed = self._answer(start + seconds, name, part)
                largest = max(names, key=lambda other: shares[other])
                again[largest] += failed
            sent = {name: part for name, part in again.items() if part}
        self.failed += sum(sent.values())

    def _answer(self, when: float, name: str, requests: int) -> int:
        """A Deployment's answers to requests; returns how many of them are failures."""
        found = self.kserve.server.get("deployments", name)
        if found is None or not found["status"].get("availableReplicas"):
            self.lost += requests  # nobody was there to answer
            return requests
        side = self.behaviours.get(name, Behaviour()).answer(requests, self.random)
        self.answered.append((when, name, side))
        return side.errors

    def observe(self, asked: MetricsQuery) -> Window | NoData:
        if self.down:
            return NoData(self.down)
        found = {
            side: total(
                part for when, name, part in self.answered if name == deployment and asked.start < when <= asked.now
            )
            for side, deployment in (("canary", asked.canary), ("stable", asked.stable))
        }
        for side in asked.required:
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


class MetricsServer:
    """Prometheus' query API over what ``load`` answered so far: raw samples, whatever is asked."""

    def __init__(self, load: Load) -> None:
        self.load = load
        outer = self

        class Handler(JsonHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.answer(outer.answer(float(form["time"][0])))

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, now: float) -> dict[str, object]:
        counters: dict[tuple[str, str, str], float] = defaultdict(float)
        samples: dict[tuple[str, str, str], list[list[object]]] = defaultdict(list)
        for when, name, side in [item for item in self.load.answered if item[0] <= now]:
            grown = {("tenure_requests_total", "code=200"): side.requests - side.errors}
            grown |= {
                ("tenure_requests_total", "code=500"): side.errors,
                ("tenure_fallbacks_total", ""): side.fallbacks,
            }
            for family, histogram in (
                ("tenure_request_duration_seconds_bucket", side.latency_s),
                ("tenure_score_bucket", side.scores),
            ):
                grown |= {(family, f"le={'+Inf' if math.isinf(b) else b}"): n for b, n in histogram.counts.items()}
            for (family, label), count in grown.items():
                key = (family, f"{name}-7d4f9-x2k8p", label)
                counters[key] += count
                samples[key].append([when, str(counters[key])])
        result = []
        for (family, pod, label), values in samples.items():
            key, _, value = label.partition("=")
            result.append(
                {"metric": {"__name__": family, "pod": pod, **({key: value} if key else {})}, "values": values}
            )
        return {"status": "success", "data": {"resultType": "matrix", "result": result}}
