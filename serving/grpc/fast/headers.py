"""Checks request headers (RFC 9113, section 8).

A block whose fields are all in the table is decoded once: clients send the same one with every request.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from serving.grpc.fast.hpack import BlockDecoder, Fields
from serving.inference.call import Headers

_MAX_CACHED_BLOCKS = 8
_MAX_CACHED_BLOCK_BYTES = 64

_INDEXED = bytes(range(0x81, 0xFF))
"""Each byte is a whole header field by itself: its index in the table (RFC 7541, section 6.1)."""
_PSEUDO = frozenset((b":method", b":scheme", b":path", b":authority"))
_REQUIRED = (b":method", b":scheme", b":path")
_CONNECTION_SPECIFIC = frozenset((b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"))
_FREQUENT = frozenset((
    *(b"accept-encoding", b"authorization", b"content-type", b"grpc-accept-encoding", b"grpc-encoding"),
    *(b"grpc-timeout", b"user-agent", b"x-api-key", b"x-request-id"),
))  # fmt: skip
"""Valid names, which need no check."""
_NAME = re.compile(rb"[!#-'*+\-.^-z|~0-9]+")
"""A token without capitals (RFC 9113, section 8.2.1)."""

_CALL_BYTES = 1024
"""Memory of a call besides its fields."""
_OBJECT_BYTES = 128
"""Memory of a field besides its name and value: a tuple and two byte strings."""


class HeaderBlock(NamedTuple):
    """Headers or trailers; ``headers`` and ``named`` are empty where they are malformed or too large."""

    headers: Headers
    named: dict[bytes, bytes]
    """The first value of each header by its name, pseudo-headers too."""
    held_bytes: int = 0
    """The memory that a call with these headers takes."""
    too_large: bool = False
    """They exceed the limits of a request's head."""
    malformed: bool = False


_MALFORMED = HeaderBlock((), {}, malformed=True)
_TOO_LARGE = HeaderBlock((), {}, too_large=True)


class HeaderDecoder:
    """Decodes and checks the header blocks of one connection, in the order in which they arrive."""

    def __init__(self) -> None:
        self._decoder = BlockDecoder()
        self._cached: dict[bytes, HeaderBlock] = {}

    def decode(self, encoded: bytes) -> HeaderBlock:
        """Decode a block.

        Raises:
            Http2Error: the block is far too large, or is not HPACK.
        """
        cached = self._cached.get(encoded)
        if cached is not None:
            return cached
        fields = self._decoder.decode(encoded)
        if fields is None:
            block = _TOO_LARGE
        elif _well_formed(fields):
            # Of a field in the table there is one copy, whose bytes counted when they were sent.
            held = _CALL_BYTES + len(encoded) + _OBJECT_BYTES * len(fields)
            block = HeaderBlock(fields, dict(reversed(fields)), held)
        else:
            block = _MALFORMED
        if encoded.translate(None, _INDEXED):
            self._cached.clear()  # a field that is not indexed may have changed the table
        elif len(self._cached) < _MAX_CACHED_BLOCKS and len(encoded) <= _MAX_CACHED_BLOCK_BYTES:
            self._cached[encoded] = block
        return block


def _well_formed(fields: Fields) -> bool:
    """Section 8.3.1 for requests, 8.2 for all; trailers lack what requests need."""
    seen: set[bytes] = set()
    regular = False
    for name, value in fields:
        if name[:1] == b":":
            if regular or name in seen or name not in _PSEUDO:
                return False
            seen.add(name)
        else:
            regular = True
            if name in _FREQUENT:
                continue
            if name in _CONNECTION_SPECIFIC or (name == b"te" and value != b"trailers") or not _NAME.fullmatch(name):
                return False
    values = b"".join([value for _, value in fields])
    if b"\0" in values or b"\r" in values or b"\n" in values:
        return False
    return not seen or (all(name in seen for name in _REQUIRED) and (b":path", b"") not in fields)
