"""The server's side of HTTP/2 (RFC 9113) for short calls: bytes in, events and frames out.

Server push, priorities and the upgrade from HTTP/1.1 are not implemented: gRPC does not use them.
"""

from __future__ import annotations

from collections.abc import Callable

from serving.grpc.fast import frames
from serving.grpc.fast.frames import (
    FRAME_BYTES,
    HEAD,
    MAX_NUMBER,
    MAX_WINDOW,
    SETTING,
    WINDOW_BYTES,
    WORD,
    Code,
    Http2Error,
)
from serving.grpc.fast.headers import MAX_HEADER_LIST_BYTES, HeaderDecoder
from serving.grpc.fast.sender import Sender
from serving.grpc.fast.streams import RECEIVE_WINDOW_BYTES, EventHandler, Stream

_MAX_CONTINUATIONS = 8


class Http2:
    """One connection.

    Args:
        handler: called with events while ``receive`` runs.
        max_streams: streams that the client may have open at a time.
    """

    def __init__(self, handler: EventHandler, max_streams: int) -> None:
        self.sender = Sender()
        self._handler = handler
        self._max_streams = max_streams
        self.streams: dict[int, Stream] = {}
        self.last_number = 0
        """The highest number of a stream that the client opened."""
        self.established = False
        """The client has sent the preface and its settings."""
        self.refuses_streams = False
        """Streams that the client opens from now on are refused."""
        self._headers = HeaderDecoder()
        self._rest = b""
        self._preface = True
        self._receive_window = RECEIVE_WINDOW_BYTES
        self._block: tuple[int, int, list[bytes]] | None = None
        """A header block that CONTINUATION frames complete: number, flags, parts."""
        self.sender.settings(
            (frames.MAX_CONCURRENT_STREAMS, max_streams),
            (frames.INITIAL_WINDOW_SIZE, RECEIVE_WINDOW_BYTES),
            (frames.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES),
        )
        self.sender.window_update(0, RECEIVE_WINDOW_BYTES - WINDOW_BYTES)
        self._on_frame: tuple[Callable[[int, int, bytes], None], ...] = (
            self._on_data,
            self._on_headers,
            self._on_priority,
            self._on_rst_stream,
            self._on_settings,
            self._on_push_promise,
            self._on_ping,
            self._on_goaway,
            self._on_window_update,
            self._on_continuation,
        )

    def receive(self, data: bytes) -> None:
        """Process bytes from the client, in pieces of any size.

        Raises:
            Http2Error: they are not HTTP/2; GOAWAY with the reason is ready to be sent.
        """
        try:
            self._receive(data)
        except Http2Error as error:
            self.sender.goaway(self.last_number, error.code)
            raise

    def end(self, stream: Stream, block: bytes) -> None:
        """Send headers or trailers, and close the stream; a client that still sends on it is told to stop."""
        number = stream.number
        self.sender.headers(number, block, frames.END_HEADERS | frames.END_STREAM)
        del self.streams[number]
        if not stream.ended:
            self.sender.rst_stream(number, Code.NO_ERROR)

    def reset(self, stream: Stream, code: Code) -> None:
        """Close a stream at once."""
        del self.streams[stream.number]
        self.sender.rst_stream(stream.number, code)

    def _receive(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if self._preface:
            start = data[: len(frames.PREFACE)]
            if not frames.PREFACE.startswith(start):
                raise Http2Error(Code.PROTOCOL_ERROR, "the connection preface of HTTP/2 is missing")
            if len(start) < len(frames.PREFACE):
                self._rest = data
                return
            self._preface = False
            data = data[len(start) :]
        at, end = 0, len(data)
        while end - at >= HEAD.size:
            head, flags, number = HEAD.unpack_from(data, at)
            length, kind = head >> 8, head & 0xFF
            if length > FRAME_BYTES:
                raise Http2Error(Code.FRAME_SIZE_ERROR, "a frame is longer than SETTINGS_MAX_FRAME_SIZE")
            start_at = at + HEAD.size
            if start_at + length > end:
                break
            at = start_at + length
            if (self._block is not None) != (kind == frames.CONTINUATION):
                raise Http2Error(Code.PROTOCOL_ERROR, "a header block is not followed by CONTINUATION")
            if not self.established and kind != frames.SETTINGS:
                raise Http2Error(Code.PROTOCOL_ERROR, "the first frame is not SETTINGS")
            if kind <= frames.CONTINUATION:
                self._on_frame[kind](flags, number & MAX_NUMBER, data[start_at:at])
        self._rest = data[at:]

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
        stream = self._stream(number)
        if stream is None or stream.ended:
            self._close(number, Code.STREAM_CLOSED)
            return
        stream.receive_window -= size
        if stream.receive_window < 0:
            self._close(number, Code.FLOW_CONTROL_ERROR)
            return
        more = not flags & frames.END_STREAM
        if more and stream.receive_window < RECEIVE_WINDOW_BYTES // 2:
            self.sender.window_update(number, RECEIVE_WINDOW_BYTES - stream.receive_window)
            stream.receive_window = RECEIVE_WINDOW_BYTES
        if stream.remaining is not None:
            stream.remaining -= len(payload)
        if payload:
            self._handler.on_data(stream, payload, more)
        if not more:
            self._end(stream)

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
            self._block = number, flags, [payload]

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        assert self._block is not None  # noqa: S101 checked for every frame
        begun, first_flags, parts = self._block
        parts.append(payload)
        if number != begun:
            raise Http2Error(Code.PROTOCOL_ERROR, "CONTINUATION on another stream")
        if len(parts) > _MAX_CONTINUATIONS:
            raise Http2Error(Code.ENHANCE_YOUR_CALM, "too many CONTINUATION frames")
        if flags & frames.END_HEADERS:
            self._block = None
            self._on_block(first_flags, number, b"".join(parts))

    def _on_block(self, flags: int, number: int, encoded: bytes) -> None:
        block = self._headers.decode(encoded)  # always: it may change the table
        stream = self.streams.get(number)
        ended = bool(flags & frames.END_STREAM)
        if stream is not None:  # trailers
            if stream.ended:
                self._close(number, Code.STREAM_CLOSED)
            elif not ended or any(name.startswith(b":") for name in block.named):
                self._close(number, Code.PROTOCOL_ERROR)
            else:
                self._end(stream)
            return
        if number <= self.last_number:
            raise Http2Error(Code.STREAM_CLOSED, "a closed stream is used again")
        self.last_number = number
        if self.refuses_streams or len(self.streams) >= self._max_streams:
            self.sender.rst_stream(number, Code.REFUSED_STREAM)
            return
        if b":method" not in block.named:
            self.sender.rst_stream(number, Code.PROTOCOL_ERROR)
            return
        stream = self.streams[number] = Stream(number, self.sender.initial_window)
        length = block.named.get(b"content-length")
        if length is not None:
            stream.remaining = int(length) if length.isdigit() else -1
        self._handler.on_call(stream, block)
        if ended:
            self._end(stream)

    def _on_priority(self, _: int, number: int, payload: bytes) -> None:
        if number == 0:
            raise Http2Error(Code.PROTOCOL_ERROR, "PRIORITY on stream 0")
        if len(payload) != 5:
            self._close(number, Code.FRAME_SIZE_ERROR)
        elif WORD.unpack_from(payload)[0] & MAX_NUMBER == number:
            self._close(number, Code.PROTOCOL_ERROR)

    def _on_rst_stream(self, _: int, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "RST_STREAM is not four bytes long")
        stream = self._stream(number)
        if stream is not None:
            del self.streams[number]
            self._handler.on_reset(stream)

    def _on_settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "SETTINGS on a stream")
        if len(payload) % SETTING.size or (flags & frames.ACK and payload):
            raise Http2Error(Code.FRAME_SIZE_ERROR, "SETTINGS has an invalid length")
        if flags & frames.ACK:
            return
        self.established = True
        # Before any data that only these settings admit.
        self.sender.settings_ack()
        for name, value in SETTING.iter_unpack(payload):
            self._set(name, value)

    def _set(self, name: int, value: int) -> None:
        if name == frames.ENABLE_PUSH and value > 1:
            raise Http2Error(Code.PROTOCOL_ERROR, "ENABLE_PUSH is neither 0 nor 1")
        if name == frames.MAX_FRAME_SIZE:
            if not FRAME_BYTES <= value < 2**24:
                raise Http2Error(Code.PROTOCOL_ERROR, "MAX_FRAME_SIZE is out of range")
            self.sender.max_frame = value
        if name == frames.INITIAL_WINDOW_SIZE:
            if value > MAX_WINDOW:
                raise Http2Error(Code.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE is out of range")
            change, self.sender.initial_window = value - self.sender.initial_window, value
            for stream in list(self.streams.values()):
                stream.send_window += change
                if stream.send_window > MAX_WINDOW:
                    raise Http2Error(Code.FLOW_CONTROL_ERROR, "a stream's window is too large")
                if change > 0:
                    self._handler.on_window(stream)

    def _on_push_promise(self, _: int, __: int, ___: bytes) -> None:
        raise Http2Error(Code.PROTOCOL_ERROR, "PUSH_PROMISE from a client")

    def _on_ping(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "PING on a stream")
        if len(payload) != 8:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "PING is not eight bytes long")
        if flags & frames.ACK:
            self._handler.on_ping_ack(payload)
        else:
            self.sender.ping(payload, frames.ACK)

    def _on_goaway(self, _: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "GOAWAY on a stream")
        if len(payload) < 8:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "GOAWAY is truncated")
        self._handler.on_goaway()

    def _on_window_update(self, _: int, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "WINDOW_UPDATE is not four bytes long")
        more = WORD.unpack(payload)[0] & MAX_NUMBER
        if number == 0:
            self.sender.window += more
            if not more:
                raise Http2Error(Code.PROTOCOL_ERROR, "WINDOW_UPDATE by 0")
            if self.sender.window > MAX_WINDOW:
                raise Http2Error(Code.FLOW_CONTROL_ERROR, "the connection's window is too large")
            for stream in list(self.streams.values()):
                self._handler.on_window(stream)
            return
        found = self._stream(number)
        if not more:
            self._close(number, Code.PROTOCOL_ERROR)
            return
        if found is None:
            return
        found.send_window += more
        if found.send_window > MAX_WINDOW:
            self._close(number, Code.FLOW_CONTROL_ERROR)
        else:
            self._handler.on_window(found)

    def _stream(self, number: int) -> Stream | None:
        """The stream of this number; None if it is closed.

        Raises:
            Http2Error: it was never opened.
        """
        if number == 0 or number > self.last_number or not number & 1:
            raise Http2Error(Code.PROTOCOL_ERROR, "a frame on a stream that was never opened")
        return self.streams.get(number)

    def _end(self, stream: Stream) -> None:
        stream.ended = True
        if stream.remaining:  # Content-Length was wrong
            self._close(stream.number, Code.PROTOCOL_ERROR)
        elif stream.number in self.streams:
            self._handler.on_end(stream)

    def _close(self, number: int, code: Code) -> None:
        """Close a stream on which the client broke the protocol."""
        self.sender.rst_stream(number, code)
        stream = self.streams.pop(number, None)
        if stream is not None:
            self._handler.on_reset(stream)


def _unpadded(payload: bytes) -> bytes:
    if not payload or payload[0] >= len(payload):
        raise Http2Error(Code.PROTOCOL_ERROR, "more padding than payload")
    return payload[1 : len(payload) - payload[0]]
