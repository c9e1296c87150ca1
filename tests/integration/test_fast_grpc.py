"""The fast gRPC server answers as grpcio's does, and withstands hostile clients."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import grpc
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamReset, TrailersReceived
from h2.settings import SettingCodes
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from load import INFER, grpc_message, wait_until
from server_process import Server, offline, server, started, texts, typed

from serving.v2.tensors import to_binary
from tenure import bundle
from tenure.protocol import infer_request

pytestmark = pytest.mark.slow

SERVICE = INFER.rpartition("/")[0]


@pytest.fixture(scope="module")
def slow_server(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(
        small_bundle.folder, tmp_path_factory.mktemp("slow") / "log", "--no-fast-route", "--drain-s", "0"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def tight(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--read-timeout-s", "0.5", "--max-connections", "8", "--max-held-mib", "8", "--drain-s", "0")
    with started(small_bundle.folder, tmp_path_factory.mktemp("tight") / "log", *options) as running:
        yield running


@pytest.fixture(scope="module")
def one(typed: dict[str, list]) -> dict[str, list]:
    return {name: values[:1] for name, values in typed.items()}


def ask(running: Server, content: bytes, method: str = "ModelInfer", **options: Any) -> tuple[Any, str, bytes, dict]:
    """Status, details, answer and trailing metadata."""
    with grpc.insecure_channel(f"127.0.0.1:{running.grpc_port}") as channel:
        call = channel.unary_unary(f"{SERVICE}/{method}", None, None)
        metadata = (("x-request-id", "the-same"), *options.pop("metadata", ()))
        try:
            answer, done = call.with_call(content, timeout=20, metadata=metadata, **options)
        except grpc.RpcError as error:
            return error.code(), error.details(), b"", dict(error.trailing_metadata())
        return done.code(), done.details(), answer, dict(done.trailing_metadata())


def without_null(columns: dict[str, list]) -> dict[str, list]:
    return {name: [0.0 if value is None else value for value in values] for name, values in columns.items()}


def messages(one: dict[str, list], many: dict[str, list]) -> Iterator[tuple[str, bytes]]:
    """Valid and invalid calls."""

    def changed(change: Callable[[pb.ModelInferRequest], object], columns: dict[str, list] = one) -> bytes:
        message = pb.ModelInferRequest.FromString(grpc_message(infer_request(columns)))
        change(message)
        return message.SerializeToString()

    def in_binary(message: pb.ModelInferRequest) -> None:
        for tensor, entry in zip(message.inputs, infer_request(one)["inputs"], strict=True):
            tensor.ClearField("contents")
            message.raw_input_contents.append(to_binary(entry["datatype"], entry["data"]))

    whole = grpc_message(infer_request(one))
    yield "one row", whole
    yield "one row of texts", grpc_message(infer_request({name: [str(value[0])] for name, value in one.items()}))
    yield "twenty rows", grpc_message(infer_request(without_null(many)))
    yield "in binary", changed(in_binary)
    yield "out of range", grpc_message(infer_request(one | {"MonthlyCharges": [501.0], "PaymentMethod": ["Shells"]}))
    yield "reasons", changed(lambda m: m.parameters["explain"].__setattr__("int64_param", 3))
    yield "an unknown parameter", changed(lambda m: m.parameters["explian"].__setattr__("int64_param", 3))
    yield "an id", changed(lambda m: setattr(m, "id", "mine ü"))
    yield "an output", changed(lambda m: m.outputs.add(name="band"))
    yield "no such output", changed(lambda m: m.outputs.add(name="bond"))
    yield "no such model", changed(lambda m: setattr(m, "model_name", "other\n"))
    yield "no such version", changed(lambda m: setattr(m, "model_version", "0"))
    yield "a column too few", changed(lambda m: m.inputs.__delitem__(3))
    yield "a column twice", changed(lambda m: m.inputs.append(m.inputs[3]))
    yield "a text for a number", grpc_message(infer_request(one | {"tenure": ["many"]}))
    yield "half of it", whole[: len(whole) // 2]
    yield "nothing", b""
    yield "rubbish", b"\xff" * 50


def test_both_servers_give_the_same_answers(server: Server, slow_server: Server, one: dict, typed: dict) -> None:
    for name, content in messages(one, typed):
        fast, slow = ask(server, content), ask(slow_server, content)
        assert fast == slow, name
        assert fast[3]["x-request-id"] == "the-same"
    for method, request in {
        "ServerLive": pb.ServerLiveRequest(),
        "ServerReady": pb.ServerReadyRequest(),
        "ServerMetadata": pb.ServerMetadataRequest(),
        "ModelReady": pb.ModelReadyRequest(name="telco"),
        "ModelMetadata": pb.ModelMetadataRequest(name="telco"),
        "RepositoryModelLoad": pb.RepositoryModelLoadRequest(model_name="telco"),
        "RepositoryModelUnload": pb.RepositoryModelUnloadRequest(model_name="telco"),
    }.items():
        fast, slow = (ask(running, request.SerializeToString(), method) for running in (server, slow_server))
        assert fast == slow, method
    for running in (server, slow_server):
        assert ask(running, b"\xff", "ModelReady")[0] is grpc.StatusCode.INVALID_ARGUMENT
        assert ask(running, pb.ModelReadyRequest(name="other").SerializeToString(), "ModelReady")[0] is (
            grpc.StatusCode.NOT_FOUND
        )
        assert ask(running, b"", "Nothing")[:2] == (grpc.StatusCode.UNIMPLEMENTED, "Method not found!")


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_a_compressed_message(server: Server, one: dict, compression: Any) -> None:
    content = grpc_message(infer_request(one))
    assert ask(server, content, compression=compression) == ask(server, content)


def test_many_calls_on_one_connection_get_their_own_answers(
    server: Server, offline: bundle.Bundle, typed: dict
) -> None:
    """Small and large messages; answers longer than the client's windows."""
    columns = without_null(typed)
    expected = offline.predict(columns).probability
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        call = channel.unary_unary(INFER, None, pb.ModelInferResponse.FromString)

        def run(number: int) -> bool:
            row, times = number % 20, 500 if number % 10 == 3 else 1
            some = {name: values[row : row + 1] * times for name, values in columns.items()}
            message = pb.ModelInferRequest.FromString(grpc_message(infer_request(some)))
            message.id = str(number)
            answer = call(message.SerializeToString(), timeout=30)
            found = list(answer.outputs[0].contents.fp64_contents)
            return answer.id == message.id and len(found) == times and abs(found[-1] - expected[row]) <= 1e-9

        with ThreadPoolExecutor(40) as pool:
            assert all(pool.map(run, range(200)))


class Raw:
    """A client that may break the protocol."""

    def __init__(self, running: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", running.grpc_port), timeout=10)
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.send()
        self.events: list[Any] = self.h2.receive_data(self.socket.recv(65536))  # how much room there is
        self.send()

    def send(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def begin(self, body: bytes, *, end: bool = True, **headers: str) -> int:
        number = self.h2.get_next_available_stream_id()
        fields = {"content-type": "application/grpc", "te": "trailers"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        pseudo = [(":method", "POST"), (":scheme", "http"), (":path", INFER), (":authority", "x")]
        self.h2.send_headers(number, [*pseudo, *fields.items()], end_stream=end and not body)
        for start in range(0, len(body), 16_000):
            self.h2.send_data(number, body[start : start + 16_000], end_stream=end and start + 16_000 >= len(body))
        self.send()
        return number

    def trailers(self, number: int, timeout_s: float = 10.0) -> dict[str, str]:
        """What ended the call."""
        self.socket.settimeout(timeout_s)
        while True:
            for event in self.events:
                if isinstance(event, ResponseReceived | TrailersReceived) and event.stream_id == number:
                    found = dict(event.headers)
                    if "grpc-status" in found or found.get(":status") != "200":
                        return found
            data = self.socket.recv(65536)
            assert data, "the connection ended"
            self.events += self.h2.receive_data(data)
            self.send()


def prefixed(message: bytes, flag: int = 0) -> bytes:
    return struct.pack(">BI", flag, len(message)) + message


def test_invalid_message_bodies(server: Server, one: dict) -> None:
    good = grpc_message(infer_request(one))
    client = Raw(server)
    with closing(client.socket):
        for body, headers, status, said in (
            (b"", {}, 3, "has no message"),
            (b"\0\0", {}, 3, "has no message"),
            (prefixed(good)[:-1], {}, 3, "is announced"),
            (prefixed(good) * 2, {}, 3, "is announced"),
            (prefixed(good, 1), {}, 3, "grpc-encoding is missing"),
            (prefixed(good, 2), {"grpc_encoding": "gzip"}, 3, "grpc-encoding is missing"),
            (prefixed(good, 1), {"grpc_encoding": "gzip"}, 3, "cannot be decompressed"),
            (prefixed(good, 1), {"grpc_encoding": "br"}, 12, "'br'"),
            (b"\0\x7f\xff\xff\xff", {}, 8, "at most"),
            (prefixed(good), {"grpc_timeout": "soon"}, 3, "'soon'"),
            (prefixed(good), {"grpc_timeout": "1n"}, 4, "the request's deadline has passed"),
            (prefixed(good), {"grpc_timeout": "20S"}, 0, ""),
        ):
            found = client.trailers(client.begin(body, **headers))
            assert (found["grpc-status"], said in found.get("grpc-message", "")) == (str(status), True), found
        assert client.trailers(client.begin(b"{}", content_type="application/json"))[":status"] == "415"
    metrics = server.metrics()
    assert 'code="501"' in metrics
    assert 'code="413"' in metrics


def test_the_end_of_a_compressed_message_is_looked_at(server: Server) -> None:
    """A message that decompresses beyond the limit is refused before it is decompressed completely."""
    import zlib

    def bomb_of(mib: int) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        return b"".join([*(packer.compress(bytes(2**20)) for _ in range(mib)), packer.flush()])

    bomb = bomb_of(40)
    client = Raw(server)
    with closing(client.socket):
        for compressed in (bomb, bomb_of(20)):  # the second is below the limit of a message
            found = client.trailers(client.begin(prefixed(compressed, 1), grpc_encoding="gzip"))
            assert (found["grpc-status"], "times its size when it is decompressed" in found["grpc-message"]) == (
                "8",
                True,
            )
        found = client.trailers(client.begin(prefixed(bomb[:30], 1), grpc_encoding="gzip"))
        assert (found["grpc-status"], "truncated" in found["grpc-message"]) == ("3", True)


def test_a_message_that_does_not_come(tight: Server, one: dict) -> None:
    body = prefixed(grpc_message(infer_request(one)))
    client = Raw(tight)
    with closing(client.socket):
        slow, began = client.begin(body[:100], end=False), time.monotonic()
        assert client.trailers(client.begin(body))["grpc-status"] == "0", "others do not wait for it"
        found = client.trailers(slow)
        assert (found["grpc-status"], "too long to arrive" in found["grpc-message"]) == ("4", True)
        assert 0.4 < time.monotonic() - began < 5


def test_who_does_not_speak_http_2(tight: Server) -> None:
    clients = [socket.create_connection(("127.0.0.1", tight.grpc_port), timeout=8) for _ in range(3)]
    for client, sent in zip(clients, (b"", b"PRI * HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), strict=True):
        client.sendall(sent)
    for client in clients:
        with closing(client), suppress(ConnectionResetError):
            while client.recv(65536):
                pass


def test_a_client_that_does_not_read(tight: Server) -> None:
    """Answers to pings that a client never reads must not fill the memory."""
    client = Raw(tight)
    pings = (b"\0\0\x08\x06\0\0\0\0\0" + bytes(8)) * 1000
    sent, began = 0, time.monotonic()
    with closing(client.socket):
        client.socket.settimeout(8)
        with pytest.raises((OSError, TimeoutError)):
            while True:
                sent += client.socket.send(pings)
                assert sent < 400 * 2**20
        assert time.monotonic() - began < 30
    assert ask(tight, b"", "ServerLive")[0] is grpc.StatusCode.OK


def test_an_answer_that_is_not_read(tight: Server, one: dict) -> None:
    """The client's window admits no data: the call ends, the connection stays open."""
    client = Raw(tight)
    with closing(client.socket):
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 10})
        number = client.begin(prefixed(grpc_message(infer_request(one))))
        while not any(isinstance(event, StreamReset) and event.stream_id == number for event in client.events):
            client.events += client.h2.receive_data(client.socket.recv(65536))
        assert any(isinstance(event, ResponseReceived) for event in client.events)
        assert not any(isinstance(event, TrailersReceived) for event in client.events)
        assert sum(len(event.data) for event in client.events if isinstance(event, DataReceived)) == 10
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 65_535})
        assert client.trailers(client.begin(prefixed(grpc_message(infer_request(one)))))["grpc-status"] == "0"


def test_what_is_held_of_messages_is_bounded(tight: Server) -> None:
    """8 MiB of bodies over all connections; further calls are refused and not read."""
    clients = [Raw(tight) for _ in range(4)]
    content = bytes(3 * 2**20)
    refused = []
    for client in clients:
        number = client.begin(b"", end=False)
        data = struct.pack(">BI", 0, 2**24) + content
        place = 0
        while place < len(data) and not refused:
            room = min(client.h2.local_flow_control_window(number), 16_000, len(data) - place)
            if room > 0:
                client.h2.send_data(number, data[place : place + room])
                place += room
                client.send()
                continue
            client.events += client.h2.receive_data(client.socket.recv(65536))
            ends = [event for event in client.events if isinstance(event, ResponseReceived)]
            refused += [dict(event.headers) for event in ends]
    for client in clients:
        client.socket.close()
    assert refused, "twelve of eight were taken"
    assert (refused[0]["grpc-status"], refused[0]["retry-after"]) == ("14", "1")
    wait_until(lambda: ask(tight, b"", "ServerLive")[0] is grpc.StatusCode.OK)


def test_too_many_connections(tight: Server) -> None:
    taken = [Raw(tight) for _ in range(8)]
    try:
        one_more = socket.create_connection(("127.0.0.1", tight.grpc_port), timeout=8)
        with closing(one_more), suppress(ConnectionResetError):
            assert one_more.recv(100) == b""
    finally:
        for client in taken:
            client.socket.close()
    wait_until(lambda: ask(tight, b"", "ServerLive")[0] is grpc.StatusCode.OK)


def test_no_trace_in_the_logs(server: Server, tight: Server) -> None:
    """Runs last: none of the tests above caused an unexpected error."""
    for running in (server, tight):
        assert '"trace"' not in running.log.read_text()
