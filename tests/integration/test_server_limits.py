"""Every limit of the model server."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from bundle_variants import accompanied, failing
from certificates import write_pair
from documents import assert_valid
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from load import INFER, grpc_message, wait_until
from server_process import Server, started, texts, typed

from serving.admission.keys import create_key
from tenure import bundle
from tenure.protocol import infer_request, post_json, predictions

pytestmark = pytest.mark.slow


def one_row(typed: dict) -> dict[str, Any]:
    return infer_request({name: values[:1] for name, values in typed.items()})


def ask(server: Server, document: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    status, content, found = server.send(json.dumps(document).encode(), headers)
    return status, json.loads(content), found


def ask_grpc(
    port: int, document: dict[str, Any], metadata: tuple = (), credentials: Any = None, timeout: float = 20
) -> pb.ModelInferResponse | grpc.RpcError:
    address = f"localhost:{port}" if credentials else f"127.0.0.1:{port}"
    channel = grpc.secure_channel(address, credentials) if credentials else grpc.insecure_channel(address)
    with channel:
        call = channel.unary_unary(INFER, None, pb.ModelInferResponse.FromString)
        try:
            return call(grpc_message(document), timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            return error


def test_keys_and_rates(small_bundle: Any, tmp_path: Path, typed: dict) -> None:
    """Two workers share one rate limit."""
    (key, line), (other, other_line) = create_key("crm"), create_key("app")
    keys = tmp_path / "keys"
    keys.write_text(f"{line}\n{other_line}\n")
    document = one_row(typed)
    options = ("--api-keys", str(keys), "--rate-limit", "10", "--workers", "2")
    with started(small_bundle.folder, tmp_path / "log", *options) as server:
        status, answer, headers = ask(server, document)
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert "no credentials" in answer["error"]
        assert ask(server, document, Authorization=f"Bearer {key}x")[0] == 401
        refused = ask_grpc(server.grpc_port, document)
        assert refused.code() is grpc.StatusCode.UNAUTHENTICATED
        for path in ("/v2/health/ready", "/v2/models/telco/ready", "/v2/models/telco", "/metrics"):
            with urllib.request.urlopen(f"{server.url}{path}", timeout=20) as response:
                assert response.status == 200, "open to probes and scrapers"
        for number in range(10):
            if number % 2:
                assert ask(server, document, Authorization=f"Bearer {key}")[0] == 200
            else:
                assert ask_grpc(server.grpc_port, document, (("x-api-key", key),)).model_name == "telco"
        status, answer, headers = ask(server, document, **{"X-API-Key": key})
        assert (status, answer["error"]) == (429, "the client exceeds its rate limit")
        assert 1 <= int(headers["retry-after"]) <= 6
        refused = ask_grpc(server.grpc_port, document, (("authorization", f"Bearer {key}"),))
        assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert dict(refused.trailing_metadata())["retry-after"].isdigit()
        assert ask(server, document, Authorization=f"Bearer {other}")[0] == 200, "each key has a rate of its own"
        keys.write_text(line)
        wait_until(lambda: ask(server, document, Authorization=f"Bearer {other}")[0] == 401)
    log = (tmp_path / "log").read_text()
    assert key.partition(".")[2] not in log


@pytest.fixture(scope="module")
def tight(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = {
        "--max-in-flight": "1",
        "--max-rows": "2000",
        "--max-connections": "8",
        "--max-held-mib": "4",
        "--read-timeout-s": "1",
        "--timeout-s": "30",
    }
    words = [word for pair in options.items() for word in pair]
    with started(small_bundle.folder, tmp_path_factory.mktemp("tight") / "log", *words) as server:
        yield server


def many_rows(typed: dict, rows: int, **parameters: int) -> dict[str, Any]:
    return infer_request({name: (values * (rows // 20 + 1))[:rows] for name, values in typed.items()}, **parameters)


def test_too_many_rows(tight: Server, typed: dict) -> None:
    status, answer, _ = ask(tight, many_rows(typed, 2001))
    assert (status, answer["error"]) == (413, "the request has 2001 rows, at most 2000 are answered at once")
    assert ask_grpc(tight.grpc_port, many_rows(typed, 2001)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(predictions(tight.infer(many_rows(typed, 2000)))) == 2000


def test_too_much_at_once(tight: Server, typed: dict) -> None:
    document = many_rows(typed, 2000, explain=5)
    body = json.dumps(document).encode()
    found: Counter[int] = Counter()
    codes: Counter[Any] = Counter()

    def rest() -> None:
        status, _, headers = tight.send(body)
        found[status] += 1
        assert status == 200 or headers["retry-after"] == "1"

    def rpc() -> None:
        answer = ask_grpc(tight.grpc_port, document)
        codes[answer.code() if isinstance(answer, grpc.RpcError) else None] += 1

    for work, seen, good, refused in ((rest, found, 200, 503), (rpc, codes, None, grpc.StatusCode.UNAVAILABLE)):
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert set(seen) == {good, refused}, seen
        assert seen.total() == 6
    assert ask(tight, one_row(typed))[0] == 200, "and then it answers again"


def test_too_late(tight: Server, typed: dict) -> None:
    document = many_rows(typed, 2000, explain=5)
    for header in ("X-Request-Timeout-Ms", "X-Envoy-Expected-Rq-Timeout-Ms"):
        status, answer, _ = ask(tight, document, **{header: "1"})
        assert (status, answer["error"]) == (504, "the request's deadline has passed")
    status, answer, _ = ask(tight, document, **{"X-Request-Timeout-Ms": "soon"})
    assert (status, "'soon' is not a number of milliseconds" in answer["error"]) == (400, True)
    assert ask_grpc(tight.grpc_port, document, timeout=0.01).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    wait_until(lambda: ask(tight, one_row(typed))[0] == 200)


@pytest.mark.parametrize("path", ["/v2/models/telco/infer", "/v1/models/telco:predict"])
def test_too_many_bytes_at_once(tight: Server, typed: dict, path: str) -> None:
    """Four incomplete bodies of 1,600 KiB with a limit of 4 MiB: two are refused with Retry-After."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1638400\r\n\r\n".encode()
    clients = [socket.create_connection(("127.0.0.1", tight.http_port), timeout=10) for _ in range(4)]
    try:
        for client in clients:
            client.sendall(head + b" " * 1_638_000)
        time.sleep(0.3)
        answers = []
        for client in clients:  # one after the other: the server answers one request at a time
            client.sendall(b" " * 400)
            answers.append(client.recv(2000))
    finally:
        for client in clients:
            client.close()
    found = Counter(answer.split(b" ")[1] for answer in answers)
    assert found == {b"400": 2, b"503": 2}, "blanks are no request"
    refused = [answer for answer in answers if b" 503 " in answer]
    assert all(b"retry-after: 1" in answer.lower() for answer in refused)
    assert all(b"holds too many bytes of other requests" in answer for answer in refused)
    # Clients that go away in the middle leave room behind.
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", tight.http_port), timeout=10) as client:
            client.sendall(head + b" " * 1_638_000)
            time.sleep(0.05)
    assert ask(tight, many_rows(typed, 1500))[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /v2/models/telco/infer HTTP/1.1\r\nHost: x\r\n",
        b"POST /v2/models/telco/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"POST /v2/models/telco/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"GET /v2 HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    ],
)
def test_a_client_that_dawdles(tight: Server, sent: bytes) -> None:
    """Sending single bytes does not extend the time limit."""
    with socket.create_connection(("127.0.0.1", tight.http_port), timeout=10) as client:
        client.sendall(sent)
        began = time.monotonic()
        received = b""
        client.settimeout(0.2)
        while time.monotonic() - began < 8:
            try:
                chunk = client.recv(1000)
            except TimeoutError:
                if sent:
                    client.sendall(b"1" if b"chunked" not in sent else b"1\r\n{\r\n")
                continue
            except ConnectionResetError:
                break
            received += chunk
            if not chunk:
                break
        assert 0.5 < time.monotonic() - began < 5
    assert received.startswith(b"HTTP/1.1 408 ") or not sent


def test_too_many_connections(tight: Server) -> None:
    taken = [socket.create_connection(("127.0.0.1", tight.http_port), timeout=10) for _ in range(8)]
    try:
        with socket.create_connection(("127.0.0.1", tight.http_port), timeout=10) as one_more:
            received = one_more.recv(1000)
        assert received.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in received
    finally:
        for connection in taken:
            connection.close()
    wait_until(lambda: answers(tight))


def answers(server: Server) -> bool:
    try:
        return server.send(b"{}")[0] == 400
    except (OSError, http.client.HTTPException):
        return False


def test_tls(small_bundle: Any, tmp_path: Path, typed: dict) -> None:
    certificate, key = write_pair(tmp_path, "first")
    document = one_row(typed)
    options = ("--tls-cert", str(certificate), "--tls-key", str(key))
    with started(small_bundle.folder, tmp_path / "log", *options) as server:
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection("localhost", server.http_port, timeout=20, context=context)
        connection.request("POST", "/v2/models/telco/infer", json.dumps(document), {"Content-Type": "application/json"})
        assert connection.getresponse().status == 200
        connection.close()
        credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
        assert ask_grpc(server.grpc_port, document, credentials=credentials).model_name == "telco"
        with pytest.raises((OSError, http.client.HTTPException)):
            server.send(json.dumps(document).encode())


def test_a_tls_handshake_that_is_not_completed(small_bundle: Any, tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path, "first")
    options = ("--tls-cert", str(certificate), "--tls-key", str(key), "--read-timeout-s", "1")
    with started(small_bundle.folder, tmp_path / "log", *options) as server:
        for port in (server.http_port, server.grpc_port):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
                line.sendall(b"\x16\x03\x01\x02\x00\x01")
                assert line.recv(1_000) == b""


def test_a_failing_model_is_answered_for_and_then_left_alone(small_bundle: Any, tmp_path: Path, typed: dict) -> None:
    """The bundle's model fails at run time for rows above the median of one feature."""
    good = bundle.read(small_bundle.folder)
    matrix = good.transform.encode({name: small_bundle.rows[name] for name in small_bundle.rows.column_names}).matrix
    feature = int(np.argmax(matrix.std(axis=0)))
    middle = float(np.median(matrix[:, feature]))
    failing(small_bundle.folder, tmp_path / "bad", feature, middle)
    accompanied(tmp_path / "bad", tmp_path / "accompanied")
    companion = bundle.read(tmp_path / "accompanied")
    places = np.flatnonzero(matrix[:20, feature] > middle).tolist()
    fine = np.flatnonzero(matrix[:20, feature] <= middle).tolist()
    assert places
    assert fine

    def row(place: int, **parameters: int) -> dict[str, Any]:
        return infer_request({name: values[place : place + 1] for name, values in typed.items()}, **parameters)

    with started(tmp_path / "bad", tmp_path / "log", "--model", f"second={tmp_path / 'accompanied'}") as server:
        status, answer, _ = ask(server, row(fine[0]))
        assert (status, "parameters" in answer) == (200, False)
        status, answer, _ = ask(server, row(places[0], explain=2))
        assert (status, answer["parameters"]) == (200, {"fallback": "base_rate"})
        assert_valid("prediction-answer", answer)
        outputs = {output["name"]: output["data"] for output in answer["outputs"]}
        assert outputs["probability"] == [pytest.approx(good.decision.base_rate)]
        assert outputs["reasons"] == ["", ""]
        rpc = ask_grpc(server.grpc_port, row(places[0]))
        assert rpc.parameters["fallback"].string_param == "base_rate"
        assert "parameters" not in ask(server, row(fine[0]))[1], "one row's failure is not the next one's"
        for _ in range(6):
            assert ask(server, row(places[0]))[1]["parameters"] == {"fallback": "base_rate"}
        assert ask(server, row(fine[0]))[1]["parameters"] == {"fallback": "base_rate"}, "the breaker is open"
        metrics = server.metrics()
        assert 'tenure_fallbacks_total{kind="base_rate",model="telco"} 9.0' in metrics
        assert 'tenure_breaker_open{model="telco",part="model"} 1.0' in metrics
        second = post_json(f"{server.url}/v2/models/second/infer", row(places[0]), timeout_s=20)
        assert second["parameters"] == {"fallback": "companion"}
        expected = companion.predict_by_companion({name: values[places[0] :][:1] for name, values in typed.items()})
        assert [found["probability"] for found in predictions(second)] == pytest.approx(expected.probability)
        assert 'tenure_fallbacks_total{kind="companion",model="second"} 1.0' in server.metrics()
        said = json.dumps(answer) + str(rpc)
        assert "Traceback" not in said
        assert str(tmp_path) not in said
