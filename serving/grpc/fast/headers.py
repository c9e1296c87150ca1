"""Decodes blocks of request headers (HPACK, RFC 7541) and checks them (RFC 9113, section 8).

A block whose fields are all in the table is decoded once: clients send the same one with every request.
"""

from __future__ import annotations

from typing import NamedTuple

from hpack import Decoder, HPACKError, OversizedHeaderListError

from serving.grpc.fast.frames import Code, Http2Error
from serving.inference.call import Headers

MAX_HEADER_LIST_BYTES = 16 * 1024
_MAX_CACHED_BLOCKS = 8
_MAX_CACHED_BLOCK_BYTES = 64

_INDEXED = bytes(range(0x81, 0xFF))
"""Each byte is a whole header field by itself: its index in the table (RFC 7541, section 6.1)."""
_PSEUDO = frozenset((b":method", b":scheme", b":path", b":authority"))
_REQUIRED = (b":method", b":scheme", b":path")
_CONNECTION_SPECIFIC = frozenset((b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"))


class HeaderBlock(NamedTuple):
    """Headers or trailers; both fields are empty where they are malformed."""

    headers: Headers
    named: dict[bytes, bytes]
    """The first value of each header by its name, pseudo-headers too."""


class HeaderDecoder:
    """Decodes the header blocks of one connection, in the order in which they arrive."""

    def __init__(self) -> None:
        self._decoder = Decoder(MAX_HEADER_LIST_BYTES)
        self._cached: dict[bytes, HeaderBlock] = {}

    def decode(self, encoded: bytes) -> HeaderBlock:
        """Decode a block.

        Raises:
            Http2Error: the block is too long, or is not HPACK.
        """
        cached = self._cached.get(encoded)
        if cached is not None:
            return cached
        try:
            headers: Headers = self._decoder.decode(encoded, raw=True)  # type: ignore[assignment]  # raw: bytes
        except OversizedHeaderListError:
            raise Http2Error(Code.ENHANCE_YOUR_CALM, "the headers are too long") from None
        except HPACKError:
            raise Http2Error(Code.COMPRESSION_ERROR, "the headers cannot be decoded") from None
        block = HeaderBlock(headers, dict(reversed(headers))) if _well_formed(headers) else HeaderBlock((), {})
        if encoded.translate(None, _INDEXED):
            self._cached.clear()  # a field that is not indexed may have changed the table
        elif len(self._cached) < _MAX_CACHED_BLOCKS and len(encoded) <= _MAX_CACHED_BLOCK_BYTES:
            self._cached[encoded] = block
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
            if name != name.lower() or name in _CONNECTION_SPECIFIC or (name == b"te" and value != b"trailers"):
                return False
    return not seen or (all(name in seen for name in _REQUIRED) and (b":path", b"") not in headers)
