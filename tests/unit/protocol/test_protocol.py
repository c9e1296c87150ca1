"""The client of V2: requests from rows, records from answers, errors of one line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from serving.v2.rest import read_body, read_request
from tenure.errors import InputError, ServingError
from tenure.protocol import datatype_of, get_json, infer_request, post_json, predictions, score_of


def test_a_request_is_one_that_the_server_reads() -> None:
    columns = {
        "tenure": [1, 2],
        "charges": [29.85, float("nan")],
        "contract": ["One year", None],
        "senior": [True, False],
        "unknown": [None, None],
        "since": [date(2026, 1, 31), None],
    }
    document = infer_request(columns, explain=3, threshold=0.5, request_id="7")
    request, _ = read_request(read_body(json.dumps(document, allow_nan=False).encode(), None))
    assert (request.id, request.options.explain, request.options.threshold) == ("7", 3, 0.5)
    assert {tensor.name: (tensor.datatype, tensor.values) for tensor in request.tensors} == {
        "tenure": ("INT64", [1, 2]),
        "charges": ("FP64", [29.85, None]),
        "contract": ("BYTES", ["One year", None]),
        "senior": ("BOOL", [True, False]),
        "unknown": ("BYTES", [None, None]),
        "since": ("BYTES", ["2026-01-31", None]),
    }


@pytest.mark.parametrize(
    ("values", "datatype"),
    [
        ([1, 2.5], "FP64"),
        ([1, True], "BYTES"),
        ([1, "a"], "BYTES"),
        ([None, 1], "INT64"),
        ([None, True], "BOOL"),
        ([2**63, 1], "BYTES"),
    ],
)
def test_datatypes(values: list, datatype: str) -> None:
    assert datatype_of(values) == datatype


@pytest.mark.parametrize("columns", [{}, {"a": []}, {"a": [1], "b": [1, 2]}])
def test_invalid_columns(columns: dict) -> None:
    with pytest.raises(ValueError, match="rows"):
        infer_request(columns)


ANSWER: dict[str, Any] = {
    "model_version": "abc",
    "outputs": [
        {"name": "probability", "data": [0.5, 0.25]},
        {"name": "confidence", "data": [0.5, 0.75]},
        {"name": "decision", "data": [True, False]},
        {"name": "band", "data": ["high", "low"]},
        {"name": "recommendation", "data": ["call", ""]},
        {"name": "imputed", "data": ["a,b", ""]},
        {"name": "unknown", "data": ["", "c"]},
        {"name": "out_of_range", "data": ["", ""]},
        {"name": "reasons", "data": ["x", "y", "z", ""]},
        {"name": "contributions", "data": [0.5, -0.25, 0.125, 0.0]},
    ],
}


def test_an_answer_row_by_row() -> None:
    first, second = predictions(ANSWER)
    assert (first["probability"], first["decision"], first["band"], first["imputed"]) == (0.5, True, "high", ["a", "b"])
    assert first["reasons"] == [("x", 0.5), ("y", -0.25)]
    assert (second["unknown"], second["reasons"], second["model_version"]) == (["c"], [("z", 0.125)], "abc")
    assert [row["confidence"] for row in (first, second)] == [0.5, 0.75]  # type: ignore[typeddict-item]
    assert first["fallback"] == ""
    assert [row["fallback"] for row in predictions({**ANSWER, "parameters": {"fallback": "companion"}})] == [
        "companion"
    ] * 2
    without = {**ANSWER, "outputs": ANSWER["outputs"][:8]}
    assert [row["reasons"] for row in predictions(without)] == [[], []]


def test_an_answer_of_a_regression() -> None:
    values = {"value": [120.5, 3.0], "value_low": [80.0, 0.0], "value_high": [161.0, 43.5]}
    outputs = [{"name": name, "data": data} for name, data in values.items()]
    first, second = predictions({**ANSWER, "outputs": outputs + ANSWER["outputs"][2:]})
    assert "probability" not in first
    assert (first["value"], first["value_low"], first["value_high"]) == (120.5, 80.0, 161.0)
    assert (second["band"], second["reasons"]) == ("low", [("z", 0.125)])
    assert [score_of(row) for row in (first, *predictions(ANSWER))] == [120.5, 0.5, *[ANSWER["outputs"][0]["data"][1]]]


@pytest.mark.parametrize(
    "answer",
    [{}, {"outputs": None}, {"outputs": [{}]}, {**ANSWER, "outputs": ANSWER["outputs"][1:]}, {"outputs": [1]}],
)
def test_an_answer_of_something_else(answer: dict) -> None:
    with pytest.raises(ServingError, match="cannot be read"):
        predictions(answer)


class Canned(BaseHTTPRequestHandler):
    """Answers by path: status and body."""

    answers: dict[str, tuple[int, bytes]]

    def do_GET(self) -> None:
        if "Content-Length" in self.headers:
            self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.answers[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def server() -> Iterator[str]:
    Canned.answers = {
        "/good": (200, b'{"ok": true}'),
        "/refused": (400, b'{"error": "input \'tenure\' is missing"}'),
        "/failed": (500, b"<html>"),
        "/text": (200, b"hello"),
        "/list": (200, b"[1]"),
    }
    with HTTPServer(("127.0.0.1", 0), Canned) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_answers_and_refusals(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert post_json(f"{server}/good", {"a": 1}, timeout_s=5) == {"ok": True}
    assert get_json(f"{server}/good", timeout_s=5) == {"ok": True}
    with pytest.raises(InputError, match=r"input 'tenure' is missing \(status 400"):
        post_json(f"{server}/refused", {}, timeout_s=5)
    with pytest.raises(ServingError, match="status 500"):
        post_json(f"{server}/failed", {}, timeout_s=5)
    for path in ("text", "list"):
        with pytest.raises(ServingError, match="a JSON object"):
            get_json(f"{server}/{path}", timeout_s=5)


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(ServingError, match=r"no answer from http://127\.0\.0\.1:9/: "):
        get_json("http://127.0.0.1:9/", timeout_s=2)
    with pytest.raises(InputError, match="not an HTTP address"):
        get_json("file:///etc/passwd", timeout_s=2)
