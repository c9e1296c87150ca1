"""Frames on their way to the client."""

from __future__ import annotations

from serving.grpc.fast import frames
from serving.grpc.fast.frames import HEAD, SETTING, WORD, Code, frame
from serving.grpc.fast.overhead import Overhead
from serving.grpc.fast.streams import Stream
from serving.grpc.fast.windows import SendWindows

_TURN_BYTES = 1024 * 1024
"""Data that is collected at a time; more waits until the client has read."""


class Sender:
    """Collects the frames of one connection until ``take`` is called."""

    __slots__ = ("_frames", "_overhead", "_taken_bytes", "held_back", "paused", "windows")

    def __init__(self, overhead: Overhead) -> None:
        self._frames: list[bytes] = []
        self._overhead = overhead
        self._taken_bytes = 0
        self.held_back = False
        """Data waits for the next turn, though its windows admit it."""
        self.windows = SendWindows()
        self.paused = False
        """The client does not read: data waits as if its windows admitted none."""

    def take(self) -> bytes:
        """The bytes to send; the next call begins after them."""
        collected, self._frames = self._frames, []
        self._taken_bytes = self._overhead.sent_bytes
        return b"".join(collected)

    def headers(self, number: int, block: bytes, flags: int = frames.END_HEADERS) -> None:
        """Send headers or trailers; ``block`` is encoded."""
        self._frames += (HEAD.pack(len(block) << 8 | frames.HEADERS, flags, number), block)

    def data(self, stream: Stream, data: memoryview) -> memoryview:
        """Send as much data as the client's windows admit; returns the rest, for which ``on_window`` will be called."""
        windows, number, overhead = self.windows, stream.number, self._overhead
        while data:
            size = min(len(data), windows.initial + stream.credit, windows.connection, windows.max_frame)
            full = overhead.sent_bytes - self._taken_bytes >= _TURN_BYTES
            if size <= 0 or full or self.paused:
                self.held_back |= full
                windows.blocked[number] = stream
                return data
            self._frames += (HEAD.pack(size << 8 | frames.DATA, 0, number), bytes(data[:size]))
            stream.credit -= size
            windows.connection -= size
            overhead.sent_bytes += size
            data = data[size:]
        if windows.blocked:
            windows.blocked.pop(number, None)
        return data

    def settings(self, *values: tuple[int, int]) -> None:
        """Announce settings, each a name and a value."""
        self._frames.append(frame(frames.SETTINGS, 0, 0, b"".join(SETTING.pack(*value) for value in values)))

    def settings_ack(self) -> None:
        """Acknowledge the client's settings."""
        self._frames.append(frame(frames.SETTINGS, frames.ACK, 0, b""))

    def window_update(self, number: int, size: int) -> None:
        """Let the client send ``size`` more bytes on a stream, or on the connection (0)."""
        self._frames.append(frame(frames.WINDOW_UPDATE, 0, number, WORD.pack(size)))

    def rst_stream(self, number: int, code: Code) -> None:
        """Close a stream at once."""
        self._frames.append(frame(frames.RST_STREAM, 0, number, WORD.pack(code)))

    def ping(self, payload: bytes, flags: int = 0) -> None:
        """Send a ping of eight bytes, or with ACK the answer to one."""
        self._frames.append(frame(frames.PING, flags, 0, payload))

    def goaway(self, last_number: int, code: Code) -> None:
        """Announce that streams after ``last_number`` are not answered."""
        self._frames.append(frame(frames.GOAWAY, 0, 0, WORD.pack(last_number) + WORD.pack(code)))
