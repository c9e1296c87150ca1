"""A stream of an HTTP/2 connection, and the events that happen on it."""

from __future__ import annotations

from typing import Any, Protocol

from serving.grpc.fast.headers import HeaderBlock

RECEIVE_WINDOW_BYTES = 1024 * 1024
"""Bytes that a client may send ahead, on one stream and on all together; renewed when half of them are used."""


class Stream:
    """A stream that is not closed."""

    __slots__ = ("ended", "number", "owner", "receive_window", "remaining", "send_window")

    def __init__(self, number: int, send_window: int) -> None:
        self.number = number
        self.send_window = send_window
        """Bytes that the client accepts."""
        self.receive_window = RECEIVE_WINDOW_BYTES
        self.ended = False
        """The client has sent END_STREAM."""
        self.remaining: int | None = None
        """Bytes of the request's body still to come; None without a Content-Length."""
        self.owner: Any = None
        """State that the event handler keeps for the stream."""


class EventHandler(Protocol):
    """Called with the events of a connection."""

    def on_call(self, stream: Stream, block: HeaderBlock) -> None:
        """The client opened a stream with these headers."""

    def on_data(self, stream: Stream, data: bytes, more: bool) -> None:
        """A part of a stream's body arrived; ``more`` says whether it is not the last."""

    def on_end(self, stream: Stream) -> None:
        """The client ended its side of a stream."""

    def on_reset(self, stream: Stream) -> None:
        """A stream was closed before it was answered."""

    def on_window(self, stream: Stream) -> None:
        """The client accepts more data on a stream."""

    def on_ping_ack(self, payload: bytes) -> None:
        """The client answered a ping."""

    def on_goaway(self) -> None:
        """The client opens no more streams."""
