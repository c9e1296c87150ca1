"""Bodies of V2 requests and answers over HTTP."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from serving.v2.answer import OutputTensor
from serving.v2.errors import RequestError
from serving.v2.request import Options
from serving.v2.rest import read_body, read_request, write_answer
from serving.v2.tensors import to_binary

COLUMN = {"name": "tenure", "shape": [2], "datatype": "INT64", "data": [1, 2]}


def body(**changes: Any) -> bytes:
    return orjson.dumps({"inputs": [COLUMN]} | changes)


def test_a_whole_request() -> None:
    parameters = {"explain": 3, "threshold": 0.25, "binary_data_output": False, "sequence_id": 7}
    request, in_binary = read_request(read_body(body(id="42", parameters=parameters), None))
    assert request.id == "42"
    assert request.options == Options(explain=3, threshold=0.25)
    assert (request.outputs, in_binary) == (None, frozenset())
    assert [(tensor.name, tensor.values) for tensor in request.tensors] == [("tenure", [1, 2])]


def test_outputs_and_their_form() -> None:
    outputs = [{"name": "band"}, {"name": "probability", "parameters": {"binary_data": True}}]
    request, in_binary = read_request(read_body(body(outputs=outputs), None))
    assert (request.outputs, in_binary) == (["band", "probability"], frozenset({"probability"}))
    _, in_binary = read_request(read_body(body(outputs=outputs[:1], parameters={"binary_data_output": True}), None))
    assert in_binary == frozenset({"band"})
    _, in_binary = read_request(read_body(body(parameters={"binary_data_output": True}), None))
    assert in_binary is None


def test_binary_tensors_follow_the_json_in_order() -> None:
    numbers, texts = to_binary("INT64", [1, 2]), to_binary("BYTES", ["a", "bc"])
    described = [
        {"name": "n", "shape": [2], "datatype": "INT64", "parameters": {"binary_data_size": len(numbers)}},
        {"name": "plain", "shape": [2], "datatype": "BOOL", "data": [True, False]},
        {"name": "t", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": len(texts)}},
    ]
    head = orjson.dumps({"inputs": described})
    request, _ = read_request(read_body(head + numbers + texts, str(len(head))))
    assert [list(tensor.values) for tensor in request.tensors] == [[1, 2], [True, False], [b"a", b"bc"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"inputs": [NaN]}', "a missing number is null"),
        (b"\xff\xfe", "not JSON"),
        (b'{"inputs": "\xc3\x28"}', "not JSON"),
        (b"[" * 5_000, "not JSON"),
        (b"null", "the body is not a JSON object"),
        (b"[]", "the body is not a JSON object"),
        (b"{}", "'inputs' is missing or empty"),
        (body(inputs=[]), "'inputs' is missing or empty"),
        (body(inputs={"tenure": [1]}), "'inputs' is missing or empty"),
        (body(inputs=[1]), "input 1 is not a JSON object"),
        (body(inputs=[COLUMN, {}]), "input 2: 'name' is None, not a text"),
        (body(inputs=[COLUMN | {"name": 5}]), "input 1: 'name' is 5"),
        (body(inputs=[COLUMN | {"datatype": None}]), "'tenure': 'datatype' is None"),
        (body(inputs=[COLUMN | {"shape": 2}]), "'tenure': 'shape' is 2, not a list"),
        (body(inputs=[COLUMN | {"datatype": "FP16"}]), "FP16 has no JSON form"),
        (body(inputs=[COLUMN | {"parameters": [1]}]), "'parameters' is not a JSON object"),
        (body(inputs=[COLUMN | {"parameters": {"binary_data_size": 4}}]), "both 'data' and 'binary_data_size'"),
        (body(id=5), "'id' is 5, not a text"),
        (body(parameters=[1]), "'parameters' is not a JSON object"),
        (body(parameters={"explian": 3}), "unknown parameter 'explian'; did you mean 'explain'"),
        (body(parameters={"verbose": 3}), "the parameters are 'explain', 'threshold' and 'as_of'"),
        (body(parameters={"explain": "3"}), "'explain' is '3'"),
        (body(parameters={"explain": True}), "'explain' is True"),
        (body(parameters={"explain": -1}), "'explain' is -1"),
        (body(parameters={"explain": 10**9}), "'explain' is 1000000000"),
        (body(parameters={"threshold": "often"}), "'threshold' is 'often', not a number"),
        (body(parameters={"threshold": "nan"}), "'threshold' is 'nan'"),
        (body(parameters={"threshold": []}), r"'threshold' is \[\]"),
        (body(parameters={"threshold": False}), "'threshold' is False"),
        (body(outputs={}), "'outputs' is not a list"),
        (body(outputs=[{"name": 1}]), "output 1: 'name' is 1"),
        (body(outputs=[{"name": "band"}] * 2), "output 'band' is given twice"),
    ],
)
def test_invalid_bodies(content: bytes, message: str) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        read_request(read_body(content, None))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("size", "length", "tail", "message"),
    [
        (8, "0", b"", "not JSON"),
        (8, "-1", b"", "Inference-Header-Content-Length is '-1'"),
        (8, "99999", b"", "Inference-Header-Content-Length is '99999'"),
        (8, "x", b"", "Inference-Header-Content-Length is 'x'"),
        (8, "²", b"", "Inference-Header-Content-Length is"),
        (8, "9" * 5000, b"", "Inference-Header-Content-Length is"),
        (16, None, b"\0" * 8, "the body ends before"),
        (8, None, b"\0" * 8, "shape"),
        (16, None, b"\0" * 17, "1 bytes follow the last input"),
        (-1, None, b"", "'binary_data_size' is -1"),
        ("16", None, b"", "'binary_data_size' is '16'"),
        (True, None, b"", "'binary_data_size' is True"),
        (2**70, None, b"", "not JSON|binary_data_size|ends before"),
    ],
)
def test_binary_parts_that_do_not_fit(size: Any, length: str | None, tail: bytes, message: str) -> None:
    entry = {"name": "n", "shape": [2], "datatype": "INT64", "parameters": {"binary_data_size": size}}
    head = json.dumps({"inputs": [entry]}).encode()
    with pytest.raises(RequestError, match=message):
        read_request(read_body(head + tail, length if length is not None else str(len(head))))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = ("name", "shape", "datatype", "data", "parameters")


@settings(max_examples=examples(150))
@given(
    entry=st.fixed_dictionaries({}, optional=dict.fromkeys(keys, json_values)),
    rest=st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "parameters", "outputs"), json_values)),
    cut=st.integers(0, 30),
)
def test_any_json_is_a_request_or_an_error(entry: dict, rest: dict, cut: int) -> None:
    content = json.dumps({"inputs": [COLUMN | entry], **rest}).encode()
    try:
        request, _ = read_request(read_body(content[: len(content) - cut], None))
        assert request.tensors
    except RequestError as error:
        assert "\n" not in str(error)


def test_an_answer_in_json_and_in_binary() -> None:
    outputs = [
        OutputTensor("probability", "FP64", [2], np.array([0.25, 0.5])),
        OutputTensor("decision", "BOOL", [2], np.array([False, True])),
        OutputTensor("band", "BYTES", [2], ["low", "hoch über"]),
    ]
    content, length = write_answer("telco", "abc", "42", outputs, frozenset())
    assert length is None
    answer = json.loads(content)
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("telco", "abc", "42")
    assert [output["data"] for output in answer["outputs"]] == [[0.25, 0.5], [False, True], ["low", "hoch über"]]

    content, length = write_answer("telco", "abc", "42", outputs, None)
    head = json.loads(content[:length])
    sizes = [output["parameters"]["binary_data_size"] for output in head["outputs"]]
    assert sizes == [16, 2, 4 + 3 + 4 + len("hoch über".encode())]
    assert np.frombuffer(content[length : length + 16]).tolist() == [0.25, 0.5]
    assert len(content) == length + sum(sizes)


def test_many_outputs_are_read_in_linear_time() -> None:
    names = [f"output{number}" for number in range(100_000)]
    content = body(outputs=[{"name": name} for name in names])
    began = time.process_time()
    request, _ = read_request(read_body(content, None))
    assert request.outputs == names
    assert time.process_time() - began < 5.0
