"""Both gRPC servers, the fast one and grpcio's, behave the same."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import contextlib
import queue
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from load import INFER, grpc_message, wait_until
from server_process import Server, offline, started, texts, typed

from serving.grpc.descriptors import message_class
from tenure import bundle
from tenure.protocol import infer_request

pytestmark = pytest.mark.slow

SERVICE = INFER.rpartition("/")[0]
CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
SERVING, NOT_SERVING, SERVICE_UNKNOWN = b"\x08\x01", b"\x08\x02", b"\x08\x03"
"""Serialized answers of the health service."""
Code = grpc.StatusCode


def service(name: str) -> bytes:
    """A request of the health service."""
    return b"\x0a" + bytes([len(name)]) + name.encode() if name else b""


@pytest.fixture(scope="module", params=["fast", "grpcio"])
def kind(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return () if request.param == "fast" else ("--no-fast-route",)


@pytest.fixture(scope="module")
def either(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory, kind: tuple[str, ...]) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("contract") / "log"
    with started(small_bundle.folder, log, *kind, "--drain-s", "0", "--read-timeout-s", "2") as running:
        yield running
        assert '"trace"' not in log.read_text()


@pytest.fixture
def channel(either: Server) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(
        f"127.0.0.1:{either.grpc_port}", [("grpc.use_local_subchannel_pool", 1), ("grpc.max_metadata_size", 2**22)]
    ) as opened:
        yield opened


def ask(channel: grpc.Channel, path: str, content: bytes = b"", **options: Any) -> tuple[grpc.StatusCode, str, bytes]:
    try:
        answer = channel.unary_unary(path, None, None)(content, timeout=10, **options)
    except grpc.RpcError as error:
        return error.code(), error.details(), b""
    return Code.OK, "", answer


def open_call(channel: grpc.Channel, path: str, *messages: bytes) -> tuple[grpc.StatusCode, str, float]:
    """A call whose client does not end its side: status, message, and seconds until it was answered."""
    go_on = threading.Event()

    def sent() -> Iterator[bytes]:
        yield from messages
        go_on.wait(20)

    began = time.monotonic()
    call = channel.stream_stream(path, None, None)(sent(), timeout=10)
    try:
        list(call)
    except grpc.RpcError as error:
        return error.code(), error.details(), time.monotonic() - began
    finally:
        go_on.set()
    return Code.OK, "", time.monotonic() - began


@pytest.mark.parametrize("path", [f"{SERVICE}/Nothing", "/no.Service/Method", "/x", "//"])
def test_an_unknown_method_is_refused_at_once(channel: grpc.Channel, path: str) -> None:
    assert ask(channel, path) == (Code.UNIMPLEMENTED, "Method not found!", b"")
    code, message, took_s = open_call(channel, path, b"x")
    assert (code, message) == (Code.UNIMPLEMENTED, "Method not found!")
    assert took_s < 1
    assert open_call(channel, path)[0] is Code.UNIMPLEMENTED


def test_streaming_inference_is_refused_by_name(channel: grpc.Channel) -> None:
    code, message, took_s = open_call(channel, f"{SERVICE}/ModelStreamInfer", b"x" * 1000)
    assert (code, "call ModelInfer" in message) == (Code.UNIMPLEMENTED, True)
    assert took_s < 1
    assert ask(channel, f"{SERVICE}/ModelStreamInfer")[1] == message


@pytest.mark.parametrize("name", ["", "inference.GRPCInferenceService", "telco"])
def test_health_of_services_that_exist(channel: grpc.Channel, name: str) -> None:
    assert ask(channel, CHECK, service(name)) == (Code.OK, "", SERVING)
    assert next(channel.unary_stream(WATCH, None, None)(service(name), timeout=10)) == SERVING


def test_health_of_another_service(channel: grpc.Channel) -> None:
    assert ask(channel, CHECK, service("other\n")) == (Code.NOT_FOUND, "unknown service 'other\\n'", b"")
    watch = channel.unary_stream(WATCH, None, None)(service("other"), timeout=10)
    assert next(watch) == SERVICE_UNKNOWN
    watch.cancel()
    assert ask(channel, CHECK, b"\xff")[0] is Code.INVALID_ARGUMENT
    assert ask(channel, CHECK, bytes(70_000))[0] is Code.RESOURCE_EXHAUSTED
    with pytest.raises(grpc.RpcError) as caught:
        next(channel.unary_stream(WATCH, None, None)(b"\xff", timeout=10))
    assert caught.value.code() is Code.INVALID_ARGUMENT


def test_a_watch_ends_with_its_client_only(channel: grpc.Channel) -> None:
    watch = channel.unary_stream(WATCH, None, None)(service("telco"), timeout=4)
    assert next(watch) == SERVING
    with pytest.raises(grpc.RpcError) as caught:  # longer than the server's time for reading
        next(watch)
    assert caught.value.code() is Code.DEADLINE_EXCEEDED


def test_a_watch_tells_that_the_server_drains(small_bundle: Any, tmp_path: Any, kind: tuple[str, ...]) -> None:
    with started(small_bundle.folder, tmp_path / "log", *kind, "--drain-s", "1.5") as running:
        with grpc.insecure_channel(f"127.0.0.1:{running.grpc_port}") as channel:
            watch = channel.unary_stream(WATCH, None, None)(service("telco"), timeout=30)
            assert next(watch) == SERVING
            running.process.terminate()
            assert next(watch) == NOT_SERVING
            assert ask(channel, CHECK, service("")) == (Code.OK, "", NOT_SERVING)
            with pytest.raises(grpc.RpcError) as caught:
                next(watch)
            assert caught.value.code() is Code.UNAVAILABLE
        began = time.monotonic()
        running.process.wait(20)
        assert time.monotonic() - began < 5, "the watch does not hold the server up"
    assert '"trace"' not in (tmp_path / "log").read_text()


class Reflection:
    """One call of the reflection service, with messages one by one."""

    def __init__(self, channel: grpc.Channel, package: str) -> None:
        self._request = message_class(f"{package}.ServerReflectionRequest")
        self._response = message_class(f"{package}.ServerReflectionResponse")
        self._asked: queue.Queue[bytes | None] = queue.Queue()
        path = f"/{package}.ServerReflection/ServerReflectionInfo"
        self.answers = channel.stream_stream(path, None, None)(iter(self._asked.get, None), timeout=10)

    def ask(self, **fields: Any) -> Any:
        self._asked.put(self._request(**fields).SerializeToString())
        return self._response.FromString(next(self.answers))

    def close(self) -> None:
        self._asked.put(None)
        assert list(self.answers) == []
        assert self.answers.code() is Code.OK


@pytest.mark.parametrize("package", ["grpc.reflection.v1", "grpc.reflection.v1alpha"])
def test_reflection(channel: grpc.Channel, package: str) -> None:
    call = Reflection(channel, package)
    listed = call.ask(host="h", list_services="*")
    assert {entry.name for entry in listed.list_services_response.service} == {
        *("inference.GRPCInferenceService", "grpc.health.v1.Health"),
        *("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"),
    }
    assert (listed.valid_host, listed.original_request.list_services) == ("h", "*")
    for symbol in (
        *("inference.GRPCInferenceService", "inference.GRPCInferenceService.ModelInfer"),
        *("inference.ModelInferRequest", "inference.ModelInferRequest.InferInputTensor"),
        "inference.ModelInferRequest.model_name",
    ):
        [content] = call.ask(file_containing_symbol=symbol).file_descriptor_response.file_descriptor_proto
        assert content == pb.DESCRIPTOR.serialized_pb, symbol
    [content] = call.ask(file_containing_symbol="grpc.health.v1.Health").file_descriptor_response.file_descriptor_proto
    health = FileDescriptorProto.FromString(content)
    assert [method.name for method in health.service[0].method] == ["Check", "Watch"]
    assert call.ask(file_by_filename=health.name).file_descriptor_response.file_descriptor_proto == [content]
    for asked in (
        {"file_containing_symbol": "inference.Nothing"},
        {"file_containing_symbol": "inference.GRPCInferenceService.Nothing"},
        {"file_containing_symbol": ""},
        {"file_by_filename": "x.proto\n"},
        {"file_containing_extension": {"containing_type": "inference.ModelInferRequest", "extension_number": 1}},
        {"all_extension_numbers_of_type": "x.Y"},
    ):
        answer = call.ask(**asked)
        assert answer.error_response.error_code == Code.NOT_FOUND.value[0], asked
        assert "\n" not in answer.error_response.error_message
    numbers = call.ask(all_extension_numbers_of_type="inference.ModelInferRequest").all_extension_numbers_response
    assert (numbers.base_type_name, list(numbers.extension_number)) == ("inference.ModelInferRequest", [])
    assert call.ask().error_response.error_code == Code.INVALID_ARGUMENT.value[0]
    call.close()


def test_reflection_of_what_is_no_message(channel: grpc.Channel) -> None:
    path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    assert open_call(channel, path, b"\xff\xff")[0] is Code.INVALID_ARGUMENT
    assert open_call(channel, path, bytes(70_000))[0] is Code.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("known", [True, False])
def test_versions(channel: grpc.Channel, offline: bundle.Bundle, typed: dict, known: bool) -> None:
    version = offline.version if known else "0123456789ab"
    one = pb.ModelInferRequest.FromString(grpc_message(infer_request({k: v[:1] for k, v in typed.items()})))
    one.model_version = version
    expected = (Code.OK, "") if known else (Code.NOT_FOUND, f"model 'telco' has version {offline.version}, not ")
    for method, request in (
        ("ModelReady", pb.ModelReadyRequest(name="telco", version=version)),
        ("ModelMetadata", pb.ModelMetadataRequest(name="telco", version=version)),
        ("ModelInfer", one),
    ):
        code, message, content = ask(channel, f"{SERVICE}/{method}", request.SerializeToString())
        assert (code, message.startswith(expected[1])) == (expected[0], True), method
        assert bool(content) is known
    ready = ask(channel, f"{SERVICE}/ModelReady", pb.ModelReadyRequest(name="telco").SerializeToString())
    assert pb.ModelReadyResponse.FromString(ready[2]).ready, "no version is any version"


@pytest.mark.parametrize(
    "metadata",
    [
        [("x-long", "v" * 65_400)],
        [(f"x-{number}", "v" * 600) for number in range(99)],
        [(f"x-{number}", "v") for number in range(101)],
        [("x-same", "v")] * 300,
        [("x-long-bin", bytes(66_000))],
    ],
)
def test_too_much_metadata_is_one_calls_error(
    channel: grpc.Channel, typed: dict, metadata: list, kind: tuple[str, ...]
) -> None:
    content = grpc_message(infer_request({name: values[:1] for name, values in typed.items()}))
    others = [channel.unary_unary(INFER, None, None).future(content, timeout=10) for _ in range(5)]
    assert ask(channel, INFER, content, metadata=metadata)[0] is Code.RESOURCE_EXHAUSTED
    assert all(other.result() for other in others)
    assert ask(channel, INFER, content, metadata=[("x-long", "v" * 40_000)])[0] is Code.OK
    assert ask(channel, INFER, content, metadata=[(f"x-{number}", "v") for number in range(90)])[0] is Code.OK


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_messages_within_the_limit(channel: grpc.Channel, typed: dict, compression: Any) -> None:
    content = grpc_message(infer_request({name: values[:1] for name, values in typed.items()}))
    assert ask(channel, INFER, content, compression=compression)[0] is Code.OK
    bomb = bytes(40 * 2**20)
    assert ask(channel, INFER, bomb, compression=compression)[0] is Code.RESOURCE_EXHAUSTED


def test_as_many_clients_may_wait_to_be_accepted_as_by_http(either: Server) -> None:
    """They connect while the server is busy; the event loops' default is 100."""
    either.process.send_signal(signal.SIGSTOP)
    try:
        for port in (either.http_port, either.grpc_port):
            with contextlib.ExitStack() as lines:
                for _ in range(400):
                    lines.enter_context(socket.create_connection(("127.0.0.1", port), timeout=2))
    finally:
        either.process.send_signal(signal.SIGCONT)
