"""A body is divided into its tensors only where the parts say what the whole says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from serving.v2 import json_tensors
from serving.v2.json_tensors import MAX_BYTES, Divided, OneValueTensors

TENSORS: list[dict[str, Any]] = [
    {"name": "a", "shape": [1], "datatype": "BYTES", "data": ["x"]},
    {"name": "b", "shape": [1, 1], "datatype": "INT8", "data": [7]},
    {"name": "c", "shape": [1], "datatype": "FP64", "data": [0.5]},
]
COLUMNS = {"a": ["x"], "b": [7], "c": [0.5]}


def read(tensors: OneValueTensors, body: bytes) -> Divided | None:
    try:
        return tensors.read(body)
    except (ValueError, KeyError, TypeError):
        return None


@pytest.mark.parametrize(
    "written", [{}, {"separators": (",", ":")}, {"indent": 1}, {"indent": 4, "separators": (" , ", " : ")}]
)
def test_any_usual_spacing_is_divided(written: dict) -> None:
    tensors = OneValueTensors()
    body = json.dumps({"id": "7", "inputs": TENSORS, "parameters": {}}, **written).encode()
    for _ in range(2):  # parsed, then known
        assert read(tensors, body) == Divided(COLUMNS, {"id": "7", "parameters": {}})


def test_a_known_tensor_with_another_number_keeps_its_bounds() -> None:
    tensors = OneValueTensors()

    def of(number: str) -> Divided | None:
        before = '{"inputs":[{"name":"b","shape":[1],"datatype":"INT8","data":['
        return read(tensors, f"{before}{number}]}}]}}".encode())

    assert of("1") == Divided({"b": [1]}, {})
    assert of("-128") == Divided({"b": [-128]}, {})
    assert of("null") == Divided({"b": [None]}, {})
    for invalid in ("128", "1.0", "true", '"1"', "[1]", "1,2", "01", "", "1]", "1 2", "NaN"):
        assert of(invalid) is None


INPUT = '{"name":"a","shape":[1],"datatype":"BYTES","data":["x"]}'


@pytest.mark.parametrize(
    "body",
    [
        f'{{"inputs":[{INPUT},]}}',
        f'{{"inputs":[{INPUT}]',
        f'{{"inputs":[{INPUT}]}}}}',
        f'{{"inputs":[{INPUT}]}} x',
        f'{{"inputs":[{INPUT} {INPUT}]}}',
        f'{{"inputs":[{INPUT},{INPUT}]}}',
        f'{{"id":[{INPUT}],"id":"x","inputs":[0]}}',
        f'{{"inputs":[0],"outputs":[{INPUT}]}}',
        f'{{"inputs":[{INPUT}],"inputs":[{INPUT}]}}',
        f'{{"inputs":[{INPUT}],"inputs":7}}',
        f'{{"inputs":{{"inputs":[{INPUT}]}}}}',
        f"[{INPUT}]",
        f'{{"inputs":[\v{INPUT}]}}',
        '{"inputs":[{"name":"a","shape":[1],"datatype":"BYTES","data":["x"],"parameters":{}}]}',
        '{"inputs":[{"name":"a","shape":[1],"datatype":"BYTES","data":["},{"]},{"name":"b"}]}',
        '{"inputs":[]}',
        "{}",
        "",
    ],
)
def test_a_body_that_says_something_else_is_not_divided(body: str) -> None:
    tensors = OneValueTensors()
    assert read(tensors, f'{{"inputs":[{INPUT}]}}'.encode()) == Divided({"a": ["x"]}, {})
    assert read(tensors, body.encode()) is None


def test_the_values_kept_and_the_bodies_divided_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_tensors, "MAX_KNOWN", 3)
    tensors = OneValueTensors()
    for number in range(10):
        text = INPUT.replace('"x"', f'"{number}"')
        assert read(tensors, f'{{"inputs":[{text}]}}'.encode()) == Divided({"a": [str(number)]}, {})
        assert len(tensors._known) <= 3
    before = dict(tensors._known)
    long = INPUT.replace('"x"', f'"{"x" * json_tensors.MAX_KNOWN_BYTES}"')
    assert read(tensors, f'{{"inputs":[{long}]}}'.encode()) is not None
    assert tensors._known == before
    large = f'{{"inputs":[{INPUT}]}}' + " " * MAX_BYTES
    assert read(tensors, large.encode()) is None
