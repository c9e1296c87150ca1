"""What canary and stable did, counted from the server's metrics in Prometheus.

Read are four families, each with the labels ``namespace`` and ``pod`` that Prometheus' Kubernetes discovery sets:

    tenure_requests_total{code}                     answered requests; code is HTTP's, or its equivalent for gRPC
    tenure_fallbacks_total                          answered by the fallback; must be exposed at 0 too
    tenure_request_duration_seconds_bucket{le}      requests by duration
    tenure_score_bucket{le}                         requests by probability or value of one of their rows

Raw samples are fetched and counted here rather than by ``increase()``, which extrapolates and which drops what a
counter held when it was first scraped: a canary whose pods fail from their first second would look clean. Counting
from sample to sample also makes windows meet without gap or overlap, whoever looks and after whatever pause.
"""

from __future__ import annotations

import http.client
import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from rollout.observation import Histogram, NoData, Question, Side, Window
from tenure.errors import SourceError

REQUESTS = "tenure_requests_total"
FALLBACKS = "tenure_fallbacks_total"
LATENCY = "tenure_request_duration_seconds_bucket"
SCORES = "tenure_score_bucket"
FAMILIES = (REQUESTS, FALLBACKS, LATENCY, SCORES)

LOOKBACK_S = 300.0
"""How far before a window the sample is looked for that a counter is counted from."""

LONGEST_WINDOW_S = 3600.0
"""After a longer absence, what lies further back is neither evidence nor counted."""

LARGEST_ANSWER_BYTES = 256 * 2**20

_FAILED = re.compile(r"5\d\d")

Samples = list[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """One counter's samples by time (seconds since the epoch). ``label`` is its bound or code, "" if it has neither."""

    family: str
    pod: str
    label: str
    samples: Samples
    model: str = ""


class Prometheus:
    """A Prometheus server."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s

    def observe(self, asked: Question) -> Window | NoData:
        """What both Deployments' pods did; ``NoData`` if that cannot be said."""
        asked = replace(asked, start=max(asked.start, asked.now - LONGEST_WINDOW_S))
        span_s = math.ceil(asked.now - asked.start + LOOKBACK_S)
        names = "|".join(FAMILIES)
        pods = f"({asked.canary}|{asked.stable})-[a-z0-9]+-[a-z0-9]+"
        query = f'{{__name__=~"{names}",namespace="{asked.namespace}",pod=~"{pods}"}}[{span_s}s]'
        try:
            return count([_series(result) for result in self._query(query, asked.now)], asked)
        except SourceError as error:
            return NoData(str(error))
        except (ValueError, KeyError, TypeError) as error:
            return NoData(f"Prometheus at {self.url}: {type(error).__name__}: {error}")

    def _query(self, query: str, now: float) -> list[dict[str, Any]]:
        form = urllib.parse.urlencode({"query": query, "time": f"{now:.3f}", "timeout": f"{self.timeout_s:g}s"})
        request = urllib.request.Request(f"{self.url}/api/v1/query", data=form.encode())  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310
                body = answer.read(LARGEST_ANSWER_BYTES)
        except urllib.error.HTTPError as error:
            raise SourceError(f"Prometheus at {self.url}: HTTP {error.code}: {_said(error.read(10_000))}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise SourceError(f"Prometheus at {self.url} does not answer: {reason}") from error
        document = json.loads(body)
        if document.get("status") != "success" or document["data"]["resultType"] != "matrix":
            raise SourceError(f"Prometheus at {self.url}: {_said(body)}")
        results: list[dict[str, Any]] = document["data"]["result"]
        return results


def count(series: Iterable[Series], asked: Question) -> Window | NoData:
    """Both sides' counts from raw samples; ``NoData`` if they do not tell."""
    sides: dict[str, list[Series]] = {"canary": [], "stable": []}
    for item in series:
        for side, deployment in (("canary", asked.canary), ("stable", asked.stable)):
            if re.fullmatch(rf"{re.escape(deployment)}-[a-z0-9]+-[a-z0-9]+", item.pod):
                sides[side].append(item)
    for side in asked.need:
        lacking = _lacking(side, sides[side], asked)
        if lacking:
            return NoData(lacking)
    # A counter without a sample before the window began with it, if anything at all was being scraped then.
    scraped = any(when <= asked.start for items in sides.values() for item in items for when, _ in item.samples)
    try:
        counted = {side: _side(items, asked.start, from_zero=scraped) for side, items in sides.items()}
    except ValueError as error:
        return NoData(str(error))
    # Of scores two versions may have different ones: each has them where its own scores lie.
    bounds = {tuple(sorted(side.latency_s.counts)) for side in counted.values()} - {()}
    if len(bounds) > 1:
        return NoData("canary and stable keep durations with different bounds")
    return Window(asked.start, asked.now, canary=counted["canary"], stable=counted["stable"])


def _lacking(side: str, items: list[Series], asked: Question) -> str:
    for family in FAMILIES:
        newest = max((item.samples[-1][0] for item in items if item.family == family and item.samples), default=None)
        if newest is None:
            return f"no samples of {family} from {side} pods"
        if asked.now - newest > asked.stale_s:
            return f"newest sample of {family} from {side} pods is {asked.now - newest:.0f} s old"
    return ""


def _side(items: list[Series], start: float, *, from_zero: bool) -> Side:
    grown = [(item, growth(item.samples, start, from_zero=from_zero)) for item in items]
    requests = [(item.label, grown_by) for item, grown_by in grown if item.family == REQUESTS]
    return Side(
        requests=round(sum(grown_by for _, grown_by in requests)),
        errors=round(sum(grown_by for code, grown_by in requests if _FAILED.fullmatch(code))),
        fallbacks=round(sum(grown_by for item, grown_by in grown if item.family == FALLBACKS)),
        latency_s=_histogram(LATENCY, grown),
        scores=_histogram(SCORES, grown),
    )


def growth(samples: Samples, start: float, *, from_zero: bool) -> float:
    """How much a counter grew after ``start``; a value that falls is a restart, counted from 0.

    Raises:
        ValueError: if a sample is NaN, infinite or negative.
    """
    total = 0.0
    before = None
    for when, value in samples:
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"a counter is {value}")
        if when <= start:
            before = value
            continue
        if before is None:
            before = 0.0 if from_zero else value
        total += value - before if value >= before else value
        before = value
    return total


def _histogram(family: str, grown: list[tuple[Series, float]]) -> Histogram:
    """The sum over all pods and models, at the bounds that all of them have."""
    parts: dict[tuple[str, str], dict[float, float]] = defaultdict(dict)
    for item, grown_by in grown:
        if item.family == family:
            parts[item.pod, item.model][float(item.label)] = grown_by
    common = set.intersection(*map(set, parts.values())) if parts else set()
    return Histogram({bound: round(sum(part[bound] for part in parts.values())) for bound in common})


def _series(result: dict[str, Any]) -> Series:
    metric = result["metric"]
    label = metric.get("le") or metric.get("code", "")
    samples = [(float(when), float(value)) for when, value in result["values"]]
    return Series(metric["__name__"], metric["pod"], label, samples, metric.get("model", ""))


def _said(body: bytes) -> str:
    try:
        text = str(json.loads(body).get("error", ""))
    except (ValueError, AttributeError):
        text = body[:200].decode(errors="replace")
    return " ".join(text.split())[:200] or "no explanation"
