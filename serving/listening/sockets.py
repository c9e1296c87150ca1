"""The server's addresses, opened before anything is announced."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys

from tenure.errors import ServingError

_BACKLOG = 2048

_SO_ATTACH_FILTER = 26
_RETURN = 0x06
"""Classic BPF's ``ret k``: how many bytes of a packet to keep."""


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. A shared port is one that others listen on likewise.

    Raises:
        ServingError: the address is taken or is none.
    """
    listener = _bound(host, port, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR)
    listener.listen(_BACKLOG)
    return listener


def reserve(host: str, port: int) -> socket.socket:
    """A socket that holds a port open for several processes to listen on, and takes no connection itself.

    Raises:
        ServingError: the address is taken or is none.
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
    """Let no new connection begin on a listening socket; those in its queue can still be accepted.

    Closing a socket resets what waits in its queue: requests that a client has sent already. Behind a filter that drops
    every packet the queue only gets shorter, and can be emptied first; whoever tries to connect meanwhile tries again a
    second later. Where there are no such filters nothing happens, and closing may cost a connection.
    """
    if sys.platform != "linux":
        return
    drop = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN, 0, 0, 0))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(drop)))
