"""A document that is parsed in pieces is the one that is parsed as a whole."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from property_profiles import examples

from serving.v2 import json_pieces
from serving.v2.errors import TooLargeError
from serving.v2.json_body import MAX_COLLECTIONS, read_object

TEXTS = st.text(max_size=8) | st.sampled_from(['},{"', "}", "}\n, {", '"inputs":[{', '\\"},{\\"', "]}", "[{"])
ENTRIES = st.dictionaries(TEXTS, st.lists(TEXTS | st.integers(), max_size=3) | st.just([{}, {"a": {}}]), max_size=3)
DOCUMENTS = st.dictionaries(st.sampled_from(["id", "outputs", "z"]) | TEXTS, TEXTS | st.lists(ENTRIES), max_size=3)
LISTS = st.lists(ENTRIES | st.just([]) | st.integers(), max_size=9)


def whole(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return str(error)


def in_pieces(text: bytes) -> Any:
    with patch.object(json_pieces, "PIECE_BYTES", 12):
        try:
            return json_pieces.loads(text, "inputs")
        except orjson.JSONDecodeError as error:
            return str(error)


@settings(max_examples=examples(150))
@given(
    before=DOCUMENTS,
    inputs=LISTS,
    after=DOCUMENTS,
    indent=st.sampled_from([None, 1]),
    place=st.integers(0, 400),
    byte=st.none() | st.sampled_from(b'{}[],:" \\1'),
    cut=st.integers(0, 3),
)
@example(before={}, inputs=[{"a": ["b"]}] * 9, after={}, indent=None, place=0, byte=None, cut=0)
@example(before={}, inputs=[{"a": ["b"]}] * 9, after={"inputs": [1]}, indent=None, place=0, byte=None, cut=0)
def test_pieces_are_the_whole(
    before: dict, inputs: list, after: dict, indent: int | None, place: int, byte: int | None, cut: int
) -> None:
    parts = [json.dumps(part, indent=indent, ensure_ascii=False)[1:-1] for part in (before, {"inputs": inputs}, after)]
    text = bytearray(("{" + ",".join(part for part in parts if part.strip()) + "}").encode("utf-8", "replace"))
    if byte is not None:
        text[place % len(text)] = byte
    content = bytes(text[: len(text) - cut])
    assert in_pieces(content) == whole(content)


def test_a_large_document_is_parsed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [{"name": f"c{number}", "data": ["value"] * 1000} for number in range(200)]
    document = {"id": "1", "inputs": entries, "parameters": {}}
    text = orjson.dumps(document)
    sizes: list[int] = []

    def loads(part: bytes) -> Any:
        sizes.append(len(part))
        return orjson.loads(part)

    monkeypatch.setattr(json_pieces, "orjson", type("Orjson", (), {**vars(orjson), "loads": staticmethod(loads)}))
    assert json_pieces.loads(text, "inputs") == document
    assert max(sizes) < 2 * json_pieces.PIECE_BYTES
    assert sum(sizes) < 1.01 * len(text), "each byte once"


def test_customers_with_rows_of_tables_are_parsed_in_pieces_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"started_at": "2026-03-29T20:00", "minutes": 5}] * 700
    document = {"instances": [{"subscriber_id": str(number), "sessions": rows} for number in range(20)]}
    text = orjson.dumps(document)
    sizes: list[int] = []

    def loads(part: bytes) -> Any:
        sizes.append(len(part))
        return orjson.loads(part)

    monkeypatch.setattr(json_pieces, "orjson", type("Orjson", (), {**vars(orjson), "loads": staticmethod(loads)}))
    assert json_pieces.loads(text, "instances") == document
    assert max(sizes) < 2 * json_pieces.PIECE_BYTES


@pytest.mark.parametrize("empty", [b"{}", b"[]"])
def test_a_flood_of_empty_values_is_refused_before_it_is_parsed(empty: bytes) -> None:
    flood = b'{"inputs": [%b%b]}' % ((empty + b",") * MAX_COLLECTIONS, empty)
    with patch("orjson.loads") as parse, pytest.raises(TooLargeError, match="JSON objects and lists"):
        read_object(flood, "inputs")
    parse.assert_not_called()
    numbers = b'{"inputs": [%b1]}' % (b"1," * MAX_COLLECTIONS)
    assert len(read_object(numbers, "inputs")["inputs"]) == MAX_COLLECTIONS + 1
