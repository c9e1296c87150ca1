"""The fast route answers as the REST application does, and follows HTTP."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from server_process import Server, offline, server, started, texts, typed

from serving.v2.tensors import to_binary
from tenure import bundle
from tenure.protocol import infer_request

pytestmark = pytest.mark.slow

PATH = "/v2/models/telco/infer"


@pytest.fixture(scope="module")
def slow_server(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(small_bundle.folder, tmp_path_factory.mktemp("slow") / "log", "--no-fast-route") as running:
        yield running


@pytest.fixture(scope="module")
def one(typed: dict[str, list]) -> dict[str, list]:
    return {name: values[:1] for name, values in typed.items()}


def binary_body(columns: dict[str, list]) -> tuple[bytes, int]:
    """All columns in binary form; a missing number is NaN."""
    inputs, chunks = [], []
    for entry in infer_request(columns)["inputs"]:
        values = [float("nan") if value is None else value for value in entry.pop("data")]
        chunks.append(to_binary(entry["datatype"], values))
        inputs.append({**entry, "parameters": {"binary_data_size": len(chunks[-1])}})
    head = orjson.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}})
    return b"".join([head, *chunks]), len(head)


def changed(columns: dict[str, list], column: str, **change: Any) -> bytes:
    document = infer_request(columns)
    next(entry for entry in document["inputs"] if entry["name"] == column).update(change)
    return json.dumps(document).encode()


def bodies(one: dict[str, list], many: dict[str, list]) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Valid and invalid requests."""

    def plain(name: str, document: Any) -> tuple[str, bytes, dict[str, str]]:
        return name, json.dumps(document).encode(), {}

    request = infer_request(one)
    yield plain("one row", request)
    yield plain("one row of texts", infer_request({name: [str(values[0])] for name, values in one.items()}))
    yield plain("many rows", infer_request(many))
    yield plain("shape [1, 1]", {"inputs": [entry | {"shape": [1, 1]} for entry in request["inputs"]]})
    nested = [entry | {"shape": [1, 1], "data": [entry["data"]]} for entry in request["inputs"]]
    yield plain("nested data", {"inputs": nested})
    yield plain("an id", request | {"id": 'with "quotes" and ü'})
    yield plain("an id that is none", request | {"id": 5})
    yield plain("outputs", request | {"outputs": [{"name": "band"}, {"name": "probability"}]})
    yield plain("an output there is none of", request | {"outputs": [{"name": "bond"}]})
    yield plain("reasons", request | {"parameters": {"explain": 3}})
    yield plain("threshold", request | {"parameters": {"threshold": 0.1}})
    yield plain("no threshold", request | {"parameters": {"threshold": "high"}})
    yield plain("unknown parameter", request | {"parameters": {"explian": 3}})
    yield plain("binary output", request | {"parameters": {"binary_data_output": True}})
    yield plain("missing, unknown and out of range", infer_request(
        one | {"TotalCharges": [None], "PaymentMethod": ["Cowrie shells"], "MonthlyCharges": [501.0]}))  # fmt: skip
    yield plain("a column too many", infer_request(one | {"tenur": [1]}))
    yield plain("ignored columns", infer_request(one | {"customerID": ["x"], "gender": ["Female"]}))
    yield plain("a column too few", {"inputs": request["inputs"][1:]})
    yield plain("a column twice", {"inputs": [*request["inputs"], request["inputs"][0]]})
    yield plain("a member that means nothing", request | {"priority": 1})
    for name, change in {
        "a text for a number": {"data": ["many"], "datatype": "BYTES"},
        "a fraction for a whole number": {"data": [1.5], "datatype": "FP64"},
        "a number past its datatype": {"data": [300], "datatype": "INT8"},
        "a boolean for a number": {"data": [True]},
        "a boolean as a shape": {"shape": [True]},
        "a shape that is none": {"shape": [2]},
        "no shape": {"shape": None},
        "an unknown datatype": {"datatype": "COMPLEX"},
        "a datatype that is a list": {"datatype": ["INT64"]},
        "a name that is a number": {"name": 7},
        "a name that is a list": {"name": ["tenure"]},
        "data that is an object": {"data": {"0": 1}},
        "no data": {"data": []},
        "a huge number": {"data": [2**64 - 1]},
    }.items():
        yield name, changed(one, "tenure", **change), {}
    yield "a NUL", changed(one, "MultipleLines", data=["NUL\0"]), {}
    whole, length = binary_body(many)
    yield "binary", whole, {"Inference-Header-Content-Length": str(length)}
    yield "binary, cut off", whole[:-3], {"Inference-Header-Content-Length": str(length)}
    yield "a wrong length of the JSON", whole, {"Inference-Header-Content-Length": "-1"}
    for text in (b"", b"{", b"[]", b"null", b'{"inputs": 5}', b'{"inputs": [5]}', b'{"inputs": []}', b"\xff" * 9):
        yield f"body {text!r}", text, {}


def test_both_routes_give_the_same_answers(server: Server, slow_server: Server, one: dict, typed: dict) -> None:
    for name, body, headers in bodies(one, typed):
        for path in ("infer", f"versions/{server.ready['models']['telco']}/infer", "versions/0/infer"):
            asked = {"Content-Type": "application/json", "X-Request-ID": "the-same", **headers}
            fast, slow = server.send(body, asked, path), slow_server.send(body, asked, path)
            assert fast[:2] == slow[:2], name
            assert {**fast[2], "date": ""} == {**slow[2], "date": ""}, name


def test_both_routes_count_and_log_the_same(server: Server, slow_server: Server, one: dict) -> None:
    body = json.dumps(infer_request(one)).encode()
    for running in (server, slow_server):
        running.send(body, {"X-Request-ID": "counted"})
        running.send(b"{", {"X-Request-ID": "counted-too"})
        time.sleep(0.2)
        lines = [json.loads(line) for line in running.log.read_text().splitlines()]
        mine = [(line["request_id"], line["status"], line["method"], line["path"]) for line in lines
                if str(line.get("request_id", "")).startswith("counted")]  # fmt: skip
        assert mine == [("counted", 200, "POST", PATH), ("counted-too", 400, "POST", PATH)]
        assert 'code="400"' in running.metrics()


def head(body: bytes, *lines: str, method: str = "POST", path: str = PATH, version: str = "1.1") -> bytes:
    start = [f"{method} {path} HTTP/{version}", "Host: x", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join(start).encode() + b"\r\n\r\n"


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.http_port), timeout=20)


def answers(connection: socket.socket, count: int) -> list[tuple[int, dict[str, str], bytes]]:
    """The next ``count`` answers on a connection."""
    found = []
    reading = connection.makefile("rb")
    while len(found) < count:
        line = reading.readline()
        assert line, "the connection was closed"
        status, headers = int(line.split()[1]), {}
        while (line := reading.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        found.append((status, headers, reading.read(int(headers.get("content-length", 0)))))
    return found


def test_a_connection_is_kept_and_closed_when_asked(server: Server, one: dict) -> None:
    body = json.dumps(infer_request(one)).encode()
    with closing(connected(server)) as connection:
        for number in range(3):
            connection.sendall(head(body, f"X-Request-ID: {number}") + body)
            [(status, headers, content)] = answers(connection, 1)
            assert (status, json.loads(content)["id"], "connection" in headers) == (200, str(number), False)
        connection.sendall(head(body, "Connection: close") + body)
        [(status, headers, _)] = answers(connection, 1)
        assert (status, headers["connection"]) == (200, "close")
        assert connection.recv(1) == b""


def test_pipelined_requests_are_answered_in_order(server: Server, one: dict) -> None:
    """A slow one first, others of both routes behind it."""
    reasons = json.dumps(infer_request({name: values * 200 for name, values in one.items()}, explain=3)).encode()
    body = json.dumps(infer_request(one)).encode()
    stream = head(reasons, "X-Request-ID: 0") + reasons
    for number in range(1, 6):
        stream += head(body, f"X-Request-ID: {number}") + body
    stream += b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n" + head(body, "X-Request-ID: 6") + body
    with closing(connected(server)) as connection:
        connection.sendall(stream)
        found = answers(connection, 8)
    assert [status for status, _, _ in found] == [200] * 8
    assert [json.loads(content).get("id", "live") for _, _, content in found] == [*"012345", "live", "6"]


def test_a_request_may_come_in_any_pieces(server: Server, one: dict) -> None:
    body = json.dumps(infer_request(one)).encode()
    whole = head(body) + body
    with closing(connected(server)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(whole), 97):
            connection.sendall(whole[start : start + 97])
        assert answers(connection, 1)[0][0] == 200


def test_a_chunked_body(server: Server, one: dict, offline: bundle.Bundle) -> None:
    body = json.dumps(infer_request(one)).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:700], body[700:]))
    with closing(connected(server)) as connection:
        connection.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n"
        )
        [(status, _, content)] = answers(connection, 1)
    assert status == 200
    assert abs(json.loads(content)["outputs"][0]["data"][0] - offline.predict(one).probability[0]) <= 1e-9


def test_expect_100_continue(server: Server, one: dict) -> None:
    body = json.dumps(infer_request(one)).encode()
    with closing(connected(server)) as connection:
        connection.sendall(head(body, "Expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert answers(connection, 1)[0][0] == 200


def test_http_1_0_closes(server: Server, one: dict) -> None:
    body = json.dumps(infer_request(one)).encode()
    with closing(connected(server)) as connection:
        connection.sendall(head(body, version="1.0") + body)
        assert answers(connection, 1)[0][0] == 200
        assert connection.recv(1) == b""


@pytest.mark.parametrize(("method", "status"), [("HEAD", 405), ("GET", 405), ("PUT", 405), ("DELETE", 405)])
def test_other_methods(server: Server, method: str, status: int) -> None:
    with closing(connected(server)) as connection:
        connection.sendall(f"{method} {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert connection.makefile("rb").readline().split()[1] == str(status).encode()


def test_a_client_that_closes_its_side_is_answered(server: Server, one: dict) -> None:
    body = json.dumps(infer_request(one)).encode()
    with closing(connected(server)) as connection:
        connection.sendall(head(body) + body)
        connection.shutdown(socket.SHUT_WR)
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
    # Uvicorn takes the end of a client's side for the end of the connection: an answer or none, but no half of one.
    assert data == b"" or data.startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_disconnects_does_not_affect_others(server: Server, one: dict) -> None:
    body = json.dumps(infer_request({name: values * 200 for name, values in one.items()}, explain=3)).encode()
    for _ in range(5):
        with closing(connected(server)) as connection:
            connection.sendall(head(body) + body)
    small = json.dumps(infer_request(one)).encode()
    assert server.send(small)[0] == 200
    time.sleep(0.5)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999", "33554433", "5, 6", ""])
def test_lengths_that_cannot_be(server: Server, length: str) -> None:
    with closing(connected(server)) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{{}}".encode())
        connection.shutdown(socket.SHUT_WR)
        line = connection.makefile("rb").readline()
    assert line == b"" or 400 <= int(line.split()[1]) < 500


def test_single_rows_at_the_same_time_get_their_own_answers(
    server: Server, offline: bundle.Bundle, typed: dict
) -> None:
    """Requests of one batch; an invalid one does not affect the others."""
    expected = offline.predict(typed).probability
    connections = [connected(server) for _ in range(20)]
    for row, connection in enumerate(connections):
        columns = {name: values[row : row + 1] for name, values in typed.items()}
        if row == 7:
            columns["tenure"] = ["many"]
        body = json.dumps(infer_request(columns)).encode()
        connection.sendall(head(body) + body)
    found = [answers(connection, 1)[0] for connection in connections]
    for connection in connections:
        connection.close()
    assert [status for status, _, _ in found] == [400 if row == 7 else 200 for row in range(20)]
    assert "'tenure', row 1: 'many' is not a whole number" in json.loads(found[7][2])["error"]
    good = [row for row in range(20) if row != 7]
    probabilities = [json.loads(found[row][2])["outputs"][0]["data"][0] for row in good]
    assert np.abs(np.array(probabilities) - expected[good]).max() <= 1e-9
