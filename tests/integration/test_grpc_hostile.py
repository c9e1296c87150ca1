"""Clients of the gRPC server that dawdle, flood, or hold memory: each is cut off, and others are answered meanwhile."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, ResponseReceived, StreamReset, TrailersReceived
from load import INFER, grpc_message, wait_until
from server_process import Server, server, started, texts, typed

from benchmarks.attacks import Attacks
from benchmarks.malformed.http2 import CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, SETTINGS
from benchmarks.malformed.http2_attacks import ATTACKS, HELLO, UNREAD_ATTACKS, Blocks, frame, large_heads
from serving.admission.keys import create_key
from tenure.protocol import infer_request

pytestmark = pytest.mark.slow

READ_TIMEOUT_S = 1.0


@pytest.fixture(scope="module")
def tight(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--read-timeout-s", str(READ_TIMEOUT_S), "--max-held-mib", "1", "--drain-s", "0")
    log = tmp_path_factory.mktemp("hostile") / "log"
    with started(small_bundle.folder, log, *options) as running:
        yield running
        assert '"trace"' not in log.read_text()


@pytest.fixture(scope="module")
def message(typed: dict) -> bytes:
    return grpc_message(infer_request({name: values[:1] for name, values in typed.items()}))


def answered(server: Server, message: bytes) -> bool:
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", options) as channel:
        try:
            return bool(channel.unary_unary(INFER, None, None)(message, timeout=10))
        except grpc.RpcError:
            return False


class Client:
    """A client by h2, whose frames may be followed by others of a test's own."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.grpc_port), timeout=10)
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.events: list[Any] = []
        self.send()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, more: bytes = b"") -> None:
        self.socket.sendall(self.h2.data_to_send() + more)

    def begin(self, body: bytes = b"", *, path: str = INFER, end: bool = False, headers: tuple = ()) -> int:
        number = self.h2.get_next_available_stream_id()
        fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x")]
        fields += [("te", "trailers"), ("content-type", "application/grpc"), *headers]
        self.h2.send_headers(number, fields, end_stream=end and not body)
        if body:
            self.h2.send_data(number, body, end_stream=end)
        self.send()
        return number

    def wait(self, kind: type | tuple[type, ...], number: int | None = None) -> Any:
        """The next event of a kind, on a stream if one is named."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and (number is None or event.stream_id == number):
                    self.events.remove(event)
                    return event
            received = self.socket.recv(65_536)
            assert received, "the connection ended"
            self.events += self.h2.receive_data(received)
            self.send()

    def status(self, number: int) -> tuple[str, str]:
        """gRPC status and message that end a call."""
        while True:
            found = dict(self.wait((ResponseReceived, TrailersReceived), number).headers)
            if "grpc-status" in found:
                return found["grpc-status"], found.get("grpc-message", "")


def prefixed(message: bytes) -> bytes:
    return b"\0" + struct.pack(">I", len(message)) + message


BLOCK = Blocks().call()
UNFINISHED = {
    "the preface": PREFACE[:10],
    "no settings": PREFACE,
    "the head of a frame": HELLO + b"\0\0",
    "a frame": HELLO + frame(HEADERS, END_HEADERS, 1, BLOCK)[:-3],
    "a frame of data": HELLO + frame(HEADERS, END_HEADERS, 1, BLOCK) + frame(DATA, 0, 1, bytes(100))[:-50],
    "settings": PREFACE + frame(SETTINGS, 0, 0, bytes(12))[:-1],
    "a block": HELLO + frame(HEADERS, 0, 1, BLOCK),
    "a block of several frames": HELLO + frame(HEADERS, 0, 1, BLOCK) + frame(CONTINUATION, 0, 1, b"\x82"),
}


@pytest.mark.parametrize("drips", [False, True])
@pytest.mark.parametrize("name", UNFINISHED)
def test_what_stays_unfinished_is_cut_off(tight: Server, message: bytes, name: str, drips: bool) -> None:
    """In time, also if a byte comes now and then."""
    with socket.create_connection(("127.0.0.1", tight.grpc_port), timeout=10) as line:
        line.sendall(UNFINISHED[name])
        began = time.monotonic()
        assert answered(tight, message)
        line.settimeout(0.2)
        drip = {"the preface": PREFACE[10:], "a block": b"\x00\x3f\xff\x09\x00\x00\x00\x00\x01"}.get(name, bytes(40))
        sent = 0
        while time.monotonic() - began < 8:
            try:
                if not line.recv(65_536):
                    break
            except TimeoutError:
                if drips and sent < len(drip) - 4:
                    line.sendall(drip[sent : sent + 1])
                    sent += 1
            except ConnectionResetError:
                break
        assert 0.5 * READ_TIMEOUT_S < time.monotonic() - began < READ_TIMEOUT_S + 2.5


def test_a_slow_upload_that_goes_on_is_limited_as_a_call(tight: Server, message: bytes) -> None:
    """Whole frames arrive in time, but the message does not: the call ends, the connection stays."""
    with Client(tight) as client:
        number = client.begin(prefixed(bytes(30_000))[:50])
        for _ in range(4):
            time.sleep(0.2)
            client.h2.send_data(number, bytes(50))
            client.send()
        assert client.status(number)[0] == "4"
        assert client.status(client.begin(prefixed(message), end=True)) == ("0", "")


@pytest.mark.parametrize("path", ["/no/Method", "/inference.GRPCInferenceService/ModelStreamInfer"])
def test_a_refused_call_holds_nothing(tight: Server, message: bytes, path: str) -> None:
    """It is answered at once and reset; what its client goes on sending is dropped."""
    with Client(tight) as client:
        for _ in range(20):
            began = time.monotonic()
            number = client.begin(b"x", path=path)
            assert client.status(number)[0] == "12"
            assert client.wait(StreamReset, number).error_code == 0
            assert time.monotonic() - began < 1
            client.send(frame(DATA, 0, number, bytes(16_000)) * 3)
        assert client.status(client.begin(prefixed(message), end=True)) == ("0", "")


def test_a_client_without_a_key_is_refused_before_its_message(
    small_bundle: Any, tmp_path: Path, message: bytes
) -> None:
    key, line = create_key("crm")
    (tmp_path / "keys").write_text(line)
    options = ("--api-keys", str(tmp_path / "keys"), "--drain-s", "0")
    with started(small_bundle.folder, tmp_path / "log", *options) as server, Client(server) as client:
        for _ in range(3):
            number = client.begin(b"x")
            assert client.status(number)[0] == "16"
            assert client.wait(StreamReset, number).error_code == 0
        good = client.begin(prefixed(message), end=True, headers=(("x-api-key", key),))
        assert client.status(good) == ("0", "")


def test_metadata_over_the_limit_hurts_no_other_call(server: Server, message: bytes) -> None:
    """By a client that ignores SETTINGS_MAX_HEADER_LIST_SIZE."""
    with Client(server) as client:
        waiting = client.begin(prefixed(message)[:20])
        for headers in (
            tuple((f"x-{place}", "v" * 2_000) for place in range(40)),
            tuple((f"x-{place}", "v") for place in range(150)),
        ):
            number = client.begin(prefixed(message), headers=headers)
            status, said = client.status(number)
            assert (status, "metadata has more than 65536 bytes or 100 fields" in said) == ("8", True)
            client.wait(StreamReset, number)
        client.h2.send_data(waiting, prefixed(message)[20:], end_stream=True)
        client.send()
        assert client.status(waiting) == ("0", "")
        assert client.status(client.begin(prefixed(message), end=True, headers=(("x-150", "v"),))) == ("0", "")


def test_the_limit_of_metadata_is_announced(tight: Server) -> None:
    with Client(tight) as client:
        client.status(client.begin(path="/none"))
        assert client.h2.remote_settings.max_header_list_size == 64 * 1024


def test_the_memory_of_open_heads_is_bounded(tight: Server, message: bytes) -> None:
    """1 MiB of them is held; then calls are refused, and when the client is gone answered again."""
    parts = large_heads(message)
    heads = b"".join(next(parts) for _ in range(60))
    with socket.create_connection(("127.0.0.1", tight.grpc_port), timeout=10) as line:
        line.sendall(heads)
        received = b""
        while b"retry-after" not in received:
            part = line.recv(65_536)
            assert part, "the connection ended"
            received += part
        assert b"\x0bgrpc-status\x0214" in received
    wait_until(lambda: answered(tight, message))


def test_the_memory_of_unfinished_blocks_is_bounded(tight: Server, message: bytes) -> None:
    lines = []
    with contextlib.ExitStack() as opened:
        for _ in range(8):
            line = opened.enter_context(socket.create_connection(("127.0.0.1", tight.grpc_port), timeout=10))
            line.sendall(HELLO + frame(HEADERS, 0, 1, BLOCK) + frame(CONTINUATION, 0, 1, bytes(16_000)) * 12)
            lines.append(line)
        ended = 0
        for line in lines:
            received = b""
            with contextlib.suppress(OSError):
                while part := line.recv(65_536):
                    received += part
            ended += received.endswith(b"\x00\x00\x00\x0b")
        assert ended >= 2, "eight blocks of 192 kB do not fit in 1 MiB"
    wait_until(lambda: answered(tight, message))


@pytest.mark.parametrize("name", [*ATTACKS, *UNREAD_ATTACKS])
def test_published_attacks(tight: Server, message: bytes, name: str) -> None:
    """The server answers others, and spends and holds little."""
    attacks = Attacks(tight.grpc_port, tight.process.pid, message)
    make = ATTACKS.get(name) or UNREAD_ATTACKS[name]
    cost = attacks.measure(make, reads=name in ATTACKS, max_mb=1.0, max_s=1.0)
    assert cost.answered, cost
    assert cost.processor_s < 1.5, cost
    assert cost.held_mib < 32, cost


def test_an_attack_is_named_in_goaway(tight: Server) -> None:
    with Client(tight) as client:
        for _ in range(600):
            client.h2.ping(b"12345678")
        client.send()
        assert client.wait(ConnectionTerminated).error_code == 11


REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"


def test_a_flood_of_messages_on_one_streaming_call(tight: Server, message: bytes) -> None:
    """Each message takes five bytes, and its answer seventy, which nobody reads."""
    with Client(tight) as client:
        client.begin(path=REFLECTION)
        began = time.monotonic()
        with contextlib.suppress(OSError):
            for _ in range(60):
                client.send(frame(DATA, 0, 1, bytes(5) * 3_000))
        assert answered(tight, message)
        assert time.monotonic() - began < 2
        assert client.wait(ConnectionTerminated).error_code == 11


def test_a_call_behind_a_goaway_is_answered(server: Server, message: bytes) -> None:
    with Client(server) as client:
        number = client.h2.get_next_available_stream_id()
        call = frame(HEADERS, END_HEADERS, number, Blocks().call()) + frame(DATA, END_STREAM, number, prefixed(message))
        client.send(frame(GOAWAY, 0, 0, bytes(8)) + call)
        received = b""
        while part := client.socket.recv(65_536):
            received += part
        assert b"grpc-status\x010" in received


def test_silent_clients_do_not_hold_up_the_end(small_bundle: Any, tmp_path: Path) -> None:
    """They answer no ping and close no connection."""
    watch = frame(HEADERS, END_HEADERS, 1, Blocks().call("/grpc.health.v1.Health/Watch")) + frame(DATA, 1, 1, bytes(5))
    with contextlib.ExitStack() as lines:
        with started(small_bundle.folder, tmp_path / "log", "--drain-s", "0") as running:
            for sent in (HELLO, HELLO + watch):
                opened = lines.enter_context(socket.create_connection(("127.0.0.1", running.grpc_port), timeout=10))
                opened.sendall(sent)
            assert opened.recv(1)
            began = time.monotonic()
            running.process.terminate()
            running.process.wait(40)
        assert time.monotonic() - began < 15
