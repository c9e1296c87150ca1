"""The queries against a real Prometheus that scrapes two real exporters."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from rollout.evidence.prometheus import Prometheus
from rollout.evidence.window import MetricsQuery, NoData, Window

PROMETHEUS = shutil.which("prometheus")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROMETHEUS is None, reason="Prometheus is not installed")]
SCRAPE_S = 0.5


class Pod:
    """An exporter with the server's four families."""

    def __init__(self) -> None:
        self.good, self.failed, self.nan = 0, 0, False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outer.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.port = self.server.server_address[1]

    def text(self) -> str:
        n = self.good + self.failed
        lines = [f'tenure_requests_total{{model="churn",protocol="rest",code="200"}} {self.good}']
        if self.failed:
            lines.append(f'tenure_requests_total{{model="churn",protocol="grpc",code="500"}} {self.failed}')
        lines.append(f'tenure_fallbacks_total{{model="churn"}} {"NaN" if self.nan else 0}')
        for le, count in (("0.01", self.good), ("0.5", n), ("+Inf", n)):
            lines.append(f'tenure_request_duration_seconds_bucket{{model="churn",le="{le}"}} {count}')
        for le, count in (("0.5", self.good // 2), ("1.0", self.good), ("+Inf", self.good)):
            lines.append(f'tenure_score_bucket{{model="churn",le="{le}"}} {count}')
        return "\n".join(lines) + "\n"


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[tuple[Prometheus, Pod, Pod]]:
    canary, stable = Pod(), Pod()
    stable.good = 1000
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    targets = [
        {"targets": [f"127.0.0.1:{pod.port}"], "labels": {"namespace": "tenure", "pod": name}}
        for pod, name in ((canary, "churn-v7-predictor-7d4f9-x2k8p"), (stable, "churn-predictor-5c6b7-q9w8e"))
    ]
    settings = {
        "global": {"scrape_interval": f"{round(SCRAPE_S * 1000)}ms"},
        "scrape_configs": [{"job_name": "pods", "static_configs": targets}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(settings))
    arguments = [
        str(PROMETHEUS),
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(lambda: urllib.request.urlopen(f"{url}/-/ready", timeout=2).status == 200)
            yield Prometheus(url), canary, stable
        finally:
            process.terminate()
            for pod in (canary, stable):
                pod.server.shutdown()
                pod.server.server_close()


def _wait(holds: Any, limit_s: float = 30.0) -> None:
    ends = time.monotonic() + limit_s
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        assert time.monotonic() < ends, "Prometheus did not come up"
        time.sleep(0.1)


def _asked(start: float, need: tuple[str, ...] = ("canary", "stable")) -> MetricsQuery:
    return MetricsQuery("tenure", "churn-v7-predictor", "churn-predictor", start, time.time(), 30.0, need)


def test_windows_add_up_to_what_the_pods_did(setup: tuple[Prometheus, Pod, Pod]) -> None:
    prometheus, canary, stable = setup
    _wait(lambda: isinstance(prometheus.observe(_asked(time.time() - 5)), Window))
    start = time.time()
    time.sleep(2 * SCRAPE_S)
    seen = {"requests": 0, "errors": 0, "stable": 0, "slow": 0}
    for look in range(6):
        canary.good += 7
        stable.good += 100
        if look >= 2:
            canary.failed += 3  # a series that appears in mid-flight
        time.sleep(2 * SCRAPE_S)
        window = prometheus.observe(_asked(start))
        assert isinstance(window, Window), window
        start = window.end
        seen["requests"] += window.canary.requests
        seen["errors"] += window.canary.errors
        seen["stable"] += window.stable.requests
        seen["slow"] += window.canary.latency_s.above(0.01)
    assert seen == {"requests": 42 + 12, "errors": 12, "stable": 600, "slow": 12}


def test_nan_absence_and_age(setup: tuple[Prometheus, Pod, Pod]) -> None:
    prometheus, canary, _stable = setup
    _wait(lambda: isinstance(prometheus.observe(_asked(time.time() - 5)), Window))
    absent = MetricsQuery(
        "tenure", "churn-v8-predictor", "churn-predictor", time.time() - 5, time.time(), 30.0, ("canary",)
    )
    found = prometheus.observe(absent)
    assert isinstance(found, NoData) and "no samples of tenure_requests_total from canary pods" in found.reason
    canary.nan = True
    time.sleep(3 * SCRAPE_S)
    found = prometheus.observe(_asked(time.time() - 1.2))
    assert isinstance(found, NoData) and "nan" in found.reason
