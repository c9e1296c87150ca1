"""Tensors: every datatype, and invalid values."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from serving.v2.errors import RequestError
from serving.v2.tensors import DATATYPES, NUMBERS, from_binary, from_contents, from_json, to_binary

SMALL, LARGE = 100, 2 * 1024 * 1024
"""Sizes of bodies whose texts are checked by joining them, and one by one."""


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("BYTES", ["DSL", "", None]),
        ("BYTES", ["DSL", "", "ä"]),
        ("BOOL", [True, None, False]),
        ("INT8", [-128, 127, None]),
        ("INT64", [-(2**63), 2**63 - 1, None]),
        ("UINT64", [0, 2**64 - 1, None]),
        ("FP32", [1, 2.5, None]),
        ("FP64", [-0.0, 1e308, None]),
    ],
)
@pytest.mark.parametrize("shape", [[3], [3, 1]])
@pytest.mark.parametrize("body_bytes", [SMALL, LARGE])
def test_json_values_come_through(datatype: str, data: list, shape: list[int], body_bytes: int) -> None:
    assert from_json("x", datatype, shape, data, body_bytes).values == data
    if len(shape) == 2:
        assert from_json("x", datatype, shape, [[value] for value in data], body_bytes).values == data


@pytest.mark.parametrize(
    ("datatype", "shape", "data", "message"),
    [
        ("FP64", [2], [1.0], r"shape \[2\] says 2 values, 'data' has 1"),
        ("FP64", [1, 2], [1.0, 2.0], "neither"),
        ("FP64", [], [], "neither"),
        ("FP64", [-1], [1.0], "neither"),
        ("FP64", [True], [1.0], "neither"),
        ("FP64", [1.0], [1.0], "neither"),
        ("FP64", ["1"], [1.0], "neither"),
        ("FP64", [1, 1, 1], [1.0], "neither"),
        ("FP64", [10**30], [1.0], "says"),
        ("FP64", [1], None, "'data' is not a list"),
        ("FP64", [1], {"0": 1}, "'data' is not a list"),
        ("FP64", [2], [1.0, "2"], "row 2: '2' is not a valid FP64"),
        ("FP64", [1], [True], "row 1: True is not a valid FP64"),
        ("FP64", [1], [[1.0]], "is not a valid FP64"),
        ("INT64", [1], [1.5], "row 1: 1.5 is not a valid INT64"),
        ("INT8", [1], [128], "128 is not a valid INT8"),
        ("UINT8", [1], [-1], "-1 is not a valid UINT8"),
        ("BOOL", [1], [1], "1 is not a valid BOOL"),
        ("BYTES", [1], [1], "1 is not a valid BYTES"),
        ("BYTES", [2, 1], [["a"], ["b", "c"]], r"\['a'\] is not a valid BYTES"),
        ("FP128", [1], [1.0], "unknown datatype 'FP128'"),
        ("fp64", [1], [1.0], "unknown datatype 'fp64'"),
        ("", [1], [1.0], "unknown datatype ''"),
    ],
)
@pytest.mark.parametrize("body_bytes", [SMALL, LARGE])
def test_invalid_json_columns(datatype: str, shape: Any, data: Any, message: str, body_bytes: int) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        from_json("tenure", datatype, shape, data, body_bytes)
    assert "'tenure'" in str(caught.value)


@pytest.mark.parametrize("datatype", sorted(NUMBERS))
def test_binary_numbers_come_back(datatype: str) -> None:
    values = np.array([0, 1, 100], dtype=NUMBERS[datatype])
    found = from_binary("x", datatype, [3], to_binary(datatype, values))
    assert found.values.tolist() == values.tolist()


@settings(max_examples=examples(50))
@given(texts=st.lists(st.text(max_size=20), max_size=5))
def test_binary_texts_come_back(texts: list[str]) -> None:
    found = from_binary("x", "BYTES", [len(texts)], to_binary("BYTES", texts))
    assert [value.decode() for value in found.values] == texts


def test_binary_booleans_come_back() -> None:
    assert from_binary("x", "BOOL", [3, 1], b"\x00\x01\x02").values.tolist() == [False, True, True]
    assert to_binary("BOOL", np.array([False, True])) == b"\x00\x01"


@settings(max_examples=examples(200))
@given(datatype=st.sampled_from(DATATYPES), rows=st.integers(0, 4), raw=st.binary(max_size=40))
def test_any_bytes_are_a_column_or_an_error(datatype: str, rows: int, raw: bytes) -> None:
    try:
        assert len(from_binary("x", datatype, [rows], raw)) == rows
    except RequestError as error:
        assert "'x'" in str(error)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "do not hold 2 values"),
        (struct.pack("<I", 1) + b"a", "do not hold 2 values"),
        (struct.pack("<I", 1) + b"a" + b"\x00\x00", "row 2: the value is truncated"),
        (struct.pack("<I", 2**32 - 1) + b"a", "row 1: the value is truncated"),
        ((struct.pack("<I", 1) + b"a") * 3, "do not hold 2 values"),
    ],
)
def test_binary_texts_that_do_not_add_up(raw: bytes, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        from_binary("x", "BYTES", [2], raw)


def test_contents_of_another_length() -> None:
    assert from_contents("x", "FP32", [1], [1.5]).values == [1.5]
    with pytest.raises(RequestError, match="its FP32 contents have 2"):
        from_contents("x", "FP32", [1], [1.0, 2.0])
