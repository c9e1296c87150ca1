"""Requests of megabytes, or kilobytes compressed, that would take gigabytes or hours when they are parsed."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from load import INFER as METHOD
from load import grpc_message
from raw_http import INFER, PREDICT, line, post
from server_process import Server, started, texts, typed
from test_http_attacks import cpu_s, resident_mib

from tenure.protocol import infer_request

pytestmark = pytest.mark.slow

SIZE = 24 * 2**20


def repeated(start: bytes, part: bytes, end: bytes) -> bytes:
    return start + part * ((SIZE - len(start)) // len(part)) + end


KEYS = b",".join(b'"%07d":1' % number for number in range(SIZE // 12))
HTTP = {
    "lists": (INFER, lambda: repeated(b'{"inputs":[', b"[],", b"[]]}")),
    "tensors": (INFER, lambda: repeated(b'{"inputs":[', b"{},", b"{}]}")),
    "a list that is no request": (INFER, lambda: repeated(b"[", b"[],", b"[]]")),
    "texts": (INFER, lambda: repeated(b'{"inputs":[', b'"ab",', b"1]}")),
    "customers": (PREDICT, lambda: repeated(b'{"instances":[', b"{},", b"{}]}")),
    "a customer of many keys": (PREDICT, lambda: b'{"instances":[{%b}]}' % KEYS),
}
GRPC = {
    "empty outputs": b"\x32\0",
    "empty names": b"\x0a\0",
    "empty parameters": b"\x22\0",
    "empty inputs": b"\x2a\0",
    "empty raw contents": b"\x3a\0",
    "inputs and contents": b"\x2a\0\x3a\0",
    "inputs, and a field of another number": b"\x82\x01\0\x2a\0",
    "groups": b"\x43\x44",
}


@pytest.fixture(scope="module", params=["fast", "slow"])
def server(request: pytest.FixtureRequest, small_bundle: Any, tmp_path_factory: Any) -> Iterator[Server]:
    options = () if request.param == "fast" else ("--no-fast-route",)
    log = tmp_path_factory.mktemp("expansion") / "log"
    with started(small_bundle.folder, log, *options) as running:
        yield running
        assert '"trace"' not in log.read_text()


class Neighbour(threading.Thread):
    """Sends requests of one row all the time."""

    def __init__(self, server: Server, body: bytes) -> None:
        super().__init__(daemon=True)
        self._server, self._body = server, body
        self.over = threading.Event()
        self.statuses: set[int | None] = set()
        self.slowest_s = 0.0

    def run(self) -> None:
        with line(self._server.http_port, timeout_s=60) as client:
            while not self.over.is_set():
                began = time.monotonic()
                client.send(post(INFER, self._body))
                answer = client.answer()
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.statuses.add(answer and answer.status)
                time.sleep(0.002)


@pytest.fixture
def neighbour(server: Server, typed: dict) -> Iterator[Neighbour]:
    """Another client, which must not suffer; nor may the server's memory."""
    import json

    body = json.dumps(infer_request({name: values[:1] for name, values in typed.items()})).encode()
    other = Neighbour(server, body)
    before_s, before_mib = cpu_s(server.process.pid), resident_mib(server.process.pid)
    other.start()
    yield other
    other.over.set()
    other.join()
    assert other.statuses == {200}
    assert other.slowest_s < 1.0
    assert cpu_s(server.process.pid) - before_s < 2.0
    assert resident_mib(server.process.pid) - before_mib < 150


@pytest.mark.parametrize("kind", HTTP)
def test_json(server: Server, neighbour: Neighbour, kind: str) -> None:
    path, make = HTTP[kind]
    with line(server.http_port, timeout_s=60) as client:
        client.send(post(path, make()))
        assert client.answer().status == 413


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", GRPC)
def test_messages(server: Server, neighbour: Neighbour, kind: str, compressed: bool) -> None:
    message = GRPC[kind] * (SIZE // len(GRPC[kind]))
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", options) as channel:
        call = channel.unary_unary(METHOD, None, None)
        compression = grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression
        with pytest.raises(grpc.RpcError) as caught:
            call(message, timeout=60, compression=compression)
    expected = {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT}
    assert caught.value.code() in expected
