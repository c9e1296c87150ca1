"""Bodies for V1, V2 and its binary extension: requests with an error in them, and bytes that are not requests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", " ", "Yes", "No", "1", "NaN", "inf", "-0", "1e999", "\x00", "\u202e", "É", "x" * 5_000])
    | st.text(max_size=20)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "BYTES": st.text(max_size=30),
    "BOOL": st.booleans() | st.none(),
    "FP64": st.floats(allow_nan=False, allow_infinity=False) | st.none(),
    "INT64": st.integers(-(2**63), 2**63 - 1) | st.none(),
}
"""Values of the right kind, sensible or not."""
DATATYPES = ["BYTES", "BOOL", "FP16", "FP32", "FP64", "INT8", "INT64", "UINT64", "COMPLEX", "", None, 5]
SHAPE_PARTS = st.sampled_from([0, 1, 2, -1, 2**31, 2**63, True, 1.5, "1", None])
SHAPES = st.lists(SHAPE_PARTS, max_size=4) | VALUES
RAW = [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 400, b'"\xff"', b'"\\ud800"', b"[" * 3_000, b"\x00", b"tru"]
MARK = "here"


def v2_bodies(whole: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Whole requests with one to four things wrong."""

    @st.composite
    def make(draw: st.DrawFn) -> bytes:
        inputs = [dict(entry) for entry in whole["inputs"]]
        document: dict[str, Any] = {"inputs": inputs}
        for _ in range(draw(st.integers(1, 3))):
            _spoil_v2(draw, document, inputs)
        return _written(draw, document)

    return make()


def _spoil_v2(draw: st.DrawFn, document: dict[str, Any], inputs: list[Any]) -> None:
    what = draw(st.integers(0, 9))
    place = draw(st.integers(0, len(inputs) - 1)) if inputs else 0
    entry = inputs[place] if inputs else {}
    if what == 0 and inputs:
        inputs.pop(place)
    elif what == 1 and inputs:
        inputs.append(entry)
    elif what == 2:
        entry["name"] = draw(SCALARS)
    elif what == 3:
        entry["shape"] = draw(SHAPES)
    elif what == 4:
        entry["datatype"] = draw(st.sampled_from(DATATYPES))
    elif what == 5 and entry.get("datatype") in FITTING:
        entry["data"] = [draw(FITTING[entry["datatype"]])]
    elif what == 6:
        entry["data"] = draw(st.lists(SCALARS, min_size=1, max_size=1) | st.lists(SCALARS, max_size=5) | VALUES)
    elif what == 7:
        entry[draw(st.sampled_from(["parameters", "extra"]))] = draw(VALUES)
    elif what == 8:
        known = st.dictionaries(st.sampled_from(["explain", "threshold", "binary_data_output", "timeout"]), SCALARS)
        document["parameters"] = draw(known | VALUES)
    else:
        document[draw(st.sampled_from(["id", "outputs", "inputs", "x"]))] = draw(VALUES)


def v1_bodies(whole: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Rows with wrong, missing and unknown columns."""
    row = {entry["name"]: entry["data"][0] for entry in whole["inputs"]}
    datatypes = {entry["name"]: entry["datatype"] for entry in whole["inputs"]}

    @st.composite
    def make(draw: st.DrawFn) -> bytes:
        rows: list[Any] = [dict(row) for _ in range(draw(st.integers(0, 3)))]
        for one in rows:
            what, name = draw(st.integers(0, 3)), draw(st.sampled_from([*row, "x"]))
            if what < 2 and name in row:
                one[name] = draw(FITTING[datatypes[name]])
            elif what == 2:
                one[name] = draw(VALUES)
            else:
                one.pop(name, None)
        document: dict[str, Any] = {"instances": draw(VALUES) if draw(st.integers(0, 3)) == 0 else rows}
        if draw(st.integers(0, 3)) == 0:
            keys = st.sampled_from(["explain", "threshold", "outputs", "x"])
            document["parameters"] = draw(st.dictionaries(keys, VALUES, max_size=3) | VALUES)
        return _written(draw, document)

    return make()


def broken(whole: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """A request's bytes, cut and changed."""
    return broken_bytes(json.dumps(whole).encode())


def broken_bytes(content: bytes) -> st.SearchStrategy[bytes]:
    """``content``, cut off, with bytes changed, put in and left out; or any bytes at all."""

    @st.composite
    def make(draw: st.DrawFn) -> bytes:
        changed = bytearray(content)
        for _ in range(draw(st.integers(1, 6))):
            place = draw(st.integers(0, max(0, len(changed) - 1)))
            what = draw(st.integers(0, 3))
            if what == 0:
                changed[place : place + 1] = draw(st.binary(max_size=3))
            elif what == 1:
                del changed[place : place + draw(st.integers(1, 30))]
            elif what == 2:
                changed[place:place] = draw(st.sampled_from(RAW))
            else:
                del changed[place:]
        return bytes(changed)

    return make() | st.binary(max_size=100)


def binary_bodies(whole: dict[str, Any]) -> st.SearchStrategy[tuple[bytes, str]]:
    """The binary extension with wrong sizes, and the header that goes with it."""

    @st.composite
    def make(draw: st.DrawFn) -> tuple[bytes, str]:
        inputs = [dict(entry) for entry in whole["inputs"]]
        tail = b""
        for place in draw(st.sets(st.integers(0, len(inputs) - 1), min_size=1, max_size=4)):
            raw = draw(st.binary(max_size=24))
            size = draw(st.just(len(raw)) | st.sampled_from([-1, 0, 2**31, 2**64, "8", None, True]))
            inputs[place] = {**inputs[place], "parameters": {"binary_data_size": size}}
            inputs[place]["datatype"] = draw(st.sampled_from(DATATYPES))
            if draw(st.integers(0, 5)):
                inputs[place].pop("data", None)
            tail += raw
        head = json.dumps({"inputs": inputs}).encode()
        length = draw(st.just(str(len(head))) | st.sampled_from(["0", "-1", "x", "9" * 30, str(len(head) + 1), ""]))
        return head + tail, length

    return make()


def _written(draw: st.DrawFn, document: dict[str, Any]) -> bytes:
    """As JSON; now and then with something in it that JSON has no room for."""
    if draw(st.integers(0, 7)):
        return json.dumps(document).encode("utf-8", "surrogatepass")
    text = json.dumps({**document, MARK: MARK}).encode()
    return text.replace(f'"{MARK}": "{MARK}"'.encode(), f'"{MARK}": '.encode() + draw(st.sampled_from(RAW)))
