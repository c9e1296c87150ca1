"""Requests that ask for another protocol are answered in HTTP/1.1, with their content read."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from raw_http import INFER, PREDICT, READY, chunked, head, line, post
from server_process import Server, server, texts, typed

from tenure.protocol import infer_request

pytestmark = pytest.mark.slow

H2C = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA",
)
UPGRADES = {
    "h2c": H2C,
    "h2c, in another order": (*H2C[1:], "connection: HTTP2-Settings, upgrade"),
    "websocket": ("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
    "TLS": ("Upgrade: TLS/1.0, HTTP/2.0", "Connection: Upgrade"),
    "unknown": ("Upgrade: x/1", "Connection: upgrade"),
}


@pytest.fixture(scope="module")
def v2(typed: dict) -> bytes:
    return json.dumps(infer_request({name: values[:1] for name, values in typed.items()})).encode()


@pytest.fixture(scope="module")
def v1(typed: dict) -> bytes:
    return json.dumps({"instances": [{name: values[0] for name, values in typed.items()}]}).encode()


@pytest.mark.parametrize("fields", UPGRADES.values(), ids=UPGRADES)
def test_an_upgrade_is_ignored(server: Server, v2: bytes, v1: bytes, fields: tuple[str, ...]) -> None:
    with line(server.http_port) as client:
        for path, body in ((INFER, v2), (PREDICT, v1)):
            client.send(post(path, body, *fields))
            assert client.answer().status == 200, path
            client.send(head("POST", path, "Transfer-Encoding: chunked", *fields) + chunked(body, 100))
            assert client.answer().status == 200, path
            client.send(head("POST", path, f"Content-Length: {len(body)}", "Expect: 100-continue", *fields))
            assert client.answer().status == 100, path
            client.send(body)
            assert client.answer().status == 200, path
        for method in ("GET", "HEAD"):
            client.send(head(method, READY, *fields))
            assert client.answer(method).status == 200


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ("Content-Length: 40000000", 413),
        ("Host: y\r\nContent-Length: 2", 400),
        ("Transfer-Encoding: gzip, chunked", 501),
        ("Content-Length: 2\r\nContent-Encoding: br", 415),
    ],
)
def test_a_head_is_refused_as_without_an_upgrade(server: Server, field: str, status: int) -> None:
    for fields in ((field,), (field, *H2C), (*H2C, field)):
        with line(server.http_port) as client:
            client.send(head("POST", INFER, *fields) + b"{}")
            assert client.answer().status == status


def test_what_follows_an_upgrade_is_not_lost(server: Server, v2: bytes) -> None:
    """In one packet, byte by byte, and cut at any place."""
    stream = post(INFER, v2, *H2C) + head("GET", READY, *H2C) + post(INFER, v2) + head("GET", READY)
    for size in (len(stream), 1, 211, 1000):
        with line(server.http_port) as client:
            for start in range(0, len(stream), size):
                client.send(stream[start : start + size])
            assert [client.answer().status for _ in range(4)] == [200] * 4, size


def test_many_upgrades_at_once(server: Server, v2: bytes) -> None:
    stream = post(INFER, v2, *H2C) * 50 + head("GET", READY, *H2C) * 500 + post(INFER, v2, *H2C)
    with line(server.http_port) as client:
        client.send(stream)
        assert [client.answer().status for _ in range(551)] == [200] * 551


def test_curl_with_http2(server: Server, v2: bytes, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    (tmp_path / "body").write_bytes(v2)
    command = ["curl", "--silent", "--http2", "--noproxy", "*", "--data-binary", f"@{tmp_path / 'body'}"]
    for extra in ([], ["--header", "Transfer-Encoding: chunked"]):
        done = subprocess.run([*command, *extra, f"{server.url}{INFER}"], capture_output=True, timeout=30, check=True)
        assert json.loads(done.stdout)["model_name"] == "telco"


def test_http2_with_prior_knowledge_is_told(server: Server) -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    for sent in (preface, preface + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"):
        with line(server.http_port) as client:
            client.send(sent)
            answer = client.answer()
            assert answer.status == 505
            assert "HTTP/1.1" in json.loads(answer.content)["error"]
            assert client.is_closed()


@pytest.mark.parametrize("version", ["2.0", "0.9", "3.0", "1.9"])
def test_other_versions(server: Server, version: str) -> None:
    with line(server.http_port) as client:
        client.send(head("GET", READY, version=version))
        assert client.answer().status in (400, 505)
        assert client.is_closed()


@pytest.mark.parametrize("path", ["x:443", "/v2", "http://x/v2", "*"])
def test_connect(server: Server, path: str) -> None:
    with line(server.http_port) as client:
        client.send(head("CONNECT", path), b"\x16\x03\x01")
        answer = client.answer()
        assert answer.status in (400, 405)
        assert answer.status == 400 or answer.headers["allow"]
        assert client.is_closed()
