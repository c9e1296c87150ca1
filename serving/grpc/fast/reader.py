"""From bytes to frames (RFC 9113, section 4), and the header blocks that several frames make up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from serving.grpc.fast import frames
from serving.grpc.fast.frames import FRAME_BYTES, HEAD, MAX_NUMBER, PREFACE, Code, Http2Error
from serving.grpc.fast.hpack import MAX_BLOCK_BYTES

_MAX_CONTINUATIONS = 8
_CONTINUATION_BYTES = 1024
"""For so many bytes of a block one more CONTINUATION frame is accepted."""


class PartialBlock:
    """A header block of which CONTINUATION frames are still to come."""

    __slots__ = ("_parts", "flags", "number", "size")

    def __init__(self, number: int, flags: int, start: bytes) -> None:
        self.number = number
        self.flags = flags
        """The flags of its HEADERS frame."""
        self._parts = [start]
        self.size = len(start)

    def add(self, number: int, part: bytes) -> None:
        """Add the payload of a CONTINUATION frame on the stream ``number``.

        Raises:
            Http2Error: it is on another stream, or the block is too large or has too many frames.
        """
        if number != self.number:
            raise Http2Error(Code.PROTOCOL_ERROR, "CONTINUATION on another stream")
        self._parts.append(part)
        self.size += len(part)
        if self.size > MAX_BLOCK_BYTES:
            raise Http2Error(Code.ENHANCE_YOUR_CALM, "the headers are too long")
        if len(self._parts) > _MAX_CONTINUATIONS + self.size // _CONTINUATION_BYTES:
            raise Http2Error(Code.ENHANCE_YOUR_CALM, "too many CONTINUATION frames")

    def whole(self) -> bytes:
        """The block, when it is complete."""
        return b"".join(self._parts)


class FrameReader:
    """Reads the frames of one connection.

    Args:
        on_frame: called with a frame's flags, stream and payload, by the frame's type.
        on_unknown: called for a frame of any other type.
    """

    __slots__ = ("_on_frame", "_on_unknown", "_preface", "_rest", "block", "established", "unfinished")

    def __init__(self, on_frame: Sequence[Callable[[int, int, bytes], None]], on_unknown: Callable[[], None]) -> None:
        self._on_frame = on_frame
        self._on_unknown = on_unknown
        self._rest = b""
        self._preface = True
        self.established = False
        """The client has sent the preface and its settings."""
        self.block: PartialBlock | None = None
        self.unfinished: object | None = None
        """Identifies the frame or header block that is not complete; None if there is none."""

    @property
    def pending_bytes(self) -> int:
        """Bytes that are kept of an incomplete frame or header block."""
        return len(self._rest) + (0 if self.block is None else self.block.size)

    def receive(self, data: bytes) -> None:
        """Process bytes from the client, in pieces of any size.

        Raises:
            Http2Error: they are not HTTP/2.
        """
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        if self._preface:
            at = self._read_preface(data)
        while end - at >= HEAD.size and not self._preface:
            head, flags, number = HEAD.unpack_from(data, at)
            length, kind = head >> 8, head & 0xFF
            if length > FRAME_BYTES:
                raise Http2Error(Code.FRAME_SIZE_ERROR, "a frame is longer than SETTINGS_MAX_FRAME_SIZE")
            start_at = at + HEAD.size
            if start_at + length > end:
                break
            at = start_at + length
            if (self.block is not None) != (kind == frames.CONTINUATION):
                raise Http2Error(Code.PROTOCOL_ERROR, "a header block is not followed by CONTINUATION")
            if not self.established and kind != frames.SETTINGS:
                raise Http2Error(Code.PROTOCOL_ERROR, "the first frame is not SETTINGS")
            if kind <= frames.CONTINUATION:
                self._on_frame[kind](flags, number & MAX_NUMBER, data[start_at:at])
            else:
                self._on_unknown()
        self._rest = data[at:]
        if self.block is not None:
            self.unfinished = self.block
        elif at == end:
            self.unfinished = None
        elif at or self.unfinished is None:
            self.unfinished = object()

    def _read_preface(self, data: bytes) -> int:
        """The place of the first frame; 0 while the preface is incomplete."""
        if not PREFACE.startswith(data[: len(PREFACE)]):
            raise Http2Error(Code.PROTOCOL_ERROR, "the connection preface of HTTP/2 is missing")
        self._preface = len(data) < len(PREFACE)
        return 0 if self._preface else len(PREFACE)
