"""Listening sockets."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys

from tenure.errors import ServingError

BACKLOG = 2048
"""Connections that may wait to be accepted, by HTTP and by gRPC."""

_SO_ATTACH_FILTER = 26
_RETURN = 0x06
"""The instruction ``ret k`` of classic BPF: the number of bytes of a packet to keep."""


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. A shared port is one that other processes listen on too.

    Raises:
        ServingError: the address is in use or invalid.
    """
    listener = _bound(host, port, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR)
    listener.listen(BACKLOG)
    return listener


def reserve(host: str, port: int) -> socket.socket:
    """A socket that reserves a port for several processes to listen on, and accepts no connections itself.

    Raises:
        ServingError: the address is in use or invalid.
    """
    return _bound(host, port, socket.SO_REUSEPORT)


def _bound(host: str, port: int, option: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind((host, port))
    except OSError as error:
        raise ServingError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return bound


def refuse_new_connections(listener: socket.socket) -> None:
    """Let no new connection into a listening socket's queue; those in it can still be accepted.

    Closing a socket resets the connections in its queue, on which clients may have sent requests. A filter that drops
    every packet lets the queue be emptied first; a client that connects meanwhile retries a second later. On systems
    without such filters this does nothing, and closing may reset connections.
    """
    if sys.platform != "linux":
        return
    drop = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN, 0, 0, 0))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(drop)))
