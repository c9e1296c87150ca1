"""The counts of canary and stable, from the server's metrics in Prometheus.

Four families are read, each with the labels ``namespace`` and ``pod`` that Prometheus' Kubernetes discovery sets:

    tenure_requests_total{code}                     answered requests; code is HTTP's, or its equivalent for gRPC
    tenure_fallbacks_total                          answered by the fallback; must be exposed at 0 too
    tenure_request_duration_seconds_bucket{le}      requests by duration
    tenure_score_bucket{le}                         requests by probability or value of one of their rows

Raw samples are fetched and counted here rather than by ``increase()``, which extrapolates, and which drops the value
of a counter at its first scrape: a canary whose pods fail from their first second would have no errors. Counting from
sample to sample also makes windows adjacent without gap or overlap, after whatever pause.
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

from rollout.evidence.window import Histogram, MetricsQuery, NoData, Side, Window
from tenure.errors import SourceError, one_line

REQUESTS = "tenure_requests_total"
FALLBACKS = "tenure_fallbacks_total"
LATENCY = "tenure_request_duration_seconds_bucket"
SCORES = "tenure_score_bucket"
FAMILIES = (REQUESTS, FALLBACKS, LATENCY, SCORES)

LOOKBACK_S = 300.0
"""How far before a window the last sample before it may lie, from which a counter is counted."""

LONGEST_WINDOW_S = 3600.0
"""After a longer pause of the controller, earlier samples are ignored."""

LARGEST_ANSWER_BYTES = 256 * 2**20

_FAILED = re.compile(r"5\d\d")

Samples = list[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """One counter's samples by time (seconds since the epoch). ``label`` is its bound or code, "" without either."""

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

    def observe(self, query: MetricsQuery) -> Window | NoData:
        """The counts of both Deployments' pods; ``NoData`` if they cannot be determined."""
        query = replace(query, start=max(query.start, query.now - LONGEST_WINDOW_S))
        span_s = math.ceil(query.now - query.start + LOOKBACK_S)
        names = "|".join(FAMILIES)
        pods = f"({query.canary}|{query.stable})-[a-z0-9]+-[a-z0-9]+"
        selector = f'{{__name__=~"{names}",namespace="{query.namespace}",pod=~"{pods}"}}[{span_s}s]'
        try:
            return count([_series(result) for result in self._query(selector, query.now)], query)
        except SourceError as error:
            return NoData(str(error))
        except (ValueError, KeyError, TypeError) as error:
            return NoData(f"Prometheus at {self.url}: {type(error).__name__}: {error}")

    def _query(self, selector: str, now: float) -> list[dict[str, Any]]:
        form = urllib.parse.urlencode({"query": selector, "time": f"{now:.3f}", "timeout": f"{self.timeout_s:g}s"})
        request = urllib.request.Request(f"{self.url}/api/v1/query", data=form.encode())  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310
                body = answer.read(LARGEST_ANSWER_BYTES)
        except urllib.error.HTTPError as error:
            raise SourceError(f"Prometheus at {self.url}: HTTP {error.code}: {_error(error.read(10_000))}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise SourceError(f"Prometheus at {self.url} does not answer: {reason}") from error
        document = json.loads(body)
        if document.get("status") != "success" or document["data"]["resultType"] != "matrix":
            raise SourceError(f"Prometheus at {self.url}: {_error(body)}")
        results: list[dict[str, Any]] = document["data"]["result"]
        return results


def count(series: Iterable[Series], query: MetricsQuery) -> Window | NoData:
    """Both sides' counts from raw samples; ``NoData`` if a required side has none, or one is invalid."""
    sides: dict[str, list[Series]] = {"canary": [], "stable": []}
    for item in series:
        for side, deployment in (("canary", query.canary), ("stable", query.stable)):
            if re.fullmatch(rf"{re.escape(deployment)}-[a-z0-9]+-[a-z0-9]+", item.pod):
                sides[side].append(item)
    for side in query.required:
        missing = _missing(side, sides[side], query)
        if missing:
            return NoData(missing)
    # A counter without a sample before the window started within it, if other counters were scraped before it.
    scraped = any(when <= query.start for items in sides.values() for item in items for when, _ in item.samples)
    try:
        counted = {side: _side(items, query.start, from_zero=scraped) for side, items in sides.items()}
    except ValueError as error:
        return NoData(str(error))
    # The bounds of scores may differ: each version has them where its own scores lie.
    bounds = {tuple(sorted(side.latency_s.counts)) for side in counted.values()} - {()}
    if len(bounds) > 1:
        return NoData("the latency histograms of canary and stable have different bounds")
    return Window(query.start, query.now, canary=counted["canary"], stable=counted["stable"])


def _missing(side: str, items: list[Series], query: MetricsQuery) -> str:
    for family in FAMILIES:
        newest = max((item.samples[-1][0] for item in items if item.family == family and item.samples), default=None)
        if newest is None:
            return f"no samples of {family} from {side} pods"
        if query.now - newest > query.stale_s:
            return f"newest sample of {family} from {side} pods is {query.now - newest:.0f} s old"
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
    """The increase of a counter after ``start``; a decrease is a restart, counted from 0.

    Raises:
        ValueError: a sample is NaN, infinite or negative.
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
    """The sum over all pods and models, at the bounds that they share."""
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


def _error(body: bytes) -> str:
    try:
        text = str(json.loads(body).get("error", ""))
    except (ValueError, AttributeError):
        text = body[:200].decode(errors="replace")
    return one_line(text, 200) or "no explanation"
