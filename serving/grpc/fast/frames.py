"""HTTP/2's frames (RFC 9113, section 6) and the literal header fields of HPACK (RFC 7541, section 6.2.2)."""

from __future__ import annotations

import struct
from enum import IntEnum

HEAD = struct.Struct(">IBI")
"""Length and kind (24 and 8 bits), flags, number of the stream."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
WITH_PRIORITY = 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = (
    range(1, 7)
)

FRAME_BYTES = 16_384
"""The largest payload where nothing else was agreed upon, and the largest that we take."""
WINDOW_BYTES = 65_535
"""A window's size where nothing else was agreed upon."""
MAX_WINDOW = MAX_NUMBER = 2**31 - 1


class Code(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    FLOW_CONTROL_ERROR = 3
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


class Http2Error(Exception):
    """The client breaks the protocol: the connection ends."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


def frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    """One frame."""
    return HEAD.pack(len(payload) << 8 | kind, flags, number) + payload


def literal(name: bytes, value: bytes) -> bytes:
    """A header field that leaves no trace in the client's table, and is written as it is."""
    return b"".join((b"\0", _integer(len(name)), name, _integer(len(value)), value))


def _integer(value: int) -> bytes:
    """With a prefix of seven bits, section 5.1."""
    if value < 127:
        return bytes((value,))
    value -= 127
    more = bytearray((127,))
    while value >= 128:
        more.append(value & 127 | 128)
        value >>= 7
    more.append(value)
    return bytes(more)
