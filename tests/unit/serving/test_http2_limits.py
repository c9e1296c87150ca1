"""Limits of heads and frames on an HTTP/2 connection, and that clients which behave do not reach them."""

from __future__ import annotations

import itertools
import struct
from typing import Any

import pytest
from hpack import Decoder, Encoder
from http2_client import BLOCK, HEADERS, HELLO, Echo, call, frames_of, in_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from benchmarks.malformed.http2_attacks import ATTACKS
from serving.grpc.fast import frames
from serving.grpc.fast.frames import PREFACE, Code, Http2Error, frame
from serving.grpc.fast.hpack import MAX_BLOCK_BYTES, MAX_FIELDS, BlockDecoder
from serving.grpc.fast.overhead import BURST
from serving.listening.limits import MAX_HEAD_BYTES, MAX_HEADER_FIELDS

WORD = struct.Struct(">I")
SETTING = struct.Struct(">HI")
ANSWERED = frames.END_HEADERS | frames.END_STREAM


def setting(name: int, *values: int) -> bytes:
    return frame(frames.SETTINGS, 0, 0, b"".join(SETTING.pack(name, value) for value in values))


class Heads(Echo):
    """Remembers the header blocks of calls; refuses those that are too large at once."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Any] = []

    def on_call(self, stream: Any, block: Any) -> None:
        super().on_call(stream, block)
        self.blocks.append(block)
        if block.too_large:
            self.http2.end(stream, b"\x88")


def literals(count: int, value: str, indexing: bool = True) -> list:
    """Fields, each (name, value, not to be indexed)."""
    return [(f"x-{number}", value, not indexing) for number in range(count)]


TOO_LARGE = {
    "one field too many": literals(MAX_FIELDS - len(HEADERS) + 1, "v"),
    "many fields": literals(1_000, "v"),
    "many fields that are not indexed": literals(1_000, "v", indexing=False),
    "a long field": [("x", "v" * MAX_HEAD_BYTES)],
    "a long field that is not indexed": [("x", "v" * MAX_HEAD_BYTES, True)],
    "a long field in Huffman's worst code": [("x", "\x16" * 8_000 + "v" * MAX_HEAD_BYTES)],
    "many long fields": literals(60, "v" * 3_000),
    "the same field again and again": [("x", "v" * 2_000)] * 40,
}


@pytest.mark.parametrize("huffman", [True, False])
@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_head_over_the_limits_is_one_calls_error(name: str, huffman: bool) -> None:
    """The table stays in step: later blocks refer to entries that the large one made."""
    echo, encoder = Heads(), Encoder()
    echo.http2.receive(HELLO + in_frames(1, encoder.encode([*HEADERS, ("x-before", "1")])))
    large = encoder.encode([*HEADERS, *TOO_LARGE[name], ("x-last", "kept")], huffman=huffman)
    echo.http2.receive(in_frames(3, large))
    for number in (5, 7):
        block = encoder.encode([*HEADERS, ("x-last", "kept"), ("x-before", "1")], huffman=huffman)
        echo.http2.receive(in_frames(number, block))
    assert [block.too_large for block in echo.blocks] == [False, True, False, False]
    assert len(block) < 40, "the fields of the last block were in the table"
    for block in echo.blocks[2:]:
        assert (block.named[b"x-last"], block.named[b"x-before"]) == (b"kept", b"1")
    answered = [number for kind, flags, number, _ in frames_of(echo.http2.sender.take()) if flags & ANSWERED and kind]
    assert [number for number in answered if number] == [1, 1, 3, 5, 5, 7, 7]
    assert echo.http2.streams == {}


def test_a_head_at_the_limits_is_read() -> None:
    echo, encoder = Heads(), Encoder()
    echo.http2.receive(HELLO + in_frames(1, encoder.encode([*HEADERS, *literals(MAX_FIELDS - len(HEADERS), "v")])))
    used = sum(32 + len(name) + len(value) for name, value in HEADERS) + 32 + 1
    echo.http2.receive(in_frames(3, encoder.encode([*HEADERS, ("x", "v" * (MAX_HEAD_BYTES - used))])))
    echo.http2.receive(in_frames(5, encoder.encode([*HEADERS, ("x", "v" * (MAX_HEAD_BYTES - used + 1))])))
    assert [block.too_large for block in echo.blocks] == [False, False, True]
    assert MAX_HEADER_FIELDS == 100


def test_trailers_over_the_limits_end_their_call_alone() -> None:
    echo, encoder = Heads(), Encoder()
    echo.http2.receive(HELLO + in_frames(1, encoder.encode(HEADERS), 0))
    echo.http2.receive(in_frames(1, encoder.encode([("x", "v" * 70_000)])))
    assert ("reset", 1) in echo.events
    echo.http2.receive(in_frames(3, encoder.encode(HEADERS)))
    assert ("end", 3) in echo.events


@pytest.mark.parametrize(
    "block",
    [
        BLOCK + b"\x82" * 16_000,
        Encoder().encode([*HEADERS, ("x", "v" * 4_000)]) + b"\xbe" * 1_000,
        BLOCK + b"\0\x01x\x01y" * 10_000,
        BLOCK + b"\x40\x01x\x01y" * 10_000,
        BLOCK + b"\0\0\0" * 5_000,
        BLOCK + bytes(MAX_BLOCK_BYTES),
    ],
)
def test_a_head_out_of_proportion_ends_the_connection(block: bytes) -> None:
    with pytest.raises(Http2Error) as caught:
        Heads().http2.receive(HELLO + in_frames(1, block))
    assert caught.value.code == Code.ENHANCE_YOUR_CALM


@pytest.mark.parametrize(
    "block",
    [
        b"\x3f\xe2\x1f" + BLOCK,  # 4,097 bytes
        b"\x20\x20\x20" + BLOCK,
        BLOCK + b"\x20",
        b"\xff\x80\x80\x80\x80\x01",
        b"\x40\x01x\x05y",
        b"\x40\x05x",
        b"\x00\x81\xff\x01y",
        b"\x7f",
    ],
)
def test_blocks_that_are_not_hpack(block: bytes) -> None:
    with pytest.raises(Http2Error) as caught:
        Heads().http2.receive(HELLO + in_frames(1, block))
    assert caught.value.code == Code.COMPRESSION_ERROR


FIELD = st.tuples(
    st.sampled_from([b"a", b"b", b"x-long", b":path", b"te", b"x" * 300]),
    st.sampled_from([b"", b"1", b"trailers", b"v" * 3_000, b"\xff\x00"]) | st.binary(max_size=20),
    st.booleans(),
)


@settings(max_examples=examples(200))
@given(
    blocks=st.lists(st.lists(FIELD, max_size=8), max_size=6),
    sizes=st.lists(st.sampled_from([0, 100, 4096]), min_size=6, max_size=6),
    huffman=st.booleans(),
)
def test_blocks_are_decoded_as_by_the_library(blocks: list[Any], sizes: list[int], huffman: bool) -> None:
    encoder, ours, theirs = Encoder(), BlockDecoder(), Decoder()
    for fields, size in zip(blocks, sizes, strict=False):
        encoder.header_table_size = size
        block = encoder.encode(fields, huffman=huffman)
        assert ours.decode(block) == [tuple(field) for field in theirs.decode(block, raw=True)]


@pytest.mark.parametrize("name", ["", "a b", "a\x00", "X", "a:b", "\xe9", "a\n"])
def test_invalid_names(name: str) -> None:
    echo = Echo()
    echo.http2.receive(HELLO + call(1, 5, Encoder().encode([*HEADERS, (name.encode("latin-1"), b"1")])))
    assert (echo.http2.streams, echo.events) == ({}, [])


@pytest.mark.parametrize("value", [b"a\r\nb", b"a\nb", b"\0"])
def test_invalid_values(value: bytes) -> None:
    echo = Echo()
    echo.http2.receive(HELLO + call(1, 5, Encoder().encode([*HEADERS, (b"authorization", value)])))
    assert (echo.http2.streams, echo.events) == ({}, [])


@pytest.mark.parametrize("length", ["9" * 5_000, "9" * 19, "-1", "+0", "0x0", "", "٣"])
def test_invalid_lengths_of_bodies(length: str) -> None:
    echo = Echo()
    echo.http2.receive(HELLO + call(1, 5, Encoder().encode([*HEADERS, ("content-length", length)])))
    assert echo.http2.streams == {}
    assert ("end", 1) not in echo.events


FLOODS = {
    "PING": frame(frames.PING, 0, 0, bytes(8)),
    "answers to PING": frame(frames.PING, frames.ACK, 0, bytes(8)),
    "SETTINGS": frame(frames.SETTINGS, 0, 0, b""),
    "answers to SETTINGS": frame(frames.SETTINGS, frames.ACK, 0, b""),
    "PRIORITY": frame(frames.PRIORITY, 0, 3, bytes(4) + b"\x10"),
    "WINDOW_UPDATE of the connection": frame(frames.WINDOW_UPDATE, 0, 0, WORD.pack(1)),
    "WINDOW_UPDATE of a stream": frame(frames.WINDOW_UPDATE, 0, 1, WORD.pack(1)),
    "WINDOW_UPDATE of a closed stream": frame(frames.WINDOW_UPDATE, 0, 1, WORD.pack(1)),
    "empty DATA": frame(frames.DATA, 0, 1, b""),
    "padding": frame(frames.DATA, frames.PADDED, 1, b"\x03" + bytes(3)),
    "DATA of one byte": frame(frames.DATA, 0, 1, b"x"),
    "DATA on an answered stream": frame(frames.DATA, 0, 1, b"x" * 50),
    "RST_STREAM of a closed stream": frame(frames.RST_STREAM, 0, 1, bytes(4)),
    "GOAWAY": frame(frames.GOAWAY, 0, 0, bytes(8)),
    "an unknown type": frame(0xEE, 0, 0, b"x" * 50),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_the_connection(name: str) -> None:
    echo = Echo()
    echo.http2.receive(HELLO + call(1))
    if "closed" in name:
        echo.http2.receive(frame(frames.RST_STREAM, 0, 1, bytes(4)))
    if "answered" in name:
        echo.http2.end(echo.http2.streams[1], b"\x88")
    one = FLOODS[name]
    echo.http2.receive(one * (BURST // 5))
    echo.http2.sender.take()
    with pytest.raises(Http2Error) as caught:
        echo.http2.receive(one * 2 * BURST)
    assert caught.value.code == Code.ENHANCE_YOUR_CALM
    assert len(echo.http2.sender.take()) < 20 * BURST, "what is sent in answer is bounded too"


RESETS = {
    "reset by the client": frame(frames.RST_STREAM, 0, 1, WORD.pack(Code.CANCEL)),
    "a window that grows by 0": frame(frames.WINDOW_UPDATE, 0, 1, bytes(4)),
    "a window that is too large": frame(frames.WINDOW_UPDATE, 0, 1, WORD.pack(2**31 - 1)),
    "a priority of a wrong length": frame(frames.PRIORITY, 0, 1, b"\0"),
    "a stream that depends on itself": frame(frames.PRIORITY, 0, 1, WORD.pack(1) + b"\0"),
    "headers in the middle": call(1),
    "headers that are no request": b"",
}


@pytest.mark.parametrize("name", RESETS)
def test_streams_that_are_opened_and_reset_end_the_connection(name: str) -> None:
    echo = Echo()
    echo.http2.receive(HELLO)
    block = b"\x83" if name == "headers that are no request" else BLOCK
    reset = RESETS[name]

    def opened_and_reset(number: int) -> bytes:
        place = WORD.pack(number)
        of_stream = reset[:5] + place + reset[9:]
        if name == "a stream that depends on itself":
            of_stream = of_stream[:9] + place + of_stream[13:]
        return call(number, block=block) + (of_stream if reset else b"")

    numbers = iter(range(1, 2**31, 2))
    for number in itertools.islice(numbers, BURST // 5):
        echo.http2.receive(opened_and_reset(number))
    assert echo.http2.streams == {}
    with pytest.raises(Http2Error) as caught:
        for number in itertools.islice(numbers, 2 * BURST):
            echo.http2.receive(opened_and_reset(number))
    assert caught.value.code == Code.ENHANCE_YOUR_CALM


@pytest.mark.parametrize("name", ATTACKS)
def test_published_attacks_end_the_connection_or_cost_little(name: str) -> None:
    """Those that the connection survives are made of calls, each answered or within the limits of a head."""
    echo = Echo(max_streams=256)
    sent = 0
    try:
        for part in ATTACKS[name](b"message" * 100):
            echo.http2.receive(part)
            echo.http2.sender.take()
            sent += len(part)
            if sent > 2**21:
                break
    except Http2Error as error:
        assert error.code == Code.ENHANCE_YOUR_CALM
        return
    assert name in {
        *("HPACK table churn", "HPACK Huffman texts", "uploads to refused calls", "large heads of open calls"),
        *("calls of an unknown method", "reflection"),
    }


def test_clients_that_behave_are_never_ended() -> None:
    """A ping, three window updates and a reset for every call, SETTINGS at times; bodies behind their prefix."""
    echo = Echo()
    echo.http2.receive(HELLO)
    numbers = iter(range(1, 2**31, 2))
    for turn in range(3_000):
        number, other = next(numbers), next(numbers)
        sent = call(number) + frame(frames.DATA, 0, number, bytes(5)) + frame(frames.DATA, 1, number, b"x" * 50)
        sent += frame(frames.PING, 0, 0, bytes(8)) + frame(frames.SETTINGS, frames.ACK, 0, b"") * (turn % 2)
        sent += frame(frames.WINDOW_UPDATE, 0, 0, WORD.pack(55)) + frame(frames.WINDOW_UPDATE, 0, number, WORD.pack(55))
        sent += call(other) + frame(frames.RST_STREAM, 0, other, WORD.pack(Code.CANCEL))
        if turn % 4 == 0:
            sent += setting(frames.INITIAL_WINDOW_SIZE, 65_535 + turn)
        echo.http2.receive(sent)
    assert len([event for event in echo.events if event[0] == "end"]) == 3_000


def test_a_client_may_cancel_all_its_calls_at_once() -> None:
    echo = Echo(max_streams=256)
    echo.http2.receive(HELLO + b"".join(call(2 * number + 1) for number in range(256)))
    echo.http2.receive(b"".join(frame(frames.RST_STREAM, 0, 2 * number + 1, bytes(4)) for number in range(256)))
    echo.http2.receive(call(513, 5))
    assert ("end", 513) in echo.events


def test_window_updates_of_a_long_answer_are_paid_by_its_data() -> None:
    echo = Echo()
    echo.http2.receive(HELLO + call(1))
    size = 5_000_000
    for start in range(0, size, 16_000):
        echo.http2.receive(frame(frames.DATA, int(start + 16_000 >= size), 1, bytes(16_000)))
    received = 0
    while 1 in echo.http2.streams:
        sent = [payload for kind, _, _, payload in frames_of(echo.http2.sender.take()) if kind == frames.DATA]
        assert sent, "the answer goes on"
        received += sum(map(len, sent))
        for payload in sent:  # both windows for every frame, as simple clients do
            more = WORD.pack(len(payload))
            echo.http2.receive(frame(frames.WINDOW_UPDATE, 0, 0, more) + frame(frames.WINDOW_UPDATE, 0, 1, more))
    assert received >= size - 65_535


class Counting(Echo):
    """Counts the streams that are looked at when windows grow."""

    def __init__(self) -> None:
        super().__init__(max_streams=256)
        self.looked_at = 0

    def on_window(self, stream: Any) -> None:
        self.looked_at += 1
        super().on_window(stream)


def test_only_streams_with_unsent_data_are_looked_at() -> None:
    echo = Counting()
    echo.http2.receive(PREFACE + setting(frames.INITIAL_WINDOW_SIZE, 3))
    for number in range(1, 400, 2):
        echo.http2.receive(call(number))  # without data
    echo.http2.receive(call(401) + frame(frames.DATA, 1, 401, b"0123456789"))
    echo.looked_at = 0
    echo.http2.receive(setting(frames.INITIAL_WINDOW_SIZE, *([4, 2**20] * 500), 5))
    echo.http2.receive(frame(frames.WINDOW_UPDATE, 0, 0, WORD.pack(9)))
    assert echo.looked_at == 2
    data = b"".join(payload for kind, _, _, payload in frames_of(echo.http2.sender.take()) if kind == frames.DATA)
    assert data == b"01234", "the last value of the frame counts"


def test_a_window_may_become_as_large_as_the_protocol_admits() -> None:
    """Credit of a stream that is closed does not count."""
    echo = Echo()
    echo.http2.receive(HELLO + call(1) + frame(frames.WINDOW_UPDATE, 0, 1, WORD.pack(2**30)))
    echo.http2.receive(frame(frames.DATA, 1, 1, b"x") + setting(frames.INITIAL_WINDOW_SIZE, 2**31 - 1))
    echo.http2.receive(call(3) + frame(frames.DATA, 1, 3, b"y"))
    assert ("end", 3) in echo.events
    echo.http2.receive(setting(frames.INITIAL_WINDOW_SIZE, 100) + call(5))
    echo.http2.receive(frame(frames.WINDOW_UPDATE, 0, 5, WORD.pack(2**30)))
    with pytest.raises(Http2Error) as caught:
        echo.http2.receive(setting(frames.INITIAL_WINDOW_SIZE, 2**31 - 1))
    assert caught.value.code == Code.FLOW_CONTROL_ERROR


def test_what_was_on_its_way_when_a_call_was_answered_is_ignored() -> None:
    echo = Echo()
    echo.http2.receive(HELLO + call(1))
    echo.http2.end(echo.http2.streams[1], b"\x88")
    assert frames_of(echo.http2.sender.take())[-1] == (frames.RST_STREAM, 0, 1, WORD.pack(Code.NO_ERROR))
    echo.http2.receive(frame(frames.DATA, 0, 1, bytes(16_000)) + call(1, ANSWERED, b""))
    assert echo.http2.sender.take() == b""
    echo.http2.receive(frame(frames.DATA, 0, 1, b"and more"))
    assert frames_of(echo.http2.sender.take()) == [(frames.RST_STREAM, 0, 1, WORD.pack(Code.STREAM_CLOSED))]
    assert len(echo.http2._stopped) == 0


def test_closed_streams_are_remembered_within_a_limit() -> None:
    echo = Echo(max_streams=10)
    echo.http2.receive(HELLO)
    for number in range(1, 100, 2):
        echo.http2.receive(call(number))
        echo.http2.end(echo.http2.streams[number], b"\x88")
    assert len(echo.http2._stopped) == 10


def test_what_is_unfinished() -> None:
    reader = Echo().http2.reader
    reader.receive(HELLO)
    assert (reader.unfinished, reader.pending_bytes) == (None, 0)
    whole = call(1)
    reader.receive(whole[:4])
    first = reader.unfinished
    assert first is not None
    assert reader.pending_bytes == 4
    reader.receive(whole[4:10])
    assert reader.unfinished is first, "more bytes of the same frame give no new time"
    reader.receive(whole[10:] + whole[:1])
    assert reader.unfinished not in (None, first)
    reader.receive(b"")
    block = Echo().http2.reader
    block.receive(HELLO + call(1, 0))
    begun = block.unfinished
    assert begun is not None
    block.receive(frame(frames.CONTINUATION, 0, 1, b"\x82") + b"\0\0")
    assert block.unfinished is begun
    assert block.pending_bytes == len(BLOCK) + 1 + 2


def test_a_long_answer_goes_out_in_turns() -> None:
    """A client that does not read holds no more of it than one turn, whatever its windows admit."""
    echo = Echo()
    echo.http2.receive(PREFACE + setting(frames.INITIAL_WINDOW_SIZE, 2**30))
    echo.http2.receive(frame(frames.WINDOW_UPDATE, 0, 0, WORD.pack(2**30)))
    for number in (1, 3):
        echo.http2.receive(call(number))
        for _ in range(200):
            echo.http2.receive(frame(frames.DATA, 0, number, bytes(16_000)))
    echo.http2.sender.take()
    for number in (1, 3):
        echo.http2.receive(frame(frames.DATA, 1, number, b"x"))
    turns = 0
    while echo.http2.streams:
        sent = echo.http2.sender.take()
        assert 2**20 <= len(sent) < 2**20 + 40_000
        assert echo.http2.sender.held_back
        turns += 1
        echo.http2.resume()
    assert turns == 6
