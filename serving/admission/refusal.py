"""Why a request is not taken, though nothing is wrong with what it says.

RefusedError
├── UnauthenticatedError     HTTP 401, gRPC UNAUTHENTICATED       no key or token, or not a good one
├── RateLimitedError         HTTP 429, gRPC RESOURCE_EXHAUSTED    this client asks too often
├── OverloadedError          HTTP 503, gRPC UNAVAILABLE           all clients together ask too much, or it ends
└── LateError                HTTP 504, gRPC DEADLINE_EXCEEDED     the answer would come too late
"""

from __future__ import annotations

import math

from grpc import StatusCode

from serving.inference.failures import RefusedError


class UnauthenticatedError(RefusedError):
    """Nobody that we know asked."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 401, StatusCode.UNAUTHENTICATED, (("WWW-Authenticate", "Bearer"),))


class RateLimitedError(RefusedError):
    """This client asks too often; in ``retry_after_s`` seconds it may ask again."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message, 429, StatusCode.RESOURCE_EXHAUSTED, _retry_after(retry_after_s))


class OverloadedError(RefusedError):
    """The server has enough to do; in ``retry_after_s`` seconds that may be over."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message, 503, StatusCode.UNAVAILABLE, _retry_after(retry_after_s))


class LateError(RefusedError):
    """The answer would come after the request's deadline."""

    def __init__(self) -> None:
        super().__init__("the time for this request is over", 504, StatusCode.DEADLINE_EXCEEDED)


def _retry_after(seconds: float) -> tuple[tuple[str, str], ...]:
    # Whole seconds, as RFC 9110, section 10.2.3 has it; never so early that it would be in vain.
    return (("Retry-After", str(max(1, math.ceil(seconds)))),)
