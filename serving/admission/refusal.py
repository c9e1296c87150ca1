"""Why a valid request is refused.

RefusedError
├── UnauthenticatedError     HTTP 401, gRPC UNAUTHENTICATED       no key or token, or an invalid one
├── RateLimitedError         HTTP 429, gRPC RESOURCE_EXHAUSTED    the client exceeds its rate limit
├── OverloadedError          HTTP 503, gRPC UNAVAILABLE           the server is at its load limit, or stops
└── LateError                HTTP 504, gRPC DEADLINE_EXCEEDED     the request's deadline has passed
"""

from __future__ import annotations

import math

from grpc import StatusCode

from serving.inference.failures import RefusedError

_OVERLOAD_S = 1.0


class UnauthenticatedError(RefusedError):
    """The client did not authenticate."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 401, StatusCode.UNAUTHENTICATED, (("WWW-Authenticate", "Bearer"),))


class RateLimitedError(RefusedError):
    """The client exceeds its rate limit; it may send again in ``retry_after_s`` seconds."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message, 429, StatusCode.RESOURCE_EXHAUSTED, _retry_after(retry_after_s))


class OverloadedError(RefusedError):
    """The server is at its load limit; a second later that may be over."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 503, StatusCode.UNAVAILABLE, _retry_after(_OVERLOAD_S))


class LateError(RefusedError):
    """The request's deadline has passed."""

    def __init__(self) -> None:
        super().__init__("the request's deadline has passed", 504, StatusCode.DEADLINE_EXCEEDED)


def _retry_after(seconds: float) -> tuple[tuple[str, str], ...]:
    # Whole seconds (RFC 9110, section 10.2.3), rounded up so that a retry is not too early.
    return (("Retry-After", str(max(1, math.ceil(seconds)))),)
