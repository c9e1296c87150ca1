"""The server's side of HTTP/2 (RFC 9113) for short calls: bytes in, events and bytes out.

What costs the most elsewhere is left out or done once: response headers are literal fields, written once for all, and a
block of header fields that are all in the table is decoded once. hpack decodes the others. Pushing, priorities and
upgrades from HTTP/1.1 there are not: gRPC needs none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from hpack import Decoder, HPACKError, OversizedHeaderListError

from serving.grpc.fast import frames
from serving.grpc.fast.frames import FRAME_BYTES, HEAD, MAX_NUMBER, MAX_WINDOW, WINDOW_BYTES, Code, Http2Error, frame
from serving.inference.call import Headers

RECEIVE_WINDOW_BYTES = 1024 * 1024
"""What a client may send ahead, on a stream and on all of them; given back when half of it is used."""
MAX_HEADER_LIST_BYTES = 16 * 1024
_MAX_CONTINUATIONS = 8
_MAX_KNOWN_BLOCKS = 8
_MAX_KNOWN_BLOCK_BYTES = 64

_IN_TABLE = bytes(range(0x81, 0xFF))
"""Each a whole header field by itself: its index in the table (RFC 7541, section 6.1)."""
_PSEUDO = frozenset((b":method", b":scheme", b":path", b":authority"))
_NEEDED = (b":method", b":scheme", b":path")
_OF_THE_CONNECTION = frozenset((b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"))

_SETTING = struct.Struct(">HI")
_WORD = struct.Struct(">I")


class Receiver(Protocol):
    """Whom the connection's events are told."""

    def on_call(self, stream: Stream, block: Block) -> None:
        """The client began a stream."""

    def on_data(self, stream: Stream, data: bytes, more: bool) -> None:
        """A part of a stream's body; ``more`` is to come."""

    def on_end(self, stream: Stream) -> None:
        """It has said all that it had to say there."""

    def on_reset(self, stream: Stream) -> None:
        """It has no use for a stream any more."""

    def on_room(self, stream: Stream) -> None:
        """It takes more data on a stream."""

    def on_pong(self, payload: bytes) -> None:
        """It answers a ping."""

    def on_go_away(self) -> None:
        """It begins no stream any more."""


class Block(NamedTuple):
    """Headers; empty where they are malformed."""

    headers: Headers
    named: dict[bytes, bytes]
    """The first value of each, pseudo-headers too."""


class Stream:
    """A stream that is not closed."""

    __slots__ = ("announced", "ended", "number", "owner", "receivable", "sendable")

    def __init__(self, number: int, sendable: int) -> None:
        self.number = number
        self.sendable = sendable
        """Bytes that the client takes."""
        self.receivable = RECEIVE_WINDOW_BYTES
        self.ended = False
        """By the client."""
        self.announced: int | None = None
        """Bytes of its body that are still to come, if the client said how many there are."""
        self.owner: Any = None
        """What the receiver knows of it."""


class Http2:
    """One connection.

    Args:
        receiver: is told of events while ``receive`` runs.
        max_streams: that the client may have begun and not ended.
    """

    def __init__(self, receiver: Receiver, max_streams: int) -> None:
        self._receiver = receiver
        self._max_streams = max_streams
        self.streams: dict[int, Stream] = {}
        self.last_number = 0
        """Of the streams that the client began."""
        self.spoken = False
        """The client's first words were those of HTTP/2."""
        self.closed_to_calls = False
        """What the client begins from now on is not answered."""
        self._decoder = Decoder(MAX_HEADER_LIST_BYTES)
        self._known_blocks: dict[bytes, Block] = {}
        self._rest = b""
        self._preface = True
        self._sendable = WINDOW_BYTES
        self._initial_sendable = WINDOW_BYTES
        self._max_frame = FRAME_BYTES
        self._receivable = RECEIVE_WINDOW_BYTES
        self._block: tuple[int, int, list[bytes]] | None = None
        """A block of headers that goes on: number, flags, parts."""
        settings = (
            (frames.MAX_CONCURRENT_STREAMS, max_streams),
            (frames.INITIAL_WINDOW_SIZE, RECEIVE_WINDOW_BYTES),
            (frames.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES),
        )
        self._out = [frame(frames.SETTINGS, 0, 0, b"".join(_SETTING.pack(*setting) for setting in settings))]
        self._give_back(0, RECEIVE_WINDOW_BYTES - WINDOW_BYTES)
        self._reactions: tuple[Callable[[int, int, bytes], None], ...] = (
            self._on_data,
            self._on_headers,
            self._on_priority,
            self._on_reset,
            self._on_settings,
            self._on_push_promise,
            self._on_ping,
            self._on_go_away,
            self._on_window_update,
            self._on_continuation,
        )

    def receive(self, data: bytes) -> None:
        """Take what the client sent, in pieces of any size.

        Raises:
            Http2Error: that is not HTTP/2; what is to be sent says so already.
        """
        try:
            self._receive(data)
        except Http2Error as error:
            self.go_away(self.last_number, error.code)
            raise

    def to_send(self) -> bytes:
        """What is to be sent, once."""
        out, self._out = self._out, []
        return b"".join(out)

    def respond(self, stream: Stream, block: bytes) -> None:
        """Send headers; ``block`` is encoded."""
        self._out += (HEAD.pack(len(block) << 8 | frames.HEADERS, frames.END_HEADERS, stream.number), block)

    def send(self, stream: Stream, data: memoryview) -> memoryview:
        """Send as much data as there is room for; returns what is left."""
        while data:
            size = min(len(data), stream.sendable, self._sendable, self._max_frame)
            if size <= 0:
                break
            self._out += (HEAD.pack(size << 8 | frames.DATA, 0, stream.number), bytes(data[:size]))
            stream.sendable -= size
            self._sendable -= size
            data = data[size:]
        return data

    def end(self, stream: Stream, block: bytes) -> None:
        """Send headers or trailers, and close the stream; one that the client goes on with is not read on."""
        number = stream.number
        flags = frames.END_HEADERS | frames.END_STREAM
        self._out += (HEAD.pack(len(block) << 8 | frames.HEADERS, flags, number), block)
        del self.streams[number]
        if not stream.ended:
            self._out.append(frame(frames.RST_STREAM, 0, number, _WORD.pack(Code.NO_ERROR)))

    def reset(self, stream: Stream, code: Code) -> None:
        """Close a stream at once."""
        del self.streams[stream.number]
        self._reset(stream.number, code)

    def ping(self, payload: bytes) -> None:
        """Ask for a sign of life, with eight bytes."""
        self._out.append(frame(frames.PING, 0, 0, payload))

    def go_away(self, last_number: int, code: Code) -> None:
        """Tell the client that streams after ``last_number`` are not answered."""
        self._out.append(frame(frames.GOAWAY, 0, 0, _WORD.pack(last_number) + _WORD.pack(code)))

    def _receive(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if self._preface:
            start = data[: len(frames.PREFACE)]
            if not frames.PREFACE.startswith(start):
                raise Http2Error(Code.PROTOCOL_ERROR, "these are not the first words of HTTP/2")
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
                raise Http2Error(Code.FRAME_SIZE_ERROR, "a frame is too long")
            start_at = at + HEAD.size
            if start_at + length > end:
                break
            at = start_at + length
            if (self._block is not None) != (kind == frames.CONTINUATION):
                raise Http2Error(Code.PROTOCOL_ERROR, "a block of headers is torn")
            if not self.spoken and kind != frames.SETTINGS:
                raise Http2Error(Code.PROTOCOL_ERROR, "the first frame are no settings")
            if kind <= frames.CONTINUATION:
                self._reactions[kind](flags, number & MAX_NUMBER, data[start_at:at])
        self._rest = data[at:]

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)
        if flags & frames.PADDED:
            payload = _unpadded(payload)
        self._receivable -= size
        if self._receivable < 0:
            raise Http2Error(Code.FLOW_CONTROL_ERROR, "more data than there is room for")
        if self._receivable < RECEIVE_WINDOW_BYTES // 2:
            self._give_back(0, RECEIVE_WINDOW_BYTES - self._receivable)
            self._receivable = RECEIVE_WINDOW_BYTES
        stream = self._stream(number)
        if stream is None or stream.ended:
            self._close(number, Code.STREAM_CLOSED)
            return
        stream.receivable -= size
        if stream.receivable < 0:
            self._close(number, Code.FLOW_CONTROL_ERROR)
            return
        more = not flags & frames.END_STREAM
        if more and stream.receivable < RECEIVE_WINDOW_BYTES // 2:
            self._give_back(number, RECEIVE_WINDOW_BYTES - stream.receivable)
            stream.receivable = RECEIVE_WINDOW_BYTES
        if stream.announced is not None:
            stream.announced -= len(payload)
        if payload:
            self._receiver.on_data(stream, payload, more)
        if not more:
            self._end(stream)

    def _on_headers(self, flags: int, number: int, payload: bytes) -> None:
        if not number & 1:
            raise Http2Error(Code.PROTOCOL_ERROR, "clients' streams have odd numbers")
        if flags & frames.PADDED:
            payload = _unpadded(payload)
        if flags & frames.WITH_PRIORITY:
            if len(payload) < 5:
                raise Http2Error(Code.FRAME_SIZE_ERROR, "a priority is cut off")
            if _WORD.unpack_from(payload)[0] & MAX_NUMBER == number:
                raise Http2Error(Code.PROTOCOL_ERROR, "a stream depends on itself")
            payload = payload[5:]
        if flags & frames.END_HEADERS:
            self._on_block(flags, number, payload)
        else:
            self._block = number, flags, [payload]

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        assert self._block is not None  # noqa: S101 looked at for every frame
        begun, first_flags, parts = self._block
        parts.append(payload)
        if number != begun:
            raise Http2Error(Code.PROTOCOL_ERROR, "a block of headers goes on elsewhere")
        if len(parts) > _MAX_CONTINUATIONS:
            raise Http2Error(Code.ENHANCE_YOUR_CALM, "a block of headers has no end")
        if flags & frames.END_HEADERS:
            self._block = None
            self._on_block(first_flags, number, b"".join(parts))

    def _on_block(self, flags: int, number: int, encoded: bytes) -> None:
        block = self._decoded(encoded)  # in any case: the table changes with it
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
            raise Http2Error(Code.STREAM_CLOSED, "a stream goes on after its end")
        self.last_number = number
        if self.closed_to_calls or len(self.streams) >= self._max_streams:
            self._reset(number, Code.REFUSED_STREAM)
            return
        if b":method" not in block.named:
            self._reset(number, Code.PROTOCOL_ERROR)
            return
        stream = self.streams[number] = Stream(number, self._initial_sendable)
        length = block.named.get(b"content-length")
        if length is not None:
            stream.announced = int(length) if length.isdigit() else -1
        self._receiver.on_call(stream, block)
        if ended:
            self._end(stream)

    def _on_priority(self, _: int, number: int, payload: bytes) -> None:
        if number == 0:
            raise Http2Error(Code.PROTOCOL_ERROR, "a priority of no stream")
        if len(payload) != 5:
            self._close(number, Code.FRAME_SIZE_ERROR)
        elif _WORD.unpack_from(payload)[0] & MAX_NUMBER == number:
            self._close(number, Code.PROTOCOL_ERROR)

    def _on_reset(self, _: int, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "a reset has four bytes")
        stream = self._stream(number)
        if stream is not None:
            del self.streams[number]
            self._receiver.on_reset(stream)

    def _on_settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "settings of a stream")
        if len(payload) % _SETTING.size or (flags & frames.ACK and payload):
            raise Http2Error(Code.FRAME_SIZE_ERROR, "settings are cut off")
        if flags & frames.ACK:
            return
        self.spoken = True
        # Before any data that there is room for by these settings only.
        self._out.append(frame(frames.SETTINGS, frames.ACK, 0, b""))
        for name, value in _SETTING.iter_unpack(payload):
            self._set(name, value)

    def _set(self, name: int, value: int) -> None:
        if name == frames.ENABLE_PUSH and value > 1:
            raise Http2Error(Code.PROTOCOL_ERROR, "to push or not to push")
        if name == frames.MAX_FRAME_SIZE:
            if not FRAME_BYTES <= value < 2**24:
                raise Http2Error(Code.PROTOCOL_ERROR, "no size for a frame")
            self._max_frame = value
        if name == frames.INITIAL_WINDOW_SIZE:
            if value > MAX_WINDOW:
                raise Http2Error(Code.FLOW_CONTROL_ERROR, "no size for a window")
            change, self._initial_sendable = value - self._initial_sendable, value
            for stream in list(self.streams.values()):
                stream.sendable += change
                if stream.sendable > MAX_WINDOW:
                    raise Http2Error(Code.FLOW_CONTROL_ERROR, "a window has become too large")
                if change > 0:
                    self._receiver.on_room(stream)

    def _on_push_promise(self, _: int, __: int, ___: bytes) -> None:
        raise Http2Error(Code.PROTOCOL_ERROR, "a client cannot push")

    def _on_ping(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "a ping on a stream")
        if len(payload) != 8:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "a ping has eight bytes")
        if flags & frames.ACK:
            self._receiver.on_pong(payload)
        else:
            self._out.append(frame(frames.PING, frames.ACK, 0, payload))

    def _on_go_away(self, _: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "a farewell on a stream")
        if len(payload) < 8:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "a farewell is cut off")
        self._receiver.on_go_away()

    def _on_window_update(self, _: int, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "a window's update has four bytes")
        more = _WORD.unpack(payload)[0] & MAX_NUMBER
        if number == 0:
            self._sendable += more
            if not more:
                raise Http2Error(Code.PROTOCOL_ERROR, "a window grows by nothing")
            if self._sendable > MAX_WINDOW:
                raise Http2Error(Code.FLOW_CONTROL_ERROR, "the window has become too large")
            for stream in list(self.streams.values()):
                self._receiver.on_room(stream)
            return
        found = self._stream(number)
        if not more:
            self._close(number, Code.PROTOCOL_ERROR)
            return
        if found is None:
            return
        found.sendable += more
        if found.sendable > MAX_WINDOW:
            self._close(number, Code.FLOW_CONTROL_ERROR)
        else:
            self._receiver.on_room(found)

    def _stream(self, number: int) -> Stream | None:
        """None: it is closed.

        Raises:
            Http2Error: it was never begun.
        """
        if number == 0 or number > self.last_number or not number & 1:
            raise Http2Error(Code.PROTOCOL_ERROR, "there is no such stream")
        return self.streams.get(number)

    def _end(self, stream: Stream) -> None:
        stream.ended = True
        if stream.announced:  # more or less than it said
            self._close(stream.number, Code.PROTOCOL_ERROR)
        elif stream.number in self.streams:
            self._receiver.on_end(stream)

    def _close(self, number: int, code: Code) -> None:
        """For the client's fault."""
        self._reset(number, code)
        stream = self.streams.pop(number, None)
        if stream is not None:
            self._receiver.on_reset(stream)

    def _reset(self, number: int, code: Code) -> None:
        self._out.append(frame(frames.RST_STREAM, 0, number, _WORD.pack(code)))

    def _give_back(self, number: int, size: int) -> None:
        self._out.append(frame(frames.WINDOW_UPDATE, 0, number, _WORD.pack(size)))

    def _decoded(self, encoded: bytes) -> Block:
        known = self._known_blocks.get(encoded)
        if known is not None:
            return known
        in_table = not encoded.translate(None, _IN_TABLE)
        try:
            headers: Headers = self._decoder.decode(encoded, raw=True)  # type: ignore[assignment]  # raw: bytes
        except OversizedHeaderListError:
            raise Http2Error(Code.ENHANCE_YOUR_CALM, "the headers are too long") from None
        except HPACKError:
            raise Http2Error(Code.COMPRESSION_ERROR, "headers cannot be decoded") from None
        block = Block(headers, dict(reversed(headers))) if _well_formed(headers) else Block((), {})
        if not in_table:
            self._known_blocks.clear()  # it may have changed the table
        elif len(self._known_blocks) < _MAX_KNOWN_BLOCKS and len(encoded) <= _MAX_KNOWN_BLOCK_BYTES:
            self._known_blocks[encoded] = block
        return block


def _well_formed(headers: Headers) -> bool:
    """Section 8.3.1 for requests, 8.2 for all; trailers lack what requests need."""
    seen: set[bytes] = set()
    regular = False
    for name, value in headers:
        if name[:1] == b":":
            if regular or name in seen or name not in _PSEUDO:
                return False
            seen.add(name)
        else:
            regular = True
            if name != name.lower() or name in _OF_THE_CONNECTION or (name == b"te" and value != b"trailers"):
                return False
    return not seen or (all(name in seen for name in _NEEDED) and (b":path", b"") not in headers)


def _unpadded(payload: bytes) -> bytes:
    if not payload or payload[0] >= len(payload):
        raise Http2Error(Code.PROTOCOL_ERROR, "more padding than there is room for")
    return payload[1 : len(payload) - payload[0]]
