"""Traces as a collector receives them, and log lines of slow requests."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import pytest

from serving.inference.call import Answered, Call
from serving.observation import logs, metrics
from serving.observation.slow_log import SlowLog, seconds_by_part
from serving.observation.tracing import Tracing, enabled
from serving.v2.query import Query
from serving.v2.request import Options
from tenure.errors import InputError

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
MODEL: Any = SimpleNamespace(name="telco", bundle=SimpleNamespace(version="v1"))


def answered(headers: list[tuple[bytes, bytes]], code: int = 200, read: bool = True, method: str = "POST") -> Answered:
    call = Call(method, "/v2/models/telco/infer", "telco", None, headers, "id-1")
    call.started = perf_counter() - 0.2
    read_at, predicted_at = (call.started + 0.05, call.started + 0.15) if read else (0.0, 0.0)
    query = Query({}, 3, Options(explain=2), None, None) if read else None
    return Answered(call, code, 0.2, read_at, predicted_at, MODEL, query, None, False, "", "why")


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    """An OTLP receiver: its address, and the requests that came."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    came: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            came.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", came
    server.shutdown()
    server.server_close()


def test_a_collector_gets_the_spans(collector: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url, came = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    assert enabled()
    tracing = Tracing()
    parent = f"00-{TRACE}-{PARENT}-01".encode()
    tracing.note(answered([(b"traceparent", parent), (b"tracestate", b"vendor=1")]))
    tracing.note(answered([], code=503, read=False))
    tracing.note(answered([(b"traceparent", b"rubbish")], method="gRPC"))
    tracing.note(answered([(b"traceparent", f"00-{TRACE}-{PARENT}-00".encode())]))  # its caller does not sample it
    tracing.close(10)
    assert {path for path, _ in came} == {"/v1/traces"}
    resources = [resource for _, request in came for resource in request.resource_spans]
    assert any(
        (attribute.key, attribute.value.string_value) == ("service.name", "tenure-serving")
        for attribute in resources[0].resource.attributes
    )
    spans = [span for resource in resources for scope in resource.scope_spans for span in scope.spans]
    requests = [span for span in spans if span.kind == 2]
    assert [span.name for span in requests] == [
        "POST /v2/models/{model}/infer",
        "POST /v2/models/{model}/infer",
        "gRPC /inference.GRPCInferenceService/ModelInfer",
    ]
    first, failed, _ = requests
    assert (first.trace_id.hex(), first.parent_span_id.hex()) == (TRACE, PARENT)
    attributes = {attribute.key: attribute.value for attribute in first.attributes}
    assert attributes["tenure.model.version"].string_value == "v1"
    assert attributes["tenure.rows"].int_value == 3
    parts = [span for span in spans if span.parent_span_id == first.span_id]
    assert [span.name for span in parts] == ["read", "predict", "write"]
    took_ms = [(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6 for span in parts]
    assert took_ms == pytest.approx([50, 100, 50], abs=1)
    assert parts[-1].end_time_unix_nano == pytest.approx(first.end_time_unix_nano, abs=1e4)
    assert (failed.status.code, failed.status.message) == (2, "why")
    assert failed.trace_id.hex() != TRACE


def test_a_collector_that_is_down_delays_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    tracing = Tracing()
    started = perf_counter()
    for _ in range(3_000):
        tracing.note(answered([]))
    assert perf_counter() - started < 10
    tracing.close(1)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
    ],
)
def test_the_environment_enables_traces(environment: dict[str, str], expected: bool) -> None:
    assert enabled(environment) is expected


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_missing_columns_are_named(environment: dict[str, str]) -> None:
    with pytest.raises(InputError, match="this server sends"):
        enabled(environment)


def test_a_slow_request_is_logged_with_the_time_of_its_parts(caplog: pytest.LogCaptureFixture) -> None:
    metrics.share(1)
    metrics.take(0)
    slow = SlowLog(100.0)
    quick = answered([])
    quick.took_s = 0.099
    with caplog.at_level(logging.WARNING, logger=logs.server.name):
        slow.note(quick)
        slow.note(answered([]))
        slow.note(answered([], code=400, read=False))
    first, second = [json.loads(logs.JsonFormatter().format(record)) for record in caplog.records]
    assert (first["message"], first["request_id"], first["rows"], first["explain"]) == ("slow request", "id-1", 3, 2)
    assert [first[f"{part}_ms"] for part in ("took", "read", "predict", "write")] == pytest.approx([200, 50, 100, 50])
    assert (second["read_ms"], "predict_ms" in second) == (pytest.approx(200), False)
    assert seconds_by_part(answered([])).keys() == {"read", "predict", "write"}
    assert b'tenure_slow_requests_total{model="telco"} 2.0' in metrics.exposition("")[0]


def test_closing_does_not_wait_for_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "8")
        tracing = Tracing()
        tracing.note(answered([]))
        began = perf_counter()
        tracing.close(0.2)
        assert perf_counter() - began < 4
