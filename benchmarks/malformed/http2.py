"""A gRPC client's bytes (RFC 9113): a call whose frames are out of order, truncated, or of wrong length or type."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITIZED = 0x1, 0x4, 0x8, 0x20
PATH = "/inference.GRPCInferenceService/ModelInfer"

Frame = tuple[int, int, int, bytes]
"""Type, flags, stream, payload."""


def _block(path: str = PATH, *more: tuple[str, str]) -> bytes:
    """A block of headers, each as a literal that is not indexed (RFC 7541, section 6.2.2)."""
    pairs = [
        *((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x")),
        *(("te", "trailers"), ("content-type", "application/grpc"), *more),
    ]
    written = b""
    for name, value in pairs:
        written += b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
    return written


BLOCKS = [
    _block(),
    _block("/inference.GRPCInferenceService/ServerLive"),
    _block("/none"),
    _block(PATH, ("grpc-timeout", "1n")),
    _block(PATH, ("grpc-timeout", "x")),
    _block(PATH, ("grpc-encoding", "gzip")),
    _block(PATH, ("x-bin", "%%%")),
    b"\xff\xff\xff\xff\xff\x0f",
    b"\x00\x7f\xff\xff\xff\x7fa",
    b"\x3f\xe1\xff\xff\xff\x07",
    b"\xbe",
    b"",
]
"""Of headers: right ones, and integers, tables and lengths that cannot be."""


def connections(message: bytes) -> st.SearchStrategy[bytes]:
    """All that a client sends on one connection; ``message`` is a serialized request."""
    prefixed = b"\x00" + struct.pack(">I", len(message)) + message

    @st.composite
    def make(draw: st.DrawFn) -> bytes:
        frames: list[Frame] = [
            (SETTINGS, 0, 0, b""),
            (HEADERS, END_HEADERS, 1, _block()),
            (DATA, END_STREAM, 1, prefixed),
        ]
        for _ in range(draw(st.integers(0, 3))):
            _change(draw, frames, prefixed)
        sent = bytearray(draw(st.sampled_from([PREFACE] * 15 + [PREFACE[:-1]])))
        for kind, flags, stream, payload in frames:
            length = draw(st.sampled_from([len(payload)] * 20 + [0, len(payload) + 1, 2**14 + 1, 2**24 - 1]))
            sent += struct.pack(">I", length)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
        return bytes(sent[: draw(st.sampled_from([len(sent)] * 4 + [draw(st.integers(0, len(sent)))]))])

    return make()


def _change(draw: st.DrawFn, frames: list[Frame], prefixed: bytes) -> None:
    place = draw(st.integers(0, len(frames) - 1))
    kind, flags, stream, payload = frames[place]
    what = draw(st.integers(0, 7))
    if what == 0:
        frames[place] = kind, draw(st.integers(0, 255)), stream, payload
    elif what == 1:
        frames[place] = kind, flags, draw(st.sampled_from([0, 1, 2, 3, 2**31 - 1, 2**32 - 1])), payload
    elif what == 2:
        frames.insert(place, _any_frame(draw))
    elif what == 3:
        frames.insert(place, frames[draw(st.integers(0, len(frames) - 1))])
    elif what == 4:
        cut = draw(st.integers(0, len(payload)))
        frames[place : place + 1] = [
            (kind, flags & ~(END_STREAM | END_HEADERS), stream, payload[:cut]),
            (CONTINUATION if kind == HEADERS else kind, flags, stream, payload[cut:]),
        ]
    elif what == 5:
        frames[place] = HEADERS, flags, stream, draw(st.sampled_from(BLOCKS) | st.binary(max_size=30))
    elif what == 6:
        lying = struct.pack(">BI", draw(st.integers(0, 2)), draw(st.sampled_from([0, 1, 2**31, 2**32 - 1])))
        frames[place] = DATA, flags, stream, lying + prefixed[5:]
    elif len(frames) > 1:
        frames.pop(place)


def _any_frame(draw: st.DrawFn) -> Frame:
    """Frames about the connection, with good and with bad contents."""
    kind = draw(st.integers(0, 12))
    flags = draw(st.sampled_from([0, END_STREAM, END_HEADERS, PADDED, PRIORITIZED, 0xFF]))
    setting = struct.pack(">HI", draw(st.integers(0, 8)), draw(st.sampled_from([0, 1, 2**14, 2**31, 2**32 - 1])))
    number = struct.pack(">I", draw(st.sampled_from([0, 1, 2**31 - 1, 2**32 - 1])))
    payload = draw(st.sampled_from([b"", b"\x00" * 8, setting, setting * 3, number, number * 2, b"\xff" * 5]))
    return kind, flags, draw(st.sampled_from([0, 0, 1, 3, 5])), payload
