"""The HTTP/2 server against the client of h2, and against invalid frames."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    PingAckReceived,
    ResponseReceived,
    SettingsAcknowledged,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.settings import SettingCodes
from hpack import Encoder
from http2_client import ANSWER, BLOCK, HEADERS, HELLO, Echo, call
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from serving.grpc.fast import frames
from serving.grpc.fast.frames import PREFACE, Code, Http2Error, frame
from serving.grpc.fast.streams import RECEIVE_WINDOW_BYTES


class Client:
    """h2's client of an ``Echo``."""

    def __init__(self, echo: Echo, **initial: int) -> None:
        self.echo = echo
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        if initial:
            self.h2.update_settings({getattr(SettingCodes, name): value for name, value in initial.items()})
        self.events: list[Any] = []
        self.talk()

    def talk(self, piece: int = 2**16) -> None:
        """Until neither has anything to say."""
        while True:
            sent = self.h2.data_to_send()
            for start in range(0, len(sent), piece):
                self.echo.http2.receive(sent[start : start + piece])
            received = self.echo.http2.sender.take()
            if not sent and not received:
                return
            for event in self.h2.receive_data(received):
                self.events.append(event)
                if isinstance(event, DataReceived) and event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def begin(self, body: bytes = b"", headers: list = HEADERS, *, end: bool = True) -> int:
        number = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, headers, end_stream=end and not body)
        if body:
            self.h2.send_data(number, body, end_stream=end)
        return number

    def seen(self, kind: type, number: int | None = None) -> list[Any]:
        return [
            event for event in self.events if isinstance(event, kind) and (number is None or event.stream_id == number)
        ]


@pytest.mark.parametrize("piece", [2**16, 7, 1])
def test_calls_are_answered_however_they_are_cut(piece: int) -> None:
    client = Client(Echo())
    assert client.seen(SettingsAcknowledged)
    for round_ in range(3):
        numbers = [client.begin(b"hello %d" % round_) for _ in range(4)]
        client.talk(piece)
        for number in numbers:
            [response] = client.seen(ResponseReceived, number)
            assert dict(response.headers) == {":status": "200", "content-type": "application/grpc"}
            assert b"".join(event.data for event in client.seen(DataReceived, number)) == b"hello %d" % round_
            [trailers] = client.seen(TrailersReceived, number)
            assert dict(trailers.headers) == {"grpc-status": "0", "x-request-id": "r" * 128}
            assert client.seen(StreamEnded, number)
    assert client.echo.http2.streams == {}
    calls = [event for event in client.echo.events if event[0] == "call"]
    assert len(calls) == 12
    assert all(named == {k.encode(): v.encode() for k, v in HEADERS} for _, _, named in calls)


def test_headers_of_all_forms() -> None:
    """Indexed fields and fields that change the table, alternately; the first value of a name counts."""
    client = Client(Echo())
    for number in range(60):
        client.begin(b"x", [*HEADERS, ("grpc-timeout", f"{number % 7}S"), ("x-many", "first"), ("x-many", "second")])
        client.begin(b"x", [*HEADERS, ("x-long", f"{number}" * 300)])
        client.begin(b"x")
        client.talk()
    found = [named for kind, _, named in (event for event in client.echo.events if event[0] == "call")]
    assert [named[b"grpc-timeout"] for named in found[::3]] == [b"%dS" % (number % 7) for number in range(60)]
    assert {named[b"x-many"] for named in found[::3]} == {b"first"}
    assert [named[b"x-long"] for named in found[1::3]] == [(b"%d" % number) * 300 for number in range(60)]
    assert all(len(named) == len(HEADERS) for named in found[2::3])


@pytest.mark.parametrize("size", [1, 65_534, 65_535, 65_536, 3_000_000])
def test_long_bodies_go_by_windows(size: int) -> None:
    client, body = Client(Echo()), bytes(size)
    number = client.begin(end=False)
    left = memoryview(body)
    while left:
        client.talk()
        room = min(client.h2.local_flow_control_window(number), client.h2.max_outbound_frame_size, len(left))
        assert room > 0, "room is given back in time"
        client.h2.send_data(number, bytes(left[:room]), pad_length=None if room > 1000 else 9 if room > 20 else None)
        left = left[room:]
    client.h2.end_stream(number)
    client.talk()
    assert sum(len(event.data) for event in client.seen(DataReceived, number)) == size
    assert client.seen(TrailersReceived, number)


def test_an_answer_waits_for_room() -> None:
    echo = Echo()
    client = Client(echo, INITIAL_WINDOW_SIZE=10)
    number = client.begin(b"0123456789abcdefghij")
    echo.http2.receive(client.h2.data_to_send())
    client.events += client.h2.receive_data(echo.http2.sender.take())
    assert b"".join(event.data for event in client.seen(DataReceived, number)) == b"0123456789"
    assert not client.seen(TrailersReceived)
    client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 15})
    client.talk()  # it gives back room for what it has read
    assert b"".join(event.data for event in client.seen(DataReceived, number)) == b"0123456789abcdefghij"
    assert client.seen(TrailersReceived)


def test_frames_are_as_long_as_the_client_takes() -> None:
    client = Client(Echo(), MAX_FRAME_SIZE=40_000)
    number = client.begin(end=False)
    for _ in range(3):
        client.h2.send_data(number, bytes(15_000))
    client.h2.end_stream(number)
    client.talk()
    assert [len(event.data) for event in client.seen(DataReceived)] == [40_000, 5_000]


def test_too_many_streams() -> None:
    echo = Echo(max_streams=2)
    echo.holding = True
    client = Client(echo)
    client.h2.remote_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = 10
    client.h2.remote_settings.acknowledge()
    first, second, third = (client.begin(b"x") for _ in range(3))
    client.talk()
    [reset] = client.seen(StreamReset)
    assert (reset.stream_id, reset.error_code) == (third, ErrorCodes.REFUSED_STREAM)
    for number in (first, second):
        echo.answer(echo.http2.streams[number])
    fourth = client.begin(b"y")
    client.talk()
    echo.answer(echo.http2.streams[fourth])
    client.talk()
    assert {event.stream_id for event in client.seen(TrailersReceived)} == {first, second, fourth}


def test_a_call_is_given_up() -> None:
    echo = Echo()
    client = Client(echo)
    number = client.begin(b"x", end=False)
    client.talk()
    client.h2.reset_stream(number, ErrorCodes.CANCEL)
    client.talk()
    assert ("reset", number) in echo.events
    assert echo.http2.streams == {}
    client.begin(b"x")
    client.talk()
    assert client.seen(TrailersReceived), "the connection stays open"


def test_an_answer_before_the_body_stops_it() -> None:
    echo = Echo()
    client = Client(echo)
    number = client.begin(b"x", end=False)
    client.talk()
    echo.http2.end(echo.http2.streams[number], ANSWER)
    client.h2.send_data(number, b"on its way already")
    client.talk()
    resets = client.seen(StreamReset, number)
    assert resets[0].error_code == ErrorCodes.NO_ERROR
    client.begin(b"x")
    client.talk()
    assert client.seen(TrailersReceived)


def test_pings_and_goaway() -> None:
    echo = Echo()
    client = Client(echo)
    client.h2.ping(b"12345678")
    echo.http2.sender.ping(b"abcdefgh")
    client.talk()
    echo.http2.sender.goaway(7, Code.NO_ERROR)
    client.talk()
    assert client.seen(PingAckReceived)[0].ping_data == b"12345678"
    assert ("pong", b"abcdefgh") in echo.events
    [end] = [event for event in client.events if isinstance(event, ConnectionTerminated)]
    assert (end.last_stream_id, end.error_code) == (7, ErrorCodes.NO_ERROR)


def encoded(*fields: tuple[str, str]) -> bytes:
    return Encoder().encode(fields)


WORD = struct.Struct(">I")
BAD_CONNECTIONS = {
    "no preface": (b"GET / HTTP/1.1\r\n\r\n", Code.PROTOCOL_ERROR),
    "no settings first": (PREFACE + frame(frames.PING, 0, 0, bytes(8)), Code.PROTOCOL_ERROR),
    "a frame too long": (HELLO + frame(frames.DATA, 0, 1, bytes(16_385)), Code.FRAME_SIZE_ERROR),
    "data of no stream": (HELLO + frame(frames.DATA, 0, 0, b"x"), Code.PROTOCOL_ERROR),
    "data before headers": (HELLO + frame(frames.DATA, 0, 1, b"x"), Code.PROTOCOL_ERROR),
    "an even stream": (HELLO + call(2), Code.PROTOCOL_ERROR),
    "stream 0": (HELLO + call(0), Code.PROTOCOL_ERROR),
    "a stream begun again": (HELLO + call(5) + call(3), Code.STREAM_CLOSED),
    "too much padding": (HELLO + call(1) + frame(frames.DATA, frames.PADDED, 1, b"\x05abcd"), Code.PROTOCOL_ERROR),
    "padding of nothing": (HELLO + call(1) + frame(frames.DATA, frames.PADDED, 1, b""), Code.PROTOCOL_ERROR),
    "another frame in a block": (HELLO + call(1, 0) + frame(frames.PING, 0, 0, bytes(8)), Code.PROTOCOL_ERROR),
    "a block that goes on elsewhere": (
        HELLO + call(1, 0) + frame(frames.CONTINUATION, frames.END_HEADERS, 3, b""), Code.PROTOCOL_ERROR),
    "a block without end": (HELLO + call(1, 0) + 9 * frame(frames.CONTINUATION, 0, 1, b""), Code.ENHANCE_YOUR_CALM),
    "a continuation of nothing": (HELLO + frame(frames.CONTINUATION, 4, 1, b""), Code.PROTOCOL_ERROR),
    "headers far too long": (
        HELLO + call(1, 0) + 17 * frame(frames.CONTINUATION, 0, 1, bytes(16_000)), Code.ENHANCE_YOUR_CALM),
    "headers that are none": (HELLO + call(1, block=b"\xff\xff\xff\xff\xff\xff"), Code.COMPRESSION_ERROR),
    "an index past the table": (HELLO + call(1, block=b"\xfe"), Code.COMPRESSION_ERROR),
    "a truncated priority": (HELLO + call(1, 0x24, b"\0"), Code.FRAME_SIZE_ERROR),
    "dependent on itself": (HELLO + call(1, 0x24, WORD.pack(1) + b"\0" + BLOCK), Code.PROTOCOL_ERROR),
    "a priority of no stream": (HELLO + frame(frames.PRIORITY, 0, 0, bytes(5)), Code.PROTOCOL_ERROR),
    "a short reset": (HELLO + call(1) + frame(frames.RST_STREAM, 0, 1, b"x"), Code.FRAME_SIZE_ERROR),
    "a reset of no stream": (HELLO + frame(frames.RST_STREAM, 0, 1, bytes(4)), Code.PROTOCOL_ERROR),
    "settings of a stream": (PREFACE + frame(frames.SETTINGS, 0, 1, b""), Code.PROTOCOL_ERROR),
    "truncated settings": (PREFACE + frame(frames.SETTINGS, 0, 0, b"12345"), Code.FRAME_SIZE_ERROR),
    "an answer with settings": (HELLO + frame(frames.SETTINGS, 1, 0, bytes(6)), Code.FRAME_SIZE_ERROR),
    "push": (PREFACE + frame(frames.SETTINGS, 0, 0, struct.pack(">HI", 2, 2)), Code.PROTOCOL_ERROR),
    "small frames": (PREFACE + frame(frames.SETTINGS, 0, 0, struct.pack(">HI", 5, 100)), Code.PROTOCOL_ERROR),
    "a window too large": (
        PREFACE + frame(frames.SETTINGS, 0, 0, struct.pack(">HI", 4, 2**31)), Code.FLOW_CONTROL_ERROR),
    "a stream's window grown too large": (
        HELLO + call(1) + frame(frames.WINDOW_UPDATE, 0, 1, WORD.pack(100))
        + frame(frames.SETTINGS, 0, 0, struct.pack(">HI", 4, 2**31 - 1)), Code.FLOW_CONTROL_ERROR),
    "the window grown too large": (
        HELLO + frame(frames.WINDOW_UPDATE, 0, 0, WORD.pack(2**31 - 1)), Code.FLOW_CONTROL_ERROR),
    "the window grown by nothing": (HELLO + frame(frames.WINDOW_UPDATE, 0, 0, bytes(4)), Code.PROTOCOL_ERROR),
    "a short update": (HELLO + frame(frames.WINDOW_UPDATE, 0, 0, b"x"), Code.FRAME_SIZE_ERROR),
    "a ping on a stream": (HELLO + frame(frames.PING, 0, 1, bytes(8)), Code.PROTOCOL_ERROR),
    "a short ping": (HELLO + frame(frames.PING, 0, 0, b"x"), Code.FRAME_SIZE_ERROR),
    "GOAWAY on a stream": (HELLO + frame(frames.GOAWAY, 0, 1, bytes(8)), Code.PROTOCOL_ERROR),
    "a truncated GOAWAY": (HELLO + frame(frames.GOAWAY, 0, 0, b"x"), Code.FRAME_SIZE_ERROR),
    "a push": (HELLO + frame(frames.PUSH_PROMISE, 4, 1, b"1234"), Code.PROTOCOL_ERROR),
    "more data than there is room for": (
        HELLO + call(1) + call(3) + b"".join(
            frame(frames.DATA, 0, 1, bytes(16_000)) for _ in range(RECEIVE_WINDOW_BYTES // 16_000 // 2))
        , None),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_CONNECTIONS)
def test_what_ends_a_connection(name: str) -> None:
    sent, code = BAD_CONNECTIONS[name]
    echo = Echo()
    if code is None:
        echo.http2.receive(sent)
        return
    with pytest.raises(Http2Error) as caught:
        echo.http2.receive(sent)
    assert caught.value.code == code
    assert echo.http2.sender.take()[-17:-8] == frame(frames.GOAWAY, 0, 0, bytes(8))[:9]


def with_header(name: str, value: str) -> bytes:
    return call(1, 5, encoded(*HEADERS, (name, value)))


BAD_STREAMS = {
    "a name in capitals": with_header("X-Big", "1"),
    "a header of the connection": with_header("connection", "close"),
    "te of another kind": with_header("te", "gzip"),
    "a pseudo-header at the end": with_header(":path", "/"),
    "an unknown pseudo-header": call(1, 5, encoded((":x", "1"), *HEADERS)),
    "a pseudo-header twice": call(1, 5, encoded(HEADERS[0], *HEADERS)),
    "no path": call(1, 5, encoded(*HEADERS[:2])),
    "an empty path": call(1, 5, encoded((":path", ""), *HEADERS[:2])),
    "no headers": call(1, 5, b""),
    "no pseudo-headers": call(1, 5, encoded(*HEADERS[4:])),
    "less than it said": call(1, 4, encoded(*HEADERS, ("content-length", "9"))) + frame(frames.DATA, 1, 1, b"x"),
    "more than it said": call(1, 4, encoded(*HEADERS, ("content-length", "1"))) + frame(frames.DATA, 1, 1, b"xy"),
    "headers in the middle": call(1) + call(1, 4, encoded(("x", "1"))),
    "pseudo-headers at the end": call(1) + call(1, 5),
    "a pseudo-header as a trailer": call(1) + call(1, 5, encoded((":path", "/"))),
    "a header of the connection as a trailer": call(1) + call(1, 5, encoded(("connection", "close"))),
    "a window grown by nothing": call(1) + frame(frames.WINDOW_UPDATE, 0, 1, bytes(4)),
    "a window grown too large": call(1) + frame(frames.WINDOW_UPDATE, 0, 1, WORD.pack(2**31 - 1)),
    "a short priority": call(1) + frame(frames.PRIORITY, 0, 1, b"x"),
}


@pytest.mark.parametrize("name", BAD_STREAMS)
def test_what_ends_a_stream(name: str) -> None:
    echo = Echo()
    echo.http2.receive(HELLO + BAD_STREAMS[name])
    assert echo.http2.streams == {}
    assert frame(frames.RST_STREAM, 0, 1, b"")[3:] in echo.http2.sender.take()
    assert not [event for event in echo.events if event[0] == "end"]
    echo.http2.receive(call(3) + frame(frames.DATA, 1, 3, b"fine"))
    assert b"fine" in echo.http2.sender.take(), "the connection stays open"


def test_a_stream_beyond_its_window() -> None:
    """The connection's window is renewed for closed streams too, and no more than what was used."""
    echo = Echo()
    echo.http2.receive(HELLO + call(1))
    echo.http2.streams[1].receive_window = 10  # as if the update were still on its way
    echo.http2.receive(frame(frames.DATA, 0, 1, bytes(11)))
    assert WORD.pack(Code.FLOW_CONTROL_ERROR) in echo.http2.sender.take()
    echo.http2._receive_window = 10
    with pytest.raises(Http2Error) as caught:
        echo.http2.receive(call(3) + frame(frames.DATA, 0, 3, bytes(11)))
    assert caught.value.code == Code.FLOW_CONTROL_ERROR


def test_after_the_last_goaway_streams_are_refused() -> None:
    echo = Echo()
    echo.http2.receive(HELLO)
    echo.http2.refuses_streams = True
    echo.http2.receive(call(1))
    assert echo.events == []
    assert WORD.pack(Code.REFUSED_STREAM) in echo.http2.sender.take()


KINDS = st.integers(0, 11)
FRAMES = st.tuples(
    KINDS,
    st.integers(0, 255),
    st.sampled_from([0, 1, 1, 2, 3, 5, 2**31 + 1]),
    st.one_of(st.just(BLOCK), st.binary(max_size=30), st.sampled_from([bytes(4), bytes(6), bytes(8), b""])),
)


@settings(max_examples=examples(400))
@given(sent=st.lists(st.one_of(FRAMES, st.binary(max_size=40)), max_size=12), piece=st.integers(1, 60))
def test_whatever_comes_is_answered_or_ends_the_connection(sent: list[Any], piece: int) -> None:
    echo = Echo()
    whole = HELLO + b"".join(frame(*part) if isinstance(part, tuple) else part for part in sent)
    try:
        for start in range(0, len(whole), piece):
            echo.http2.receive(whole[start : start + piece])
    except Http2Error:
        pass
    assert len(echo.http2.streams) <= 10
    rest = echo.http2.sender.take()
    while rest:  # whole frames
        length = int.from_bytes(rest[:3], "big")
        assert len(rest) >= 9 + length
        rest = rest[9 + length :]
