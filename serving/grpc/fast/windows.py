"""The client's flow-control windows (RFC 9113, section 5.2) and the streams that wait for them."""

from __future__ import annotations

from collections.abc import Iterable

from serving.grpc.fast import frames
from serving.grpc.fast.frames import FRAME_BYTES, MAX_WINDOW, SETTING, WINDOW_BYTES, Code, Http2Error
from serving.grpc.fast.streams import Stream


class SendWindows:
    """How much data the client accepts.

    A stream's window is the initial window and the stream's credit, so that new settings change all windows at once.
    """

    __slots__ = ("_most_credit", "blocked", "connection", "initial", "max_frame")

    def __init__(self) -> None:
        self.connection = WINDOW_BYTES
        """Bytes that the client accepts on all streams together."""
        self.initial = WINDOW_BYTES
        """Bytes that the client accepts on a new stream."""
        self.max_frame = FRAME_BYTES
        self.blocked: dict[int, Stream] = {}
        """Streams with data that was not sent yet, by their numbers."""
        self._most_credit = 0
        """At least the largest credit of a stream."""

    def apply(self, payload: bytes, streams: Iterable[Stream]) -> None:
        """Apply the client's settings; of a name that occurs several times the last value counts.

        Args:
            streams: all that are open; they are walked only if a window may be too large.

        Raises:
            Http2Error: a value is invalid, or a window becomes too large.
        """
        values: dict[int, int] = dict(SETTING.iter_unpack(payload))
        if values.get(frames.ENABLE_PUSH, 0) > 1:
            raise Http2Error(Code.PROTOCOL_ERROR, "ENABLE_PUSH is neither 0 nor 1")
        max_frame = values.get(frames.MAX_FRAME_SIZE, self.max_frame)
        if not FRAME_BYTES <= max_frame < 2**24:
            raise Http2Error(Code.PROTOCOL_ERROR, "MAX_FRAME_SIZE is out of range")
        self.max_frame = max_frame
        initial = values.get(frames.INITIAL_WINDOW_SIZE, self.initial)
        if initial > MAX_WINDOW:
            raise Http2Error(Code.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE is out of range")
        self.initial = initial
        if initial + self._most_credit > MAX_WINDOW:
            self._most_credit = max((stream.credit for stream in streams), default=0)
            if initial + self._most_credit > MAX_WINDOW:
                raise Http2Error(Code.FLOW_CONTROL_ERROR, "a stream's window is too large")

    def widen(self, more: int) -> None:
        """Add to the connection's window.

        Raises:
            Http2Error: ``more`` is 0, or the window becomes too large.
        """
        if not more:
            raise Http2Error(Code.PROTOCOL_ERROR, "WINDOW_UPDATE by 0")
        self.connection += more
        if self.connection > MAX_WINDOW:
            raise Http2Error(Code.FLOW_CONTROL_ERROR, "the connection's window is too large")

    def widen_stream(self, stream: Stream, more: int) -> bool:
        """Add to a stream's window; returns False if it becomes too large."""
        stream.credit += more
        self._most_credit = max(self._most_credit, stream.credit)
        return self.initial + stream.credit <= MAX_WINDOW
