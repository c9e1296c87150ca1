"""Requests that are small as bytes and large, or endless, when they are read."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
import tracemalloc
import zlib
from unittest.mock import patch

import orjson
import pyarrow as pa
import pytest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb

from serving.admission.request_memory import RequestMemory
from serving.grpc.fast.message import only_message
from serving.http import decoding
from serving.inference.call import Call
from serving.v1.request import one_row
from serving.v2.errors import MAX_QUOTED, RequestError, TooLargeError, quote
from serving.v2.grpc_exchange import GrpcExchange
from serving.v2.grpc_fields import divide
from serving.v2.json_body import parsed_bytes

MIB = 2**20
BODIES = {
    "lists": b"[" + b"[]," * 100_000 + b"1]",
    "objects": b"[" + b"{}," * 100_000 + b"1]",
    "numbers": b"[" + b"1.5," * 100_000 + b"1]",
    "texts": b"[" + b'"ab",' * 100_000 + b"1]",
    "objects of one key": b"[" + b'{"a":1},' * 100_000 + b"1]",
    "keys": b"{" + b",".join(b'"%x":1' % number for number in range(100_000)) + b"}",
}


@pytest.mark.parametrize("kind", BODIES)
def test_the_estimate_of_parsed_json(kind: str) -> None:
    orjson.loads(BODIES[kind])  # keys are cached
    tracemalloc.start()
    document = orjson.loads(BODIES[kind])
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert document
    assert taken / 2.5 < parsed_bytes(BODIES[kind]) < 2.5 * taken


@pytest.mark.parametrize("tag", [b"\x0a", b"\x22", b"\x32"], ids=["name", "parameters", "outputs"])
def test_fields_besides_tensors_are_limited_in_linear_time(tag: bytes) -> None:
    began = time.process_time()
    with pytest.raises(RequestError):
        divide((tag + b"\0") * 4_000_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("tag", [b"\x2a", b"\x3a"], ids=["inputs", "raw"])
def test_the_number_of_tensors_is_limited(tag: bytes) -> None:
    with pytest.raises(RequestError):
        divide((tag + b"\0") * 4_000_000)


def test_unknown_fields_are_left_out() -> None:
    unknown = b"\x82\x01\x03abc" + b"\x88\x01\x05" + b"\x41" + bytes(8) + b"\x4d" + bytes(4)
    fields = divide(unknown + b"\x0a\x01m" + unknown + b"\x2a\x00")
    assert fields is not None
    assert (fields.rest, fields.inputs) == (b"\x0a\x01m", [b""])


def test_a_large_message_that_cannot_be_divided_is_not_parsed() -> None:
    group = b"\x43\x44"
    assert pb.ModelInferRequest.FromString(group).model_name == ""
    with pytest.raises(RequestError):
        GrpcExchange(group + b"\x2a\0" * 100_000).expansion()


def test_typed_contents_count_as_what_they_are_in_memory() -> None:
    tensor = pb.ModelInferRequest.InferInputTensor(name="a", datatype="INT64", shape=[100_000])
    tensor.contents.int64_contents.extend([1] * 100_000)
    message = pb.ModelInferRequest(inputs=[tensor]).SerializeToString()
    assert GrpcExchange(message).expansion() >= 8 * 100_000


def test_a_compressed_message_of_an_odd_ratio() -> None:
    packed = gzip.compress(bytes(30 * MIB))
    with pytest.raises(TooLargeError, match="times its size"):
        only_message(b"\1" + len(packed).to_bytes(4, "big") + packed, b"gzip", 32 * MIB)


@pytest.mark.parametrize("value", [[[]], {"a": 1}, ["x" * 200] * 3, "\u2028" * 200, 10**60, {"k" * 200: [1] * 500}])
def test_quotes_are_short(value: object) -> None:
    assert len(quote(value)) <= MAX_QUOTED + 3
    assert quote(value).isascii()


def test_deep_values_are_quoted() -> None:
    deep: object = 1
    for _ in range(2_000):
        deep = [deep]
    assert quote(deep).startswith("[[[[")


def test_one_customer_of_many_keys_is_left_to_the_checks() -> None:
    assert one_row({"instances": [{str(number): 1 for number in range(70_000)}]}) is None


EMPTY_BLOCKS = b"\x00\x00\x00\xff\xff" * 60_000
MUCH_CODE = {
    "a long name": ("gzip", b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 300_000 + b"\0" + gzip.compress(b"x")[10:], b"x"),
    "empty blocks": ("deflate", EMPTY_BLOCKS + zlib.compress(b"x", wbits=-15), b"x"),
    "empty frames": ("zstd", pa.Codec("zstd").compress(b"", asbytes=True) * 40_000, b""),
    "skipped frames": (
        "zstd",
        b"\x50\x2a\x4d\x18\x01\0\0\0x" * 40_000 + pa.Codec("zstd").compress(b"x", asbytes=True),
        b"x",
    ),
    "much content": ("gzip", gzip.compress(b"x" * 100_000), b"x" * 100_000),
}


@pytest.mark.parametrize("kind", MUCH_CODE)
def test_long_work_of_decoding_leaves_the_event_loop(kind: str) -> None:
    coding, content, plain = MUCH_CODE[kind]
    threads: set[threading.Thread] = set()
    real = decoding._open

    class Watched:
        def __init__(self, *arguments: str | bytes) -> None:
            self._stream = real(*arguments)

        def read(self, size: int) -> bytes | None:
            threads.add(threading.current_thread())
            return self._stream.read(size)

    async def run() -> bytes:
        held = RequestMemory().open()
        held.add(len(content))
        return await decoding.decoded(content, coding, held, Call("POST", "/", "m", None, [], "id"))

    with patch.object(decoding, "_open", Watched):
        assert asyncio.run(run()) == plain
    if len(content) > 64 * 1024:
        assert threading.main_thread() not in threads
    assert threads - {threading.main_thread()}
