"""The server's side of HTTP/2 (RFC 9113) for short calls: bytes in, events and frames out.

Server push, priorities and the upgrade from HTTP/1.1 are not implemented: gRPC does not use them.
"""

from __future__ import annotations

from serving.grpc.fast import frames
from serving.grpc.fast.frames import MAX_NUMBER, SETTING, WINDOW_BYTES, WORD, Code, Http2Error
from serving.grpc.fast.reader import FrameReader
from serving.grpc.fast.stream_table import StreamTable
from serving.grpc.fast.streams import RECEIVE_WINDOW_BYTES, EventHandler
from serving.listening.limits import MAX_HEAD_BYTES

_SETTINGS_COST = 4
_SETTINGS_PER_COST = 8
"""Overhead of a SETTINGS frame, and the number of settings in it that cost as much as a frame."""


class Http2(StreamTable):
    """One connection: its streams, and the frames about the connection.

    Args:
        handler: called with events while ``receive`` runs.
        max_streams: streams that the client may have open at a time.
    """

    def __init__(self, handler: EventHandler, max_streams: int) -> None:
        super().__init__(handler, max_streams)
        self.sender.settings(
            (frames.MAX_CONCURRENT_STREAMS, max_streams),
            (frames.INITIAL_WINDOW_SIZE, RECEIVE_WINDOW_BYTES),
            (frames.MAX_HEADER_LIST_SIZE, MAX_HEAD_BYTES),
        )
        self.sender.window_update(0, RECEIVE_WINDOW_BYTES - WINDOW_BYTES)
        on_frame = (
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
        self.reader = FrameReader(on_frame, self._overhead.spend)

    def receive(self, data: bytes) -> None:
        """Process bytes from the client, in pieces of any size.

        Raises:
            Http2Error: they are not HTTP/2, or an attack; GOAWAY with the reason is ready to be sent.
        """
        try:
            self.reader.receive(data)
        except Http2Error as error:
            self.sender.goaway(self.last_number, error.code)
            raise

    def spend(self) -> None:
        """Count a message that is no call of its own as a frame that carries none.

        Raises:
            Http2Error: the client sends too many of them.
        """
        self._overhead.spend()

    def resume(self) -> None:
        """Continue with the data that waits for a window, or for a paused sender."""
        for stream in list(self._windows.blocked.values()):
            if self._windows.connection <= 0:
                break
            self._handler.on_window(stream)

    def _on_priority(self, _: int, number: int, payload: bytes) -> None:
        if number == 0:
            raise Http2Error(Code.PROTOCOL_ERROR, "PRIORITY on stream 0")
        self._overhead.spend()
        if len(payload) != 5:
            self._close(number, Code.FRAME_SIZE_ERROR)
        elif WORD.unpack_from(payload)[0] & MAX_NUMBER == number:
            self._close(number, Code.PROTOCOL_ERROR)

    def _on_settings(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "SETTINGS on a stream")
        if len(payload) % SETTING.size or (flags & frames.ACK and payload):
            raise Http2Error(Code.FRAME_SIZE_ERROR, "SETTINGS has an invalid length")
        if flags & frames.ACK:
            self._overhead.spend()
            return
        self._overhead.spend(_SETTINGS_COST + len(payload) // SETTING.size // _SETTINGS_PER_COST)
        self.reader.established = True
        # Before any data that only these settings admit.
        self.sender.settings_ack()
        self._windows.apply(payload, self.streams.values())
        self.resume()

    def _on_push_promise(self, _: int, __: int, ___: bytes) -> None:
        raise Http2Error(Code.PROTOCOL_ERROR, "PUSH_PROMISE from a client")

    def _on_ping(self, flags: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "PING on a stream")
        if len(payload) != 8:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "PING is not eight bytes long")
        self._overhead.spend()
        if flags & frames.ACK:
            self._handler.on_ping_ack(payload)
        else:
            self.sender.ping(payload, frames.ACK)

    def _on_goaway(self, _: int, number: int, payload: bytes) -> None:
        if number:
            raise Http2Error(Code.PROTOCOL_ERROR, "GOAWAY on a stream")
        if len(payload) < 8:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "GOAWAY is truncated")
        self._overhead.spend()
        self._handler.on_goaway()

    def _on_window_update(self, _: int, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise Http2Error(Code.FRAME_SIZE_ERROR, "WINDOW_UPDATE is not four bytes long")
        self._overhead.spend()
        more = WORD.unpack(payload)[0] & MAX_NUMBER
        if number == 0:
            self._windows.widen(more)
            self.resume()
            return
        found = self._stream(number)
        if not more:
            self._close(number, Code.PROTOCOL_ERROR)
        elif found is not None:
            if not self._windows.widen_stream(found, more):
                self._close(number, Code.FLOW_CONTROL_ERROR)
            elif number in self._windows.blocked:
                self._handler.on_window(found)
