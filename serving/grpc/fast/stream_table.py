"""The streams of an HTTP/2 connection (RFC 9113, section 5): opened, sent on, ended and reset by either side."""

from __future__ import annotations

from serving.grpc.fast import frames
from serving.grpc.fast.frames import MAX_NUMBER, WORD, Code, Http2Error
from serving.grpc.fast.headers import HeaderDecoder
from serving.grpc.fast.overhead import Overhead
from serving.grpc.fast.reader import FrameReader, PartialBlock
from serving.grpc.fast.sender import Sender
from serving.grpc.fast.streams import RECEIVE_WINDOW_BYTES, EventHandler, Stream

_SMALL_DATA_BYTES = 32
"""A shorter DATA frame that does not end its stream counts as overhead."""
_FULL_DATA_BYTES = 1024
"""A shorter DATA frame on a closed stream counts as overhead; longer ones were on their way when it was closed."""
_MAX_LENGTH_DIGITS = 18
"""Longest Content-Length that is read."""


class StreamTable:
    """The open streams of one connection, and the frames about them.

    Args:
        handler: called with the events of streams.
        max_streams: streams that the client may have open at a time.
    """

    reader: FrameReader

    def __init__(self, handler: EventHandler, max_streams: int) -> None:
        self._overhead = Overhead()
        self.sender = Sender(self._overhead)
        self._windows = self.sender.windows
        self._handler = handler
        self._max_streams = max_streams
        self.streams: dict[int, Stream] = {}
        self._stopped: dict[int, None] = {}
        """Closed streams on which the client may still send, oldest first, ``max_streams`` at most."""
        self.last_number = 0
        """The highest number of a stream that the client opened."""
        self.refuses_streams = False
        """Streams that the client opens from now on are refused."""
        self._headers = HeaderDecoder()
        self._receive_window = RECEIVE_WINDOW_BYTES

    def end(self, stream: Stream, block: bytes) -> None:
        """Send headers or trailers, and close the stream; a client that still sends on it is told to stop."""
        number = stream.number
        self.sender.headers(number, block, frames.END_HEADERS | frames.END_STREAM)
        self._overhead.answers += 1
        if stream.ended and not self._windows.blocked:  # as almost always
            del self.streams[number]
            return
        self._forget(stream)
        if not stream.ended:
            self.sender.rst_stream(number, Code.NO_ERROR)

    def reset(self, stream: Stream, code: Code) -> None:
        """Close a stream at once."""
        self._forget(stream)
        self.sender.rst_stream(stream.number, code)

    def _forget(self, stream: Stream) -> None:
        number = stream.number
        del self.streams[number]
        if self._windows.blocked:
            self._windows.blocked.pop(number, None)
        if not stream.ended:
            self._stop(number)

    def _stop(self, number: int) -> None:
        """Remember a closed stream that the client has not ended: frames on it may be on their way."""
        self._stopped[number] = None
        if len(self._stopped) > self._max_streams:
            del self._stopped[next(iter(self._stopped))]

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)
        if flags & frames.PADDED:
            payload = _unpadded(payload)
        self._receive_window -= size
        if self._receive_window < 0:
            raise Http2Error(Code.FLOW_CONTROL_ERROR, "more data than the window admits")
        if self._receive_window < RECEIVE_WINDOW_BYTES // 2:
            self.sender.window_update(0, RECEIVE_WINDOW_BYTES - self._receive_window)
            self._receive_window = RECEIVE_WINDOW_BYTES
        more = not flags & frames.END_STREAM
        stream = self._stream(number)
        if stream is None or stream.ended:
            self._on_late_data(number, len(payload), more)
            return
        stream.receive_window -= size
        if stream.receive_window < 0:
            self._close(number, Code.FLOW_CONTROL_ERROR)
            return
        if more:
            if stream.receive_window < RECEIVE_WINDOW_BYTES // 2:
                self.sender.window_update(number, RECEIVE_WINDOW_BYTES - stream.receive_window)
                stream.receive_window = RECEIVE_WINDOW_BYTES
            if len(payload) < _SMALL_DATA_BYTES:
                self._overhead.spend()
        if stream.remaining is not None:
            stream.remaining -= len(payload)
        if payload:
            self._handler.on_data(stream, payload)
        if not more:
            self._end(stream)

    def _on_late_data(self, number: int, size: int, more: bool) -> None:
        """Data on a closed stream, or after END_STREAM."""
        if number not in self._stopped:
            self._close(number, Code.STREAM_CLOSED)
            return
        if not more:
            del self._stopped[number]
        if size < _FULL_DATA_BYTES:
            self._overhead.spend()

    def _on_headers(self, flags: int, number: int, payload: bytes) -> None:
        if not number & 1:
            raise Http2Error(Code.PROTOCOL_ERROR, "a client's stream has an even number")
        if flags & frames.PADDED:
            payload = _unpadded(payload)
        if flags & frames.WITH_PRIORITY:
            if len(payload) < 5:
                raise Http2Error(Code.FRAME_SIZE_ERROR, "HEADERS with a truncated priority")
            if WORD.unpack_from(payload)[0] & MAX_NUMBER == number:
                raise Http2Error(Code.PROTOCOL_ERROR, "a stream depends on itself")
            payload = payload[5:]
        if flags & frames.END_HEADERS:
            self._on_block(flags, number, payload)
        else:
            self.reader.block = PartialBlock(number, flags, payload)

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        block = self.reader.block
        assert block is not None  # noqa: S101 the reader checked it
        block.add(number, payload)
        if flags & frames.END_HEADERS:
            self.reader.block = None
            self._on_block(block.flags, number, block.whole())

    def _on_block(self, flags: int, number: int, encoded: bytes) -> None:
        block = self._headers.decode(encoded)  # always: it may change the table
        stream = self.streams.get(number)
        ended = bool(flags & frames.END_STREAM)
        if stream is not None:  # trailers
            if stream.ended:
                self._close(number, Code.STREAM_CLOSED)
            elif block.too_large:
                self._close(number, Code.ENHANCE_YOUR_CALM)
            elif not ended or block.malformed or any(name.startswith(b":") for name in block.named):
                self._close(number, Code.PROTOCOL_ERROR)
            else:
                self._end(stream)
            return
        if number <= self.last_number:
            if number not in self._stopped or not ended:
                raise Http2Error(Code.STREAM_CLOSED, "a closed stream is used again")
            del self._stopped[number]  # trailers, on their way when the stream was closed
            return
        self.last_number = number
        refused = self.refuses_streams or len(self.streams) >= self._max_streams
        if refused or (b":method" not in block.named and not block.too_large):
            if not ended:
                self._stop(number)
            self._close(number, Code.REFUSED_STREAM if refused else Code.PROTOCOL_ERROR)
            return
        stream = self.streams[number] = Stream(number, ended)
        length = block.named.get(b"content-length")
        if length is not None:
            valid = length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS
            stream.remaining = int(length) if valid else -1
        self._handler.on_call(stream, block)
        if ended:
            self._end(stream)

    def _on_rst_stream(self, _: int, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "RST_STREAM is not four bytes long")
        stream = self._stream(number)
        self._overhead.spend()
        if stream is not None:
            stream.ended = True
            self._forget(stream)
            self._handler.on_reset(stream)
        else:
            self._stopped.pop(number, None)

    def _stream(self, number: int) -> Stream | None:
        """The stream of this number; None if it is closed.

        Raises:
            Http2Error: it was never opened.
        """
        if number == 0 or number > self.last_number or not number & 1:
            raise Http2Error(Code.PROTOCOL_ERROR, "a frame on a stream that was never opened")
        return self.streams.get(number)

    def _end(self, stream: Stream) -> None:
        """The client ended its side of a stream, which may have been answered already."""
        stream.ended = True
        if self.streams.get(stream.number) is not stream:
            return
        if stream.remaining:  # Content-Length was wrong
            self._close(stream.number, Code.PROTOCOL_ERROR)
        else:
            self._handler.on_end(stream)

    def _close(self, number: int, code: Code) -> None:
        """Close a stream on which the client broke the protocol or exceeded a limit; it may be closed already."""
        self._overhead.spend()
        stream = self.streams.get(number)
        if stream is not None:
            self._forget(stream)
            self._handler.on_reset(stream)
        self.sender.rst_stream(number, code)


def _unpadded(payload: bytes) -> bytes:
    if not payload or payload[0] >= len(payload):
        raise Http2Error(Code.PROTOCOL_ERROR, "more padding than payload")
    return payload[1 : len(payload) - payload[0]]
