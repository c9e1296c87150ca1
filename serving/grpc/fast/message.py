"""gRPC's own layer on HTTP/2: messages behind a prefix, times, and texts in headers.

https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

from __future__ import annotations

import re
import zlib

from grpc import StatusCode

from serving.grpc.service import MAX_MESSAGE_BYTES
from serving.inference.failures import RefusedError
from serving.v2.errors import RequestError, TooLargeError, quote

PREFIX_BYTES = 5
"""Whether the message is compressed, and its length as a big-endian uint32."""

ENCODINGS = b"identity,deflate,gzip"
_WINDOW_BITS = {b"gzip": 31, b"deflate": 15}

_TIMEOUT = re.compile(rb"([0-9]{1,8})([HMSmun])")
_UNIT_S = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}

_UNPRINTABLE = re.compile(rb"[^ -$&-~]")


def prefixed(message: bytes) -> bytes:
    """A message as it is sent."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def only_message(body: bytes, encoding: bytes) -> bytes:
    """The message that a call's body is.

    Args:
        encoding: value of the header ``grpc-encoding``.

    Raises:
        RequestError: it is none, or not the only one.
        TooLargeError: it is too long.
        RefusedError: it is compressed in a way that is not known here.
    """
    if len(body) < PREFIX_BYTES:
        raise RequestError("the call has no message")
    length = int.from_bytes(body[1:PREFIX_BYTES], "big")
    check_length(length)
    if len(body) - PREFIX_BYTES != length:
        raise RequestError(f"a message of {length} bytes is announced, {len(body) - PREFIX_BYTES} bytes came")
    message = body[PREFIX_BYTES:]
    if body[0] == 0:
        return message
    if body[0] != 1 or encoding in (b"", b"identity"):
        raise RequestError("the message says that it is compressed, and not how")
    bits = _WINDOW_BITS.get(encoding)
    if bits is None:
        raise RefusedError(
            f"messages compressed by {quote(encoding.decode('latin-1'))} are not read here",
            501,
            StatusCode.UNIMPLEMENTED,
            (("grpc-accept-encoding", ENCODINGS.decode()),),
        )
    return _decompressed(message, bits)


def check_length(length: int) -> None:
    """
    Raises:
        TooLargeError: a message of so many bytes is too long.
    """
    if length > MAX_MESSAGE_BYTES:
        raise TooLargeError(f"the message has {length} bytes, at most {MAX_MESSAGE_BYTES} are read")


def seconds(timeout: bytes) -> float:
    """Value of the header ``grpc-timeout``.

    Raises:
        RequestError: it is no time.
    """
    found = _TIMEOUT.fullmatch(timeout)
    if found is None:
        raise RequestError(f"the timeout {quote(timeout.decode('latin-1'))} is none of gRPC's")
    return int(found[1]) * _UNIT_S[found[2]]


def percent_encoded(text: str) -> bytes:
    """A text as the header ``grpc-message`` holds it."""
    return _UNPRINTABLE.sub(lambda found: b"%%%02X" % found[0][0], text.encode("utf-8", "replace"))


def _decompressed(content: bytes, window_bits: int) -> bytes:
    stream = zlib.decompressobj(window_bits)
    try:
        message = stream.decompress(content, MAX_MESSAGE_BYTES + 1)
    except zlib.error:
        raise RequestError("the message cannot be decompressed") from None
    if len(message) > MAX_MESSAGE_BYTES:
        raise TooLargeError(f"the message has more than {MAX_MESSAGE_BYTES} bytes when it is decompressed")
    if not stream.eof:
        raise RequestError("the compressed message is cut off")
    return message
