"""Encoded headers and trailers of gRPC answers."""

from __future__ import annotations

from functools import lru_cache

from serving.grpc.fast.calls import NOT_GRPC
from serving.grpc.fast.frames import literal
from serving.grpc.fast.message import ENCODINGS, percent_encoded
from serving.inference.failures import Failure

HEADERS = b"".join(
    literal(name, value)
    for name, value in (
        (b":status", b"200"),
        (b"content-type", b"application/grpc"),
        (b"grpc-accept-encoding", ENCODINGS),
    )
)
"""Headers before a message."""
_OK = literal(b"grpc-status", b"0")
_OK_OF_REQUEST = _OK + literal(b"x-request-id", b"")[:-1]
"""Trailers up to the length of the request's id."""
_SHORT = 127
"""Shorter texts have a length of one byte (RFC 7541, section 5.1)."""
_UNSUPPORTED_MEDIA_TYPE = literal(b":status", b"415")


def trailers(request_id: str) -> bytes:
    """Trailers after a message."""
    value = request_id.encode()
    if len(value) < _SHORT:
        return b"%b%c%b" % (_OK_OF_REQUEST, len(value), value)
    return _OK + literal(b"x-request-id", value)


def error_headers(failure: Failure, request_id: str, *, started: bool) -> bytes:
    """Headers of an answer without a message, or trailers of one whose headers were sent."""
    if failure is NOT_GRPC:
        return _UNSUPPORTED_MEDIA_TYPE
    status = _status(failure) + literal(b"x-request-id", request_id.encode())
    return status if started else HEADERS + status


@lru_cache(64)  # refused calls of a client mostly have the same reason
def _status(failure: Failure) -> bytes:
    fields = [
        (b"grpc-status", b"%d" % failure.grpc.value[0]),
        (b"grpc-message", percent_encoded(failure.message)),
        *((name.lower().encode(), value.encode()) for name, value in failure.headers),
    ]
    return b"".join(literal(name, value) for name, value in fields)
