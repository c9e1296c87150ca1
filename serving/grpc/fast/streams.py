"""A stream of an HTTP/2 connection, and the events that happen on it."""

from __future__ import annotations

from typing import Any, Protocol

from serving.grpc.fast.headers import HeaderBlock

RECEIVE_WINDOW_BYTES = 1024 * 1024
"""Bytes that a client may send ahead, on one stream and on all together; renewed when half of them are used."""


class Stream:
    """A stream that is not closed."""

    __slots__ = ("credit", "ended", "number", "owner", "receive_window", "remaining")

    def __init__(self, number: int, ended: bool) -> None:
        self.number = number
        self.credit = 0
        """Bytes that the client accepts beyond its initial window; negative when data was sent."""
        self.receive_window = RECEIVE_WINDOW_BYTES
        self.ended = ended
        """The client has sent END_STREAM."""
        self.remaining: int | None = None
        """Bytes of the request's body still to come; None without a Content-Length."""
        self.owner: Any = None
        """State that the event handler keeps for the stream."""


class EventHandler(Protocol):
    """Called with the events of a connection."""

    def on_call(self, stream: Stream, block: HeaderBlock) -> None:
        """The client opened a stream with these headers."""

    def on_data(self, stream: Stream, data: bytes) -> None:
        """A part of a stream's body arrived."""

    def on_end(self, stream: Stream) -> None:
        """The client ended its side of a stream."""

    def on_reset(self, stream: Stream) -> None:
        """A stream was closed before it was answered."""

    def on_window(self, stream: Stream) -> None:
        """The client accepts more data on a stream whose data was not all sent."""

    def on_ping_ack(self, payload: bytes) -> None:
        """The client answered a ping."""

    def on_goaway(self) -> None:
        """The client opens no more streams."""
