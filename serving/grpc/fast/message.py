"""The part of gRPC over HTTP/2 that frames messages and encodes headers: prefixes, time-outs, texts.

https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

from __future__ import annotations

import re
import struct
import zlib
from functools import lru_cache

from grpc import StatusCode

from serving.admission.inflation import MAX_RATIO, max_inflated
from serving.grpc.service import check_length
from serving.inference.failures import RefusedError
from serving.v2.errors import RequestError, TooLargeError, quote

_PREFIX = struct.Struct(">BI")
PREFIX_BYTES = _PREFIX.size
"""A compression flag, and the message's length as a big-endian uint32."""

COMPRESSED = b"\1"
"""The flag of a compressed message."""

ENCODINGS = b"identity,deflate,gzip"
_WINDOW_BITS = {b"gzip": 31, b"deflate": 15}

_TIMEOUT = re.compile(rb"([0-9]{1,8})([HMSmun])")
_UNIT_S = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}

_UNPRINTABLE = re.compile(rb"[^ -$&-~]")


def prefixed(message: bytes) -> bytes:
    """A message behind its prefix, not compressed."""
    return _PREFIX.pack(0, len(message)) + message


def only_message(body: bytes, encoding: bytes, max_bytes: int) -> bytes:
    """The message in the body of a unary call.

    Args:
        encoding: value of the header ``grpc-encoding``.
        max_bytes: of the message, compressed and decompressed.

    Raises:
        RequestError: the body holds no message, or more than one.
        TooLargeError: the message is too long.
        RefusedError: the message's compression is not supported.
    """
    if len(body) < PREFIX_BYTES:
        raise RequestError("the call has no message")
    length = int.from_bytes(body[1:PREFIX_BYTES], "big")
    check_length(length, max_bytes)
    if len(body) - PREFIX_BYTES != length:
        raise RequestError(f"a message of {length} bytes is announced, {len(body) - PREFIX_BYTES} bytes came")
    message = body[PREFIX_BYTES:]
    if body[0] == 0:
        return message
    if body[0] != 1 or encoding in (b"", b"identity"):
        raise RequestError("the message is compressed, but the header grpc-encoding is missing")
    bits = _WINDOW_BITS.get(encoding)
    if bits is None:
        raise RefusedError(
            f"compression {quote(encoding.decode('latin-1'))} is not supported",
            501,
            StatusCode.UNIMPLEMENTED,
            (("grpc-accept-encoding", ENCODINGS.decode()),),
        )
    return _decompressed(message, bits, max_bytes)


def first_message(body: bytes | bytearray, max_bytes: int) -> int:
    """The length of the first message of a stream with its prefix; 0 if it has not arrived completely.

    Raises:
        TooLargeError: the message is too long.
    """
    if len(body) < PREFIX_BYTES:
        return 0
    length = int.from_bytes(body[1:PREFIX_BYTES], "big")
    check_length(length, max_bytes)
    end = PREFIX_BYTES + length
    return end if end <= len(body) else 0


@lru_cache(256)  # a client's calls have a few
def seconds(timeout: bytes) -> float:
    """The seconds in the header ``grpc-timeout``.

    Raises:
        RequestError: the value is not a valid time-out.
    """
    found = _TIMEOUT.fullmatch(timeout)
    if found is None:
        raise RequestError(f"invalid grpc-timeout {quote(timeout.decode('latin-1'))}")
    return int(found[1]) * _UNIT_S[found[2]]


def percent_encoded(text: str) -> bytes:
    """A text in the encoding of the header ``grpc-message``."""
    return _UNPRINTABLE.sub(lambda found: b"%%%02X" % found[0][0], text.encode("utf-8", "replace"))


def _decompressed(content: bytes, window_bits: int, max_bytes: int) -> bytes:
    stream = zlib.decompressobj(window_bits)
    bomb_bytes = max_inflated(len(content))
    try:
        message = stream.decompress(content, min(max_bytes, bomb_bytes) + 1)
    except zlib.error:
        raise RequestError("the message cannot be decompressed") from None
    if len(message) > max_bytes:
        raise TooLargeError(f"the message has more than {max_bytes} bytes when it is decompressed")
    if len(message) > bomb_bytes:
        raise TooLargeError(f"the message has more than {MAX_RATIO} times its size when it is decompressed")
    if not stream.eof:
        raise RequestError("the compressed message is truncated")
    return message
