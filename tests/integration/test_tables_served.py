"""Rows of tables sent to the real server: every protocol, the prediction log, errors and limits."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server_process import Server, started
from video_service import Row, Video, instance, video

from components.check_serving.grpc_client import GrpcClient
from tenure import bundle
from tenure.errors import ServingError
from tenure.features.sent_rows import SentRows, sent_rows
from tenure.prediction_log import newest
from tenure.protocol import infer_request, predictions

__all__ = ["video"]

pytestmark = pytest.mark.slow

AS_OF = "2026-03-30"
CUSTOMERS = 30


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log")


@pytest.fixture(scope="module")
def server(video: Video, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--prediction-log", str(log), "--prediction-log-flush-s", "1", "--cache-entries", "100")
    with started(video.folder, tmp_path_factory.mktemp("server") / "log", *options) as running:
        yield running


@pytest.fixture(scope="module")
def keys(video: Video) -> list[str]:
    return video.at(AS_OF)["subscriber_id"].to_pylist()[:CUSTOMERS]


@pytest.fixture(scope="module")
def sent(video: Video, keys: list[str]) -> SentRows:
    found = sent_rows(video.contract, video.tables, keys, 100_000)
    assert (found.keys, found.rows > 1_000) == (keys, True)
    return found


def offline(video: Video, keys: list[str], as_of: str = AS_OF) -> list[float]:
    features = video.at(as_of, keys)
    order = [features["subscriber_id"].to_pylist().index(key) for key in keys]
    columns = {name: features[name].take(order) for name in video.contract.inputs}
    found: list[float] = bundle.read(video.folder).predict(columns).score.tolist()
    return found


def ask(server: Server, method: str, path: str, document: Any = None) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=20)
    body = None if document is None else json.dumps(document)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    found = response.status, json.loads(response.read())
    connection.close()
    return found


def v1(server: Server, *instances: Row, **members: Any) -> tuple[int, dict[str, Any]]:
    return ask(server, "POST", "/v1/models/telco:predict", {"instances": list(instances), **members})


def test_every_protocol_computes_the_inputs(server: Server, video: Video, keys: list[str], sent: SentRows) -> None:
    expected = offline(video, keys)
    v2 = server.infer(infer_request(sent.customers, tables=sent.tables, as_of=AS_OF))
    status, answer = v1(server, *sent.instances(), as_of=AS_OF)
    with GrpcClient(server.grpc_port, "telco", 20.0) as client:
        over_grpc, _ = client.predict_tables(sent, video.contract, AS_OF)
    assert status == 200, answer
    assert [row["probability"] for row in predictions(v2)] == pytest.approx(expected, abs=1e-9)
    assert [row["probability"] for row in answer["predictions"]] == pytest.approx(expected, abs=1e-9)
    assert over_grpc == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("as_of", ["2026-03-29T02:30", "2026-03-30T12:00:00+05:30", "2026-06-30"])
def test_one_customer_at_any_instant(server: Server, video: Video, keys: list[str], as_of: str) -> None:
    """Its rows as the client of the service writes them: times of the clock in the contract's zone."""
    whole = instance(video.rows, keys[0])
    status, answer = v1(server, whole, as_of=as_of)
    assert status == 200, answer
    assert answer["predictions"][0]["probability"] == pytest.approx(offline(video, keys[:1], as_of)[0], abs=1e-9)


def test_reasons_a_threshold_and_outputs(server: Server, keys: list[str], video: Video) -> None:
    whole = instance(video.rows, keys[0])
    parameters = {"explain": 2, "threshold": 0.999999, "outputs": ["decision", "reasons"], "as_of": AS_OF}
    status, answer = v1(server, whole, parameters=parameters)
    assert status == 200, answer
    (row,) = answer["predictions"]
    assert (row["decision"], len(row["reasons"])) == (False, 2)


def test_a_ready_row_is_answered_as_before(server: Server, video: Video, keys: list[str]) -> None:
    features = video.at(AS_OF, keys[:1])
    row = {name: features[name][0].as_py() for name in video.contract.inputs}
    answers = [v1(server, row)[1]["predictions"][0], v1(server, row, as_of=AS_OF)[1]["predictions"][0]]
    answers += predictions(server.infer(infer_request({name: [value] for name, value in row.items()})))
    assert [answer["probability"] for answer in answers] == pytest.approx(offline(video, keys[:1]) * 3, abs=1e-9)


def test_errors_name_table_row_and_column(server: Server, video: Video, keys: list[str], sent: SentRows) -> None:
    whole = instance(video.rows, keys[0])
    wrong = {**whole, "sessions": [*whole["sessions"][:2], {**whole["sessions"][2], "minutes": "many"}]}
    status, answer = v1(server, whole, wrong, as_of=AS_OF)
    assert status == 400
    assert answer["error"].startswith("instance 2, row 3 of 'sessions': 'minutes' is not a number such as")
    status, answer = v1(server, {name: value for name, value in whole.items() if name != "payments"}, as_of=AS_OF)
    assert status == 400
    assert "or the rows of table 'payments' that it is computed from (an empty list means none)" in answer["error"]
    status, answer = v1(server, {**whole, "minutes_7": 5}, as_of=AS_OF)
    assert status == 400
    assert "input 'minutes_7' is computed from the rows of 'sessions', which are sent too" in answer["error"]
    status, answer = v1(server, whole, as_of="2106-03-30")
    assert status == 400
    assert "'as_of': 2106-03-30 lies in the future" in answer["error"]
    status, answer = v1(server, whole, as_of="soon")
    assert (status, answer["error"]) == (
        400,
        "'as_of': 'soon' is not a day or a time: write it as 2026-11-30 or 2026-11-30T06:00",
    )
    tables = {
        **sent.tables,
        "plans": {**sent.tables["plans"], "subscriber": ["nobody"] * len(sent.tables["plans"]["plan"])},
    }
    document = infer_request(sent.customers, tables=tables, as_of=AS_OF)
    status, answer = ask(server, "POST", "/v2/models/telco/infer", document)
    assert (status, answer["error"]) == (
        400,
        "input 'plans.subscriber', row 1: no customer of the request is 'nobody'",
    )
    with GrpcClient(server.grpc_port, "telco", 20.0) as client, pytest.raises(ServingError) as caught:
        client.predict_tables(sent, video.contract, "soon")
    assert "INVALID_ARGUMENT: 'as_of': 'soon' is not a day or a time" in str(caught.value)


def test_too_many_rows_are_refused_before_any_is_parsed(server: Server) -> None:
    row = {"country": "DE", "plans": [], "sessions": [], "payments": [{}] * 200_001}
    status, answer = v1(server, row)
    assert (status, answer["error"]) == (413, "the request has 200,001 rows of tables, at most 200,000 are read")


def test_the_server_describes_the_tables(server: Server) -> None:
    status, document = ask(server, "GET", "/openapi.json")
    assert status == 200
    body = document["paths"]["/v1/models/telco:predict"]["post"]["requestBody"]["content"]["application/json"]
    rows = body["schema"]["properties"]["instances"]["items"]["properties"]["sessions"]
    assert set(rows["items"]["properties"]) == {"started_at", "recorded_at", "session_id", "minutes"}
    for name, example in body["examples"].items():
        status, answer = ask(server, "POST", "/v1/models/telco:predict", example["value"])
        assert status == 200, (name, answer)
    infer = document["paths"]["/v2/models/telco/infer"]["post"]["requestBody"]["content"]["application/json"]
    for name, example in infer["examples"].items():
        status, answer = ask(server, "POST", "/v2/models/telco/infer", example["value"])
        assert status == 200, (name, answer)
    status, metadata = ask(server, "GET", "/v2/models/telco")
    tensors = {entry["name"]: entry["datatype"] for entry in metadata["inputs"]}
    assert tensors["sessions.minutes"] == "FP64"
    assert tensors["payments.paid_on"] == "BYTES"
    assert tensors["minutes_7"] == "FP64"


def test_the_log_holds_the_computed_inputs(server: Server, video: Video, keys: list[str], log: Path) -> None:
    """Run after the others: it stops the server, which then writes the rest of its log."""
    whole = instance(video.rows, keys[0])
    assert v1(server, whole, as_of="2026-03-01")[0] == 200
    server.process.terminate()
    server.process.wait(timeout=40)
    expected = video.at("2026-03-01", keys[:1]).to_pylist()[0]
    logged = [row.inputs for row in newest(str(log), 10_000)]
    assert {name: expected[name] for name in video.contract.inputs} in logged
