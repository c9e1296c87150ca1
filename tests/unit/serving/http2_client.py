"""The HTTP/2 server with a handler that sends every body back, and frames for it."""

from __future__ import annotations

from typing import Any

from hpack import Encoder

from serving.grpc.fast import frames
from serving.grpc.fast.frames import PREFACE, frame, literal
from serving.grpc.fast.headers import HeaderBlock
from serving.grpc.fast.http2 import Http2
from serving.grpc.fast.streams import Stream

HEADERS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/inference.GRPCInferenceService/ModelInfer"),
    (":authority", "x"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
]
BLOCK = Encoder().encode(HEADERS)
SETTINGS = frame(frames.SETTINGS, 0, 0, b"")
HELLO = PREFACE + SETTINGS
ANSWER = literal(b":status", b"200") + literal(b"content-type", b"application/grpc")
TRAILERS = literal(b"grpc-status", b"0") + literal(b"x-request-id", b"r" * 128)


class Echo:
    """Sends every body back."""

    def __init__(self, *, max_streams: int = 10) -> None:
        self.http2 = Http2(self, max_streams)
        self.events: list[Any] = []
        self.holding = False

    def on_call(self, stream: Stream, block: HeaderBlock) -> None:
        self.events.append(("call", stream.number, block.named))
        stream.owner = b""

    def on_data(self, stream: Stream, data: bytes) -> None:
        stream.owner += data

    def on_end(self, stream: Stream) -> None:
        self.events.append(("end", stream.number))
        if not self.holding:
            self.answer(stream)

    def answer(self, stream: Stream) -> None:
        self.http2.sender.headers(stream.number, ANSWER)
        stream.owner = memoryview(bytes(stream.owner))
        self.on_window(stream)

    def on_window(self, stream: Stream) -> None:
        if isinstance(stream.owner, memoryview):
            stream.owner = self.http2.sender.data(stream, stream.owner)
            if not stream.owner:
                self.http2.end(stream, TRAILERS)

    def on_reset(self, stream: Stream) -> None:
        self.events.append(("reset", stream.number))

    def on_ping_ack(self, payload: bytes) -> None:
        self.events.append(("pong", payload))

    def on_goaway(self) -> None:
        self.events.append(("goaway",))


def call(number: int, flags: int = frames.END_HEADERS, block: bytes = BLOCK) -> bytes:
    """A HEADERS frame."""
    return frame(frames.HEADERS, flags, number, block)


def in_frames(number: int, block: bytes, flags: int = frames.END_STREAM) -> bytes:
    """A HEADERS frame, and CONTINUATION frames as far as the block needs them."""
    parts = [block[start : start + 16_000] for start in range(0, len(block), 16_000)] or [b""]
    kinds = [frames.HEADERS] + [frames.CONTINUATION] * (len(parts) - 1)
    sent = b""
    for place, (kind, part) in enumerate(zip(kinds, parts, strict=True)):
        ends = frames.END_HEADERS if place == len(parts) - 1 else 0
        sent += frame(kind, ends | (flags if place == 0 else 0), number, part)
    return sent


def frames_of(sent: bytes) -> list[tuple[int, int, int, bytes]]:
    """Type, flags, stream and payload of each frame."""
    found = []
    while sent:
        length = int.from_bytes(sent[:3], "big")
        found.append((sent[3], sent[4], int.from_bytes(sent[5:9], "big"), sent[9 : 9 + length]))
        sent = sent[9 + length :]
    return found
