"""REST of the model server: answers, and errors for malformed requests."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from documents import assert_valid
from server_process import Server, offline, server, texts, typed

from tenure import bundle
from tenure.protocol import get_json, infer_request, predictions

pytestmark = pytest.mark.slow


def test_answers_are_the_offline_ones(server: Server, offline: bundle.Bundle, texts: dict, typed: dict) -> None:
    expected = offline.predict(texts, explain=3)
    for columns in (texts, typed, dict(reversed(list(typed.items())))):
        answer = server.infer(infer_request(columns, explain=3, request_id="7"))
        rows = predictions(answer)
        assert_valid("prediction-answer", answer)
        assert answer["id"] == "7"
        assert answer["model_version"] == offline.version == server.ready["models"]["telco"]
        assert np.abs(np.array([row["probability"] for row in rows]) - expected.probability).max() <= 1e-9
        assert [row["decision"] for row in rows] == expected.decision.tolist()
        assert [row["band"] for row in rows] == expected.band
        assert [row["recommendation"] for row in rows] == expected.recommendation
        assert [[column for column, _ in row["reasons"]] for row in rows] == [
            [reason.column for reason in row] for row in expected.reasons
        ]


def test_more_rows_than_are_answered_inline(server: Server, offline: bundle.Bundle, small_bundle: Any) -> None:
    columns = {name: small_bundle.rows[name].to_pylist() for name in small_bundle.rows.column_names}
    rows = predictions(server.infer(infer_request(columns)))
    assert np.abs(np.array([row["probability"] for row in rows]) - offline.predict(columns).probability).max() <= 1e-9


def test_parameters_outputs_and_flags(server: Server, typed: dict) -> None:
    one = {name: values[:1] for name, values in typed.items()}
    assert predictions(server.infer(infer_request(one, threshold=0.0)))[0]["decision"] is True
    assert predictions(server.infer(infer_request(one, threshold=1.0)))[0]["decision"] is False
    odd = one | {"TotalCharges": [None], "PaymentMethod": ["Cowrie shells"], "MonthlyCharges": [501.0]}
    row = predictions(server.infer(infer_request(odd)))[0]
    assert (row["imputed"], row["unknown"], row["out_of_range"]) == (
        ["TotalCharges"],
        ["PaymentMethod"],
        ["MonthlyCharges"],
    )
    answer = server.infer(infer_request(one) | {"outputs": [{"name": "band"}]})
    assert [output["name"] for output in answer["outputs"]] == ["band"]
    metrics = server.metrics()
    assert 'tenure_flagged_values_total{column="PaymentMethod",flag="unknown",model="telco"}' in metrics
    assert 'tenure_fallbacks_total{kind="companion",model="telco"} 0.0' in metrics
    assert f'version="{server.ready["models"]["telco"]}"}} 1.0' in metrics
    assert 'request_predict_seconds_count{model_name="telco"}' in metrics


def test_metadata_and_health(server: Server, offline: bundle.Bundle) -> None:
    metadata = get_json(f"{server.url}/v2/models/telco", timeout_s=20)
    assert metadata["versions"] == [offline.version]
    datatypes = {entry["name"]: entry["datatype"] for entry in metadata["inputs"]}
    assert set(datatypes) == set(offline.contract.inputs)
    assert (datatypes["tenure"], datatypes["Contract"], datatypes["Partner"]) == ("INT64", "BYTES", "BOOL")
    assert {entry["name"] for entry in metadata["outputs"]} >= {"probability", "decision", "band", "reasons"}
    assert get_json(f"{server.url}/v2/health/ready", timeout_s=20) == {"ready": True}
    assert get_json(f"{server.url}/v2/health/live", timeout_s=20) == {"live": True}
    assert get_json(f"{server.url}/v2/models/telco/ready", timeout_s=20)["ready"] is True
    assert get_json(f"{server.url}/v2/models", timeout_s=20) == {"models": ["telco"]}


def test_the_version_may_be_in_the_path(server: Server, offline: bundle.Bundle, typed: dict) -> None:
    body = json.dumps(infer_request(typed)).encode()
    assert server.send(body, path=f"versions/{offline.version}/infer")[0] == 200
    versioned = f"{server.url}/v2/models/telco/versions/{offline.version}"
    assert get_json(versioned, timeout_s=20) == get_json(f"{server.url}/v2/models/telco", timeout_s=20)
    assert get_json(f"{versioned}/ready", timeout_s=20) == {"name": "telco", "ready": True}
    status, content, _ = server.send(body, path="versions/000000000000/infer")
    assert (status, json.loads(content)["error"][:29]) == (404, "model 'telco' has version " + offline.version[:3])


def test_the_requests_id_is_kept_or_made_and_logged(server: Server, typed: dict) -> None:
    body = json.dumps(infer_request(typed)).encode()
    _, content, headers = server.send(body, {"Content-Type": "application/json", "X-Request-ID": "mine-1"})
    assert (headers["x-request-id"], json.loads(content)["id"]) == ("mine-1", "mine-1")
    _, _, headers = server.send(body)
    assert len(headers["x-request-id"]) == 32
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    mine = [line for line in lines if line.get("request_id") == "mine-1"]
    assert [(line["path"], line["status"]) for line in mine] == [("/v2/models/telco/infer", 200)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda inputs: inputs.pop(), "is missing"),
        (lambda inputs: inputs.append({**inputs[0], "name": "tenur"}), "did you mean 'tenure'"),
        (lambda inputs: inputs.append(inputs[0]), "is given twice"),
        (lambda inputs: inputs[3].update(data=["many"] * 20, datatype="BYTES"), "'tenure', row 1"),
        (lambda inputs: inputs[3].update(data=[1.5] * 20, datatype="FP64"), "'tenure', row 1"),
        (lambda inputs: inputs[3].update(data=[1]), "'tenure'"),
        (lambda inputs: inputs[3].update(shape=[1]), "'tenure'"),
        (lambda inputs: inputs[3].update(shape=[20, 2]), "'tenure'"),
        (lambda inputs: inputs[3].update(datatype="COMPLEX"), "'tenure'"),
        (lambda inputs: inputs[3].update(shape=[1], data=[1]), "'tenure' has 1 rows"),
        (lambda inputs: inputs[5].update(data=[["nested"]] * 20), "'MultipleLines'"),
        (lambda inputs: inputs[5].update(data=["NUL\0"] * 20), "'MultipleLines', row 1"),
        (lambda inputs: inputs.clear(), "'inputs' is missing or empty"),
        (lambda inputs: [entry.update(shape=[0], data=[]) for entry in inputs], "no rows"),
    ],
)
def test_bad_values_name_the_column(server: Server, typed: dict, change: Callable, message: str) -> None:
    document = infer_request(typed)
    change(document["inputs"])
    status, content, headers = server.send(json.dumps(document).encode())
    assert status == 400, content
    error = json.loads(content)["error"]
    assert message in error
    assert "\n" not in error
    assert "Traceback" not in error
    assert headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"{", {}),
        (b"\xff" * 100, {}),
        (b"[" * 100_000, {}),
        (b'{"a":' * 20_000, {}),
        (b'{"inputs": [{"name": "tenure", "shape": [1], "datatype": "FP64", "data": [NaN]}]}', {}),
        (b'{"inputs": [{"name": "tenure", "shape": [1], "datatype": "FP64", "data": [1e999]}]}', {}),
        (b'{"inputs": [{"name": "\\ud800", "shape": [1], "datatype": "FP64", "data": [1]}]}', {}),
        (b'{"inputs": 5}', {"Content-Type": "text/html"}),
        (b"{}", {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "-5"}),
        (b"{}", {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "2000"}),
        (b"{}", {"Content-Type": "application/cloudevents+json", "ce-id": "1", "ce-source": "x", "ce-type": "y"}),
        (b"\x1f\x8b\x08", {"Content-Encoding": "gzip"}),
        (b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}),
    ],
)
def test_invalid_bodies(server: Server, body: bytes, headers: dict[str, str]) -> None:
    status, content, _ = server.send(body, {"Content-Type": "application/json"} | headers)
    assert status == 400, content
    assert set(json.loads(content)) == {"error"}


def test_a_body_past_the_limit_is_cut_off(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=20)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request("POST", "/v2/models/telco/infer", b" " * (33 * 2**20))
    response = connection.getresponse()
    assert response.status == 413
    assert "more than" in json.loads(response.read())["error"]
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/models/other/infer", 404),
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/other/ready", 404),
        ("GET", "/v2/models/telco/infer", 405),
        ("GET", "/etc/passwd", 404),
        ("POST", "/v1/models/telco:predict", 400),
        ("POST", "/v1/models/telco:explain", 400),
        ("POST", "/v2/repository/models/telco/unload", 400),
        ("POST", "/v2/repository/models/telco/load", 400),
        ("GET", "/v2/models/telco/versions/1", 404),
        ("GET", "/v2/models/telco/versions/1/ready", 404),
    ],
)
def test_other_paths(server: Server, method: str, path: str, status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=20)
    connection.request(method, path, b"{}" if method == "POST" else None, {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    assert (response.status, set(json.loads(content))) == (status, {"error"})
    assert get_json(f"{server.url}/v2/models/telco/ready", timeout_s=20)["ready"] is True


def test_a_request_that_stops_half_way(server: Server, typed: dict) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.http_port), timeout=20) as half:
            half.sendall(b"POST /v2/models/telco/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    assert len(predictions(server.infer(infer_request(typed)))) == 20


def test_no_bad_request_left_a_trace(server: Server) -> None:
    server.send(b"{")
    assert "Traceback" not in server.log.read_text()
