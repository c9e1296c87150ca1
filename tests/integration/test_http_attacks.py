"""Attacks over HTTP/1.1 that need no key: each is refused early, and others are answered meanwhile."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from raw_http import INFER, PREDICT, READY, Line, chunked, drip, head, line, post
from server_process import Server, started, texts, typed

from tenure.protocol import infer_request

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--max-held-mib", "2", "--read-timeout-s", "3", "--log-level", "warning")
    with started(small_bundle.folder, tmp_path_factory.mktemp("attacked") / "log", *options) as running:
        yield running


@pytest.fixture(scope="module")
def body(typed: dict) -> bytes:
    return json.dumps(infer_request({name: values[:1] for name, values in typed.items()})).encode()


@pytest.fixture(autouse=True)
def others_are_answered(server: Server, body: bytes) -> Iterator[None]:
    yield
    assert server.send(body)[0] == 200
    assert '"trace"' not in server.log.read_text()


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


START = f"GET {READY} HTTP/1.1\r\nHost: x\r\n".encode()
LARGE_HEADS = {
    "a long value": (START + b"X: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    "a long name": (START + b"y" * 70_000 + b": x\r\n\r\n", 431),
    "a value without an end": (START + b"X: " + b"y" * 300_000, 431),
    "a name without an end": (START + b"y" * 300_000, 431),
    "many fields": (START + b"".join(b"X-%d: y\r\n" % number for number in range(150)) + b"\r\n", 431),
    "the same field many times": (START + b"a:\r\n" * 20_000, 431),
    "large fields": (START + b"".join(b"X-%d: %b\r\n" % (n, b"y" * 2_000) for n in range(60)) + b"\r\n", 431),
    "large cookies": (START + b"Cookie: a=" + b"b" * 66_000 + b"\r\n\r\n", 431),
    "a long URL": (b"GET /" + b"y" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "a long query": (b"GET /v2?" + b"y" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "a URL without an end": (b"POST /" + b"y" * 300_000, 414),
}


@pytest.mark.parametrize("kind", LARGE_HEADS)
@pytest.mark.parametrize("size", [1_000_000, 1_400, 97])
def test_a_large_head(server: Server, kind: str, size: int) -> None:
    """In one piece or in many; what an answered client still sends is not read for long."""
    sent, status = LARGE_HEADS[kind]
    with line(server.http_port) as client:
        for start in range(0, len(sent), size):
            client.send(sent[start : start + size])
        answer = client.answer()
        assert answer.status == status
        assert set(json.loads(answer.content)) == {"error"}
        assert answer.headers["connection"] == "close"
        assert client.is_closed()


def test_heads_within_the_limits(server: Server, body: bytes) -> None:
    for fields in (
        [f"X-{number}: y" for number in range(90)],
        [f"X-{number}: {'y' * 7_000}" for number in range(9)],
        ["X: " + "y" * 65_000],
    ):
        with line(server.http_port) as client:
            client.send(post(INFER, body, *fields))
            assert client.answer().status == 200
            client.send(head("GET", READY, *fields), post(INFER, body))
            assert [client.answer().status for _ in range(2)] == [200, 200]
    with line(server.http_port) as client:
        client.send(head("GET", f"{READY}?{'y' * 8_000}"))
        assert client.answer().status == 200


@pytest.mark.parametrize("ends", [False, True], ids=["in the head", "in the body"])
def test_many_large_heads_at_once(server: Server, body: bytes, ends: bool) -> None:
    """100 × 60 KiB with a limit of 2 MiB for all that a worker holds, refused before the whole of it is there."""
    before = resident_mib(server.process.pid)
    with contextlib.ExitStack() as lines:
        clients = [lines.enter_context(line(server.http_port)) for _ in range(100)]
        sent = head("POST", INFER, *(f"X-{n}: {'y' * 990}" for n in range(60)), "Content-Length: 9")
        for client in clients:
            client.send(sent if ends else sent[:-2])
        time.sleep(0.3)
        assert resident_mib(server.process.pid) - before < 16
        found = Counter(answer.status if (answer := client.answer()) else None for client in clients)
    assert set(found) == {503, 408}
    assert found[503] > 50


CHUNKS = b"1\r\nx\r\n" * 400_000
BODIES = {
    "tiny chunks": (CHUNKS, 400),
    "an extension without an end": (b"1;" + b"y" * 2_000_000, 400),
    "extensions": (b"".join(b"1;a=%b\r\nx\r\n" % (b"y" * 1_000) for _ in range(2_000)), 400),
    "a trailer without an end": (b"1\r\nx\r\n0\r\nX: " + b"y" * 2_000_000, 400),
    "many trailers": (b"1\r\nx\r\n0\r\n" + b"X: y\r\n" * 100_000, 431),
    "a size without an end": (b"0" * 2_000_000, 400),
    "a size above any limit": (b"fffffffffffffffff\r\n", 400),
    "more than 32 MiB": (b"2100000\r\n" + b" " * 0x2100000 + b"\r\n0\r\n\r\n", 503),
    "no size": (b"\r\nx\r\n", 400),
    "a negative size": (b"-1\r\nx\r\n", 400),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("path", [INFER, PREDICT, "/v2/models/other", "/metrics"])
def test_a_chunked_body(server: Server, kind: str, path: str) -> None:
    sent, status = BODIES[kind]
    before, held = cpu_s(server.process.pid), resident_mib(server.process.pid)
    with line(server.http_port) as client:
        client.send(head("POST", path, "Transfer-Encoding: chunked") + sent)
        answer = client.answer()
        # Where no body is expected, the answer may come before it.
        assert answer is None or answer.status in {status, 413, *(() if path in (INFER, PREDICT) else (404, 405))}
    assert cpu_s(server.process.pid) - before < 0.3
    assert resident_mib(server.process.pid) - held < 40


def test_trailers_say_nothing(server: Server, body: bytes) -> None:
    with line(server.http_port) as client:
        sent = head("POST", INFER, "Transfer-Encoding: chunked") + chunked(body)[:-2]
        client.send(sent + b"X-Request-ID: trailer\r\nInference-Header-Content-Length: 1\r\nHost: y\r\n\r\n")
        answer = client.answer()
        assert (answer.status, answer.headers["x-request-id"] == "trailer") == (200, False)
        client.send(post(INFER, body))
        assert client.answer().status == 200


def test_a_flood_of_pipelined_requests(server: Server, body: bytes) -> None:
    """All are answered, in order; few are held at a time."""
    count = 3_000
    flood = b"".join(head("GET", "/v2/health/live", f"X-Request-ID: {number}") for number in range(count))
    before = resident_mib(server.process.pid)
    with line(server.http_port, timeout_s=60) as client:
        client.send(post(INFER, body) + flood)
        assert client.answer().status == 200
        assert [client.answer().headers["x-request-id"] for _ in range(count)] == [str(n) for n in range(count)]
    assert resident_mib(server.process.pid) - before < 16


def test_a_flood_whose_answers_are_not_read(server: Server, body: bytes) -> None:
    before = resident_mib(server.process.pid)
    with contextlib.ExitStack() as lines:
        for _ in range(10):
            client = lines.enter_context(line(server.http_port, timeout_s=1))
            with contextlib.suppress(OSError):
                client.socket.sendall(head("GET", "/docs") * 20_000)
        assert resident_mib(server.process.pid) - before < 60


GET, POST = (f"{method} /v2 HTTP/1.1\r\nHost: x\r\n".encode() for method in ("GET", "POST"))
INVALID = {
    "a length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    "the same length twice": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345",
    "a list of lengths": POST + b"Content-Length: 5, 5\r\n\r\n12345",
    "a signed length": POST + b"Content-Length: +5\r\n\r\n12345",
    "a hexadecimal length": POST + b"Content-Length: 0x5\r\n\r\n12345",
    "a huge length": POST + b"Content-Length: 99999999999999999999\r\n\r\n12345",
    "a length of many zeros": POST + b"Content-Length: " + b"0" * 5_000 + b"5\r\n\r\n12345",
    "an empty length": POST + b"Content-Length: \r\n\r\n12345",
    "a folded field": GET + b"X: a\r\n b\r\n\r\n",
    "a folded length": POST + b"Content-Length:\r\n 5\r\n\r\n12345",
    "a bare line feed": b"GET /v2 HTTP/1.1\nHost: x\n\n",
    "a bare carriage return": GET + b"X: a\rY: b\r\n\r\n",
    "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a blank before a name": b"GET /v2 HTTP/1.1\r\n Host: x\r\n\r\n",
    "an unknown transfer coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, and identity": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "gzip, and chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a vertical tab before chunked": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /v2 HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a NUL": GET + b"X: \x00\r\n\r\n",
    "a NUL in the URL": b"GET /v2\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "no colon": GET + b"X\r\n\r\n",
    "an unknown method": b"GETT /v2 HTTP/1.1\r\nHost: x\r\n\r\n",
    "no version": b"GET /v2\r\n\r\n",
    "no HTTP": b"SSH-2.0-x\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no Host": b"GET /v2 HTTP/1.1\r\n\r\n",
    "two Hosts": GET + b"Host: x\r\n\r\n",
    "two Hosts, apart": GET + b"X: y\r\nhOST: y\r\n\r\n",
    "two Hosts in HTTP/1.0": b"GET /v2 HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
    "an empty Host": b"GET /v2 HTTP/1.1\r\nHost:\r\n\r\n",
    "a Host with a path": b"GET /v2 HTTP/1.1\r\nHost: x/y\r\n\r\n",
    "a Host with a user": b"GET /v2 HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "a Host with a blank": b"GET /v2 HTTP/1.1\r\nHost: x y\r\n\r\n",
    "a Host with a command": b"GET /v2 HTTP/1.1\r\nHost: x;$(id)\r\n\r\n",
    "a list of Hosts": b"GET /v2 HTTP/1.1\r\nHost: x, y\r\n\r\n",
    "a Host with a port that is no number": b"GET /v2 HTTP/1.1\r\nHost: x:y\r\n\r\n",
    "a Host in half a bracket": b"GET /v2 HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "a Host that is not ASCII": b"GET /v2 HTTP/1.1\r\nHost: \xc3\xbc\r\n\r\n",
    "an unknown expectation": GET + b"Expect: cake\r\n\r\n",
    "* with GET": b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("kind", INVALID)
def test_invalid_requests(server: Server, body: bytes, kind: str) -> None:
    """One answer, and nothing of what follows is taken for a request."""
    for before in (b"", head("GET", READY), post(INFER, body)):
        with line(server.http_port) as client:
            client.send(before + INVALID[kind] + head("GET", "/smuggled"))
            if before:
                assert client.answer().status == 200, "answers come in order"
            answer = client.answer()
            assert answer.status in (400, 417, 501, 505)
            assert set(json.loads(answer.content)) == {"error"}
            assert "\n" not in json.loads(answer.content)["error"]
            assert answer.headers["connection"] == "close"
            assert client.is_closed()


def test_valid_hosts(server: Server) -> None:
    for host in (
        "x",
        "x:80",
        "x:",
        "x.",
        "my-model.team.svc.cluster.local:8080",
        "127.0.0.1",
        "[::1]",
        "[fe80::1]:8080",
        "a_b",
    ):
        with line(server.http_port) as client:
            client.send(head("GET", READY, host=host))
            assert client.answer().status == 200, host
    for host in (None, "x"):
        with line(server.http_port) as client:
            client.send(head("GET", READY, version="1.0", host=host))
            assert client.answer().status == 200


def test_a_body_that_is_late_behind_a_request_that_takes_long(server: Server, typed: dict, body: bytes) -> None:
    """The answer to the first request comes first, then the error for the second."""
    many = json.dumps(infer_request({name: values * 50 for name, values in typed.items()}, explain=3)).encode()
    with line(server.http_port) as client:
        client.send(post(INFER, many) + post(INFER, body)[:-10])
        assert client.answer().status == 200
        assert client.answer().status == 408
        assert client.is_closed()


def test_the_metrics_count_what_was_refused(server: Server) -> None:
    with line(server.http_port) as client:
        client.send(b"\x00\x00")
        assert client.answer().status == 400
    assert 'tenure_connections_refused_total{reason="400"}' in server.metrics()
