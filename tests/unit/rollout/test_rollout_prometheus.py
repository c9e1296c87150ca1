"""Counting from raw samples, and every way in which there is nothing to count."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from rollout.evidence.prometheus import (
    FALLBACKS,
    FAMILIES,
    LATENCY,
    REQUESTS,
    SCORES,
    Prometheus,
    Series,
    count,
    growth,
)
from rollout.evidence.window import MetricsQuery, NoData, Window

ASKED = MetricsQuery("tenure", "churn-v7-predictor", "churn-predictor", 1000.0, 1060.0, 120.0, ("canary", "stable"))
CANARY, STABLE = "churn-v7-predictor-7d4f9-x2k8p", "churn-predictor-5c6b7-q9w8e"
TIMES = (985.0, 1000.0, 1015.0, 1030.0, 1045.0, 1060.0)


def series(pod: str, per_look: int = 10, errors: int = 0, since: float = 985.0) -> list[Series]:
    """A pod that answers ``per_look`` requests between two scrapes; counters start at 0 at ``since``."""

    def rising(step: float) -> list[tuple[float, float]]:
        return [(when, step * number) for number, when in enumerate(time for time in TIMES if time >= since)]

    return [
        Series(REQUESTS, pod, "200", rising(per_look - errors)),
        Series(REQUESTS, pod, "503", rising(errors)),
        Series(FALLBACKS, pod, "", rising(1)),
        *[Series(LATENCY, pod, bound, rising(share * per_look)) for bound, share in (("0.01", 0.9), ("+Inf", 1))],
        *[
            Series(SCORES, pod, bound, rising(share * per_look))
            for bound, share in (("0.5", 0.7), ("1.0", 1), ("+Inf", 1))
        ],
    ]


def test_counts_both_sides_after_the_window_began() -> None:
    window = count([*series(CANARY, 10, errors=2), *series(STABLE, 100)], ASKED)
    assert isinstance(window, Window)
    assert (window.canary.requests, window.canary.errors, window.canary.fallbacks) == (40, 8, 4)
    assert (window.stable.requests, window.stable.errors) == (400, 0)
    assert window.canary.latency_s.counts == {0.01: 36, math.inf: 40}
    assert window.canary.scores.counts == {0.5: 28, 1.0: 40, math.inf: 40}


def test_windows_meet_without_gap_or_overlap() -> None:
    everything = [*series(CANARY), *series(STABLE)]
    first = count(everything, replace(ASKED, start=985.0, now=1020.0))
    # What a later look sees of the past is cut where the first one ended.
    second = count(everything, replace(ASKED, start=1020.0, now=1060.0))
    whole = count(everything, replace(ASKED, start=985.0, now=1060.0))
    assert isinstance(first, Window) and isinstance(second, Window) and isinstance(whole, Window)
    # The first look came after the sample at 1015 and before the one at 1030.
    early = [replace(item, samples=[pair for pair in item.samples if pair[0] <= 1020]) for item in everything]
    first = count(early, replace(ASKED, start=985.0, now=1020.0))
    assert isinstance(first, Window)
    assert first.canary.requests + second.canary.requests == whole.canary.requests == 50


def test_a_restarted_counter_is_counted_from_zero() -> None:
    assert growth([(1.0, 100.0), (2.0, 110.0), (3.0, 4.0), (4.0, 9.0)], 1.0, from_zero=False) == 10 + 4 + 5


def test_errors_of_a_new_pod_are_not_lost_with_its_first_scrape() -> None:
    """The canary fails 50 times before it is scraped first; ``increase()`` would say 0."""
    mine = [
        Series(REQUESTS, CANARY, "503", [(1030.0, 50.0), (1045.0, 50.0), (1060.0, 50.0)]),
        *series(CANARY, since=1030.0)[2:],
    ]
    window = count([*mine, *series(STABLE)], ASKED)
    assert isinstance(window, Window)
    assert (window.canary.requests, window.canary.errors) == (50, 50)


def test_after_a_gap_in_prometheus_old_counts_are_not_news() -> None:
    late = [
        replace(item, samples=[(when, value + 1e6) for when, value in item.samples if when >= 1030])
        for item in [*series(CANARY), *series(STABLE)]
    ]
    window = count(late, ASKED)
    assert isinstance(window, Window)
    assert window.stable.requests == 20


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("side", ["canary", "stable"])
def test_a_family_that_is_missing_is_no_data(family: str, side: str) -> None:
    pod = CANARY if side == "canary" else STABLE
    items = [item for item in [*series(CANARY), *series(STABLE)] if (item.family, item.pod) != (family, pod)]
    found = count(items, ASKED)
    assert found == NoData(f"no samples of {family} from {side} pods")


def test_a_side_that_is_not_needed_may_be_absent() -> None:
    window = count(series(STABLE), replace(ASKED, required=("stable",)))
    assert isinstance(window, Window)
    assert (window.canary.requests, window.stable.requests) == (0, 40)


def test_old_samples_are_no_data() -> None:
    found = count([*series(CANARY), *series(STABLE)], replace(ASKED, now=1300.0))
    assert found == NoData("newest sample of tenure_requests_total from canary pods is 240 s old")


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_what_no_counter_can_be_is_no_data(value: float) -> None:
    items = [*series(CANARY), *series(STABLE)]
    items[0].samples[-1] = (1060.0, value)
    assert isinstance(count(items, ASKED), NoData)


def test_more_failures_than_requests_is_no_data() -> None:
    odd = Series(FALLBACKS, CANARY, "", [(985.0, 0.0), (1060.0, 1000.0)])
    items = [*series(CANARY), *series(STABLE)]
    assert isinstance(
        count([item for item in items if item.family != FALLBACKS or item.pod != CANARY] + [odd], ASKED), NoData
    )


def relabelled(items: list[Series], pod: str, before: str, after: str) -> list[Series]:
    return [replace(item, label=after) if (item.label, item.pod) == (before, pod) else item for item in items]


def test_durations_with_different_bounds_cannot_be_compared() -> None:
    items = relabelled([*series(CANARY), *series(STABLE)], CANARY, "0.01", "0.02")
    assert count(items, ASKED) == NoData("the latency histograms of canary and stable have different bounds")


def test_two_versions_may_have_their_scores_in_different_buckets() -> None:
    window = count(relabelled([*series(CANARY), *series(STABLE, 100)], CANARY, "0.5", "0.4375"), ASKED)
    assert isinstance(window, Window)
    assert window.canary.scores.counts == {0.4375: 28, 1.0: 40, math.inf: 40}
    assert window.stable.scores.counts == {0.5: 280, 1.0: 400, math.inf: 400}


def test_pods_of_one_side_are_added_up_at_the_bounds_that_all_of_them_have() -> None:
    newer = f"{STABLE[:-5]}n3w3r"
    window = count([*series(CANARY), *series(STABLE), *relabelled(series(newer, 20), newer, "0.5", "0.4375")], ASKED)
    assert isinstance(window, Window)
    assert window.stable.scores.counts == {1.0: 40 + 80, math.inf: 40 + 80}


def test_pods_of_other_deployments_are_not_ours() -> None:
    stranger = "churn-v7-predictor-canary-7d4f9-x2k8p"
    window = count([*series(CANARY), *series(STABLE), *series(stranger, 1000)], ASKED)
    assert isinstance(window, Window) and window.canary.requests == 40 and window.stable.requests == 40


class Answering:
    """A server that says what it is told to."""

    def __init__(self) -> None:
        self.code, self.body = 200, b""

    def __enter__(self) -> str:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(outer.code)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def answering() -> Iterator[tuple[Answering, str]]:
    server = Answering()
    with server as url:
        yield server, url


@pytest.mark.parametrize(
    ("code", "body", "words"),
    [
        (503, b"upstream gone", "HTTP 503: upstream gone"),
        (422, json.dumps({"status": "error", "error": "query timed out"}).encode(), "query timed out"),
        (200, json.dumps({"status": "error", "error": "nope", "data": {}}).encode(), "nope"),
        (200, b"<html>", "JSONDecodeError"),
        (
            200,
            json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}}]}}).encode(),
            "KeyError",
        ),
        (
            200,
            json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}}).encode(),
            "no samples of",
        ),
        (200, b"", "JSONDecodeError"),
    ],
)
def test_answers_that_are_none(answering: tuple[Answering, str], code: int, body: bytes, words: str) -> None:
    server, url = answering
    server.code, server.body = code, body
    found = Prometheus(url).observe(ASKED)
    assert isinstance(found, NoData) and words in found.reason
    assert "\n" not in found.reason


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid", "not a url"])
def test_a_prometheus_that_is_away_is_no_data(url: str) -> None:
    assert isinstance(Prometheus(url, timeout_s=2).observe(ASKED), NoData)
