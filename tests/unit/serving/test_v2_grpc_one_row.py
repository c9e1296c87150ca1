"""The fast path of one row over gRPC gives the same requests and answers as the general path."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from property_profiles import examples

from serving.inference.call import Call
from serving.inference.model import ChurnModel
from serving.v2 import grpc as wire
from serving.v2 import grpc_one_row
from serving.v2.answer import output_tensors
from serving.v2.errors import RequestError
from serving.v2.grpc_exchange import GrpcExchange
from serving.v2.grpc_fields import MAX_FIELDS, divide
from serving.v2.grpc_one_row import OneRowMessage, OneRowMessages, grpc_writer
from serving.v2.tensors import to_binary
from tenure import bundle
from tenure.bundle import Bundle
from tenure.protocol import infer_request

FIELDS = {"BYTES": "bytes_contents", "BOOL": "bool_contents", "FP64": "fp64_contents", "FP32": "fp32_contents",
          **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"), "INT64": "int64_contents"}  # fmt: skip


@pytest.fixture(scope="module")
def loaded(small_bundle: Any) -> Bundle:
    return bundle.read(small_bundle.folder)


@pytest.fixture(scope="module")
def row(small_bundle: Any) -> dict[str, list]:
    """A customer as a client with typed columns sends it: booleans, integers, floats and texts."""
    found = {name: small_bundle.rows[name].to_pylist()[:1] for name in small_bundle.rows.column_names}
    for name in ("MonthlyCharges", "TotalCharges"):
        found[name] = [float(found[name][0])]
    return found | {"tenure": [int(found["tenure"][0])], "SeniorCitizen": [found["SeniorCitizen"][0] == "1"]}


def message_of(columns: dict[str, list], *, raw: bool = False, **datatypes: str) -> pb.ModelInferRequest:
    message = pb.ModelInferRequest(model_name="telco", id="7")
    for entry in infer_request(columns)["inputs"]:
        datatype = datatypes.get(entry["name"], entry["datatype"])
        data = [math.nan if value is None else value for value in entry["data"]]
        tensor = message.inputs.add(name=entry["name"], datatype=datatype, shape=entry["shape"])
        if raw:
            message.raw_input_contents.append(to_binary(datatype, data))
        else:
            values = [value.encode() for value in data] if datatype == "BYTES" else data
            getattr(tensor.contents, FIELDS[datatype]).extend(values)
    return message


def plain(values: Any) -> list[Any]:
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    found = [value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value for value in listed]
    return [repr(value) for value in found]  # NaN is NaN, and 1 is not 1.0


def general(content: bytes) -> tuple[Any, ...] | None:
    """Name, version, id and columns, as the general path reads them; None if it refuses them."""
    message = pb.ModelInferRequest.FromString(content)
    try:
        request = wire.read_request(message.inputs, message.raw_input_contents, message)
    except RequestError:
        return None
    if request.outputs or message.parameters:
        return None
    columns = {tensor.name: plain(tensor.values) for tensor in request.tensors}
    return message.model_name, message.model_version, message.id, columns, bool(message.raw_input_contents)


def read(messages: OneRowMessages, content: bytes) -> OneRowMessage | None:
    fields = divide(content)
    return None if fields is None else messages.read(fields)


@pytest.mark.parametrize("raw", [False, True])
def test_the_usual_message_is_read_the_short_way(row: dict[str, list], raw: bool) -> None:
    messages = OneRowMessages()
    for change in ({}, {"MonthlyCharges": [1.5]}, {"tenure": [3], "Contract": ["Two year"]}, {}):
        content = message_of(row | change, raw=raw).SerializeToString()
        found = read(messages, content)
        assert found is not None
        assert (*found[:3], {name: plain(values) for name, values in found.columns.items()}, found[4]) == general(
            content
        )


def changes(message: pb.ModelInferRequest) -> Iterator[tuple[str, Any]]:
    """Changes that make a message one for the general path."""
    yield "two rows", lambda m: m.inputs[3].contents.bytes_contents.append(b"No")
    yield "a parameter", lambda m: m.parameters["explain"].__setattr__("int64_param", 2)
    yield "an output", lambda m: m.outputs.add(name="band")
    yield "no inputs", lambda m: m.ClearField("inputs")
    yield "a shape of two", lambda m: m.inputs[1].shape.append(2)
    yield "a column twice", lambda m: m.inputs.append(m.inputs[0])
    yield "bytes that are no text", lambda m: m.inputs[3].contents.bytes_contents.__setitem__(0, b"\xff")


def test_whatever_is_unusual_is_left_to_the_general_way(row: dict[str, list]) -> None:
    for name, change in changes(message_of(row)):
        message = message_of(row)
        change(message)
        assert read(OneRowMessages(), message.SerializeToString()) is None, name
    assert read(OneRowMessages(), b"") is None


VALUES = st.one_of(st.sampled_from([b"Yes", b"", b"\xff", "ü".encode(), b"*\x0a:\x08"]), st.binary(max_size=12))
DATATYPES = st.sampled_from(["BYTES", "BOOL", "INT8", "INT64", "UINT64", "FP64", "FP32", "FP16", "X", ""])


@settings(max_examples=examples(300))
@given(
    place=st.integers(0, 18),
    name=st.one_of(st.none(), st.sampled_from(["tenure", "Churn", "*\n:\x0812345678", "x" * 300]), st.text(max_size=9)),
    datatype=st.one_of(st.none(), DATATYPES),
    shape=st.sampled_from([None, [1], [1, 1], [2], [], [-1], [1, 1, 1]]),
    double=st.one_of(st.none(), st.floats()),
    value=st.one_of(st.none(), VALUES),
    both=st.booleans(),
    raw=st.booleans(),
    texts=st.tuples(st.text(max_size=200), st.text(max_size=5), st.text(max_size=5)),
)
def test_the_fast_path_reads_as_the_general_path(
    row: dict[str, list], place: int, name: str | None, datatype: str | None, shape: list[int] | None,
    double: float | None, value: bytes | None, both: bool, raw: bool, texts: tuple[str, str, str],
) -> None:  # fmt: skip
    message = message_of(row, raw=raw)
    message.model_name, message.model_version, message.id = texts
    entry = message.inputs[place]
    entry.name = entry.name if name is None else name
    entry.datatype = entry.datatype if datatype is None else datatype
    if shape is not None:
        del entry.shape[:]
        entry.shape.extend(shape)
    if raw and value is not None:
        message.raw_input_contents[place] = value
    if (not raw or both) and double is not None:
        del entry.contents.fp64_contents[:]
        entry.contents.fp64_contents.append(double)
    if not raw and value is not None:
        entry.contents.bytes_contents.append(value)
    content = message.SerializeToString()
    messages = OneRowMessages()
    for _ in range(2):  # the first learns
        found = read(messages, content)
        if found is not None:
            columns = {name: plain(values) for name, values in found.columns.items()}
            assert (*found[:3], columns, found.in_binary) == general(content)


@settings(max_examples=examples(300))
@given(cut=st.integers(0, 1500), place=st.integers(0, 1500), byte=st.integers(0, 255), raw=st.booleans())
def test_a_message_that_is_broken_is_not_read_the_short_way(
    row: dict[str, list], cut: int, place: int, byte: int, raw: bool
) -> None:
    whole = bytearray(message_of(row, raw=raw).SerializeToString())
    whole[place % len(whole)] = byte
    content = bytes(whole[: len(whole) - cut % 40])
    found = read(OneRowMessages(), content)
    if found is not None:
        columns = {name: plain(values) for name, values in found.columns.items()}
        assert (*found[:3], columns, found.in_binary) == general(content)


def test_a_number_behind_a_name_that_looks_like_one(row: dict[str, list]) -> None:
    """The bytes before the last eight identify a tensor only if its value alone follows."""
    number = struct.pack("<d", 2.5)
    front = pb.ModelInferRequest.InferInputTensor(datatype="FP64", shape=[1])
    front.contents.fp64_contents.append(2.5)
    tricky = front.SerializeToString() + b"\x0a\x0c\x2a\x0a\x3a\x08" + number
    messages = OneRowMessages()
    for tensor in (tricky, tricky[:-8] + b"otherone"):
        content = b"\x2a" + bytes((len(tensor),)) + tensor
        found, expected = read(messages, content), general(content)
        assert found is None or expected is not None
        assert found is None or {name: plain(values) for name, values in found.columns.items()} == expected[3]
    assert not messages._doubles


@pytest.mark.parametrize("field", [b"\x2a\x00", b"\x3a\x00", b"\x08\x01", b"\x32\x00"])
def test_a_flood_of_fields_is_refused_in_linear_time(field: bytes) -> None:
    """Joining half a million fields one by one took 38 s; a parsed input of two bytes takes some hundred."""
    started = time.process_time()
    fields = divide(field * MAX_FIELDS)
    assert fields is not None
    assert len(fields.inputs) + len(fields.raw) + len(fields.rest) // len(field) == MAX_FIELDS
    with pytest.raises(RequestError, match=f"more than {MAX_FIELDS}"):
        divide(field * 500_000)
    assert time.process_time() - started < 2.0


def test_what_is_remembered_is_bounded(row: dict[str, list], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_one_row, "MAX_KNOWN", 50)
    messages = OneRowMessages()
    for number in range(200):
        content = message_of(row | {"PaymentMethod": [f"way {number}"], "tenure": [number]}).SerializeToString()
        found = read(messages, content)
        assert found is not None
        assert (found.columns["PaymentMethod"], found.columns["tenure"]) == ([f"way {number}"], [number])
        assert len(messages._values) <= 50
    long = message_of(row | {"PaymentMethod": ["x" * 1000]}).SerializeToString()
    assert read(messages, long) is not None
    assert not any(b"xxx" in tensor for tensor in messages._values)


@pytest.mark.parametrize("in_binary", [False, True])
@settings(max_examples=examples(40))
@given(probability=st.floats(0, 1), answer_id=st.text(max_size=200), threshold=st.sampled_from([0.0, 0.5, 1.0]))
def test_an_answer_is_the_general_path_s(
    loaded: Bundle, row: dict[str, list], in_binary: bool, probability: float, answer_id: str, threshold: float
) -> None:
    scored = np.array([probability])
    prediction = replace(loaded.predict(row, threshold=threshold), probability=scored, decision=scored >= threshold)
    outputs = output_tensors(prediction, 0, None)
    expected = wire.write_answer("telco", loaded.version, answer_id, outputs, in_binary=in_binary)
    writer = grpc_writer("telco", loaded, in_binary=in_binary)
    for _ in range(2):  # the first cuts the template
        assert writer.write(prediction, answer_id) == expected.SerializeToString()


@pytest.mark.parametrize("raw", [False, True])
def test_both_paths_give_the_same_prediction(loaded: Bundle, row: dict[str, list], raw: bool, monkeypatch: Any) -> None:
    """The fast path gives values of other types; predictions are the same."""
    model = ChurnModel("telco", loaded)
    cases: list[tuple[dict[str, list], dict[str, str]]] = [
        ({}, {}),
        ({"TotalCharges": [math.nan]}, {"TotalCharges": "FP64"}),
        ({"MonthlyCharges": [501.0], "PaymentMethod": ["Cowrie shells"]}, {}),
        ({"tenure": [12.0]}, {"tenure": "FP64"}),
        ({"tenure": [12.5]}, {"tenure": "FP64"}),
        ({"tenure": [12]}, {"tenure": "INT8"}),
        ({"tenure": ["many"]}, {"tenure": "BYTES"}),
        ({"tenure": [" 12 "]}, {"tenure": "BYTES"}),
        ({"MonthlyCharges": [20]}, {"MonthlyCharges": "INT64"}),
        ({"MonthlyCharges": [math.inf]}, {}),
        ({"MonthlyCharges": [20.1]}, {"MonthlyCharges": "FP32"}),
        ({"SeniorCitizen": [1]}, {"SeniorCitizen": "INT64"}),
        ({"SeniorCitizen": [2]}, {"SeniorCitizen": "INT64"}),
        ({"Contract": [1]}, {"Contract": "INT64"}),
        ({"Contract": [0.1]}, {"Contract": "FP64"}),
        ({"Contract": [0.1]}, {"Contract": "FP32"}),
        ({"Contract": [True]}, {"Contract": "BOOL"}),
        ({"Partner": [True]}, {"Partner": "BOOL"}),
    ]
    for change, datatypes in cases:
        content = message_of(row | change, raw=raw, **datatypes).SerializeToString()
        answers = []
        for short in (True, False):
            with monkeypatch.context() as patched:
                if not short:
                    patched.setattr("serving.v2.grpc_exchange._one_row_messages.read", lambda _: None)
                exchange = GrpcExchange(content)
                exchange.name_model(Call("gRPC", "", "", None, (), "id"))
                query = exchange.read(model)
                try:
                    answers.append(exchange.write(model, query, model.predict_query(query), "id", ""))
                except RequestError as error:
                    answers.append(str(error))
        assert answers[0] == answers[1], (change, datatypes)
