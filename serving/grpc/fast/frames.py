"""HTTP/2's frames (RFC 9113, section 6) and the literal header fields of HPACK (RFC 7541, section 6.2.2)."""

from __future__ import annotations

import struct
from enum import IntEnum

HEAD = struct.Struct(">IBI")
"""Length and type (24 and 8 bits), flags, number of the stream."""
SETTING = struct.Struct(">HI")
WORD = struct.Struct(">I")

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
"""SETTINGS_MAX_FRAME_SIZE: the client's until it sends another, and ours."""
WINDOW_BYTES = 65_535
"""Initial size of a flow-control window."""
MAX_WINDOW = MAX_NUMBER = 2**31 - 1


class Code(IntEnum):
    """Error codes (RFC 9113, section 7)."""

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
    """The client broke the protocol; the connection is closed."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


def frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    """One frame."""
    return HEAD.pack(len(payload) << 8 | kind, flags, number) + payload


def literal(name: bytes, value: bytes) -> bytes:
    """A literal header field without indexing, not Huffman-coded."""
    return b"".join((b"\0", _integer(len(name)), name, _integer(len(value)), value))


def _integer(value: int) -> bytes:
    """An integer with a prefix of seven bits (RFC 7541, section 5.1)."""
    if value < 127:
        return bytes((value,))
    value -= 127
    more = bytearray((127,))
    while value >= 128:
        more.append(value & 127 | 128)
        value >>= 7
    more.append(value)
    return bytes(more)
