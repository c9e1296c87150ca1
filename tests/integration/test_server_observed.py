"""Prediction log, cache, traces and slow requests of the model server."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bundle_variants import variant
from load import wait_until
from pyarrow import csv
from server_process import command, offline, started, texts, typed

from tenure import bundle, prediction_log
from tenure.contract.settings import Source
from tenure.parsing import parse_batch
from tenure.privacy import Pseudonyms
from tenure.protocol import infer_request
from tenure.stats import build

pytestmark = pytest.mark.slow

SECRET = "k" * 40
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def spans() -> Any:
    """Bodies received by an OTLP receiver."""
    came: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, came
    server.shutdown()
    server.server_close()


def test_metrics_and_logs_of_a_day(
    small_bundle: Any,
    offline: bundle.Bundle,
    texts: dict,
    typed: dict,
    spans: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port, came = spans
    monkeypatch.setenv("TENURE_LOG_HASH_KEY", SECRET)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    options = ["--prediction-log", str(tmp_path / "predictions"), "--cache-entries", "100", "--slow-ms", "0"]
    with started(small_bundle.folder, tmp_path / "log", *options) as server:
        one = {name: values[:1] for name, values in typed.items()}
        answers = [server.infer(infer_request(one)) for _ in range(3)]
        assert [answer["outputs"] for answer in answers[1:]] == [answers[0]["outputs"]] * 2
        other = server.infer(infer_request(one, threshold=1.0))
        assert other["outputs"] != answers[0]["outputs"]
        headers = {"X-Request-ID": "all-20", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        status, _, _ = server.send(json.dumps(infer_request(texts)).encode(), headers)
        assert status == 200
        assert server.send(b"{")[0] == 400
        metrics = server.metrics()
    # The server has ended, and with it all was written that waited.
    for line in (
        'tenure_cache_total{model="telco",outcome="hit"} 2.0',
        'tenure_cache_total{model="telco",outcome="miss"} 2.0',
        "tenure_cached_answers 2.0",
        'tenure_slow_requests_total{model="telco"} 6.0',
        'tenure_rows_total{model="telco"} 24.0',
        'tenure_requests_total{code="400",model="telco"} 1.0',
        "tenure_requests_in_flight 0.0",
    ):
        assert line in metrics, line
    logged = prediction_log.newest(str(tmp_path / "predictions"), 100)
    assert len(logged) == 24
    twenty = {row.row: row for row in logged if row.request_id == "all-20"}
    expected = offline.predict(texts)
    assert [twenty[n].score for n in range(20)] == pytest.approx(expected.probability.tolist(), abs=1e-9)
    assert [twenty[n].customer for n in range(20)] == [Pseudonyms(SECRET).of(key) for key in texts["customerID"]]
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    slow = [line for line in lines if line["message"] == "slow request"]
    assert {"read_ms", "predict_ms", "write_ms", "rows"} <= set(slow[0])
    content = b"".join(came)
    assert content.count(b"/v2/models/{model}/infer") == 6
    assert bytes.fromhex(TRACE) in content
    assert b"predict" in content
    for place in (server.log.read_text(), *map(str, logged)):
        assert texts["customerID"][0] not in place


def test_monitoring_judges_by_what_the_server_logged(small_bundle: Any, tmp_path: Path) -> None:
    """Requests for customers at high risk only: the distribution of probabilities drifts."""
    from components.monitor import logic

    watched = with_profile(small_bundle, tmp_path / "bundle")
    loaded = bundle.read(watched)
    riskiest = np.argsort(-loaded.predict(columns_of(small_bundle.rows)).probability)[:210]
    log = str(tmp_path / "predictions")
    options = ["--prediction-log", log, "--prediction-log-flush-s", "0.5", "--no-grpc", "--workers", "2"]
    with started(watched, tmp_path / "log", *options) as server:
        for place in np.split(riskiest, 15):
            server.infer(infer_request(columns_of(small_bundle.rows.take(place))))
        # What is older than that outlives workers that are killed.
        wait_until(lambda: sum(pq.read_metadata(file).num_rows for file in Path(log).rglob("*.parquet")) == 210)
        for worker in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split():
            os.kill(int(worker), signal.SIGKILL)
    csv.write_csv(small_bundle.rows, tmp_path / "table.csv")
    table = Source(uri=str(tmp_path / "table.csv"))
    found = logic.run(
        bundle=watched,
        current=table,
        monitoring=tmp_path / "out",
        reference=table,
        log=log,
    )
    assert found["verdict"] == "retrain"
    assert found["reasons"][0].startswith("the probabilities moved far")
    assert found["scores"]["mean_now"] > 2 * found["scores"]["mean_then"]
    assert found["scores"]["of"] == str(tmp_path / "predictions")


def columns_of(rows: pa.Table) -> dict[str, list]:
    return {name: rows[name].to_pylist() for name in rows.column_names}


def with_profile(small_bundle: Any, target: Path) -> Path:
    given = bundle.read(small_bundle.folder)
    parsed, _ = parse_batch(small_bundle.rows.combine_chunks().to_batches()[0], given.contract.inputs)
    profile = json.dumps(build([parsed], given.contract.inputs).to_dict()).encode()
    variant(small_bundle.folder, target, lambda contents: contents.update({"profile.json": profile}))
    return target


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TENURE_LOG_HASH_KEY", "short", "has 5 characters"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "this server sends"),
    ],
)
def test_an_environment_that_cannot_hold(
    small_bundle: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    import subprocess

    monkeypatch.setenv(name, value)
    arguments = ["--model", f"telco={small_bundle.folder}", "--workers", "2"]
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert message in json.loads(line)["message"]
