"""From an exception to an error answer: a status and one line, never a trace."""

from __future__ import annotations

from typing import NamedTuple

from grpc import StatusCode

from serving.observation import logs
from serving.v2.errors import RequestError, TooLargeError, UnknownModelError


class RefusedError(Exception):
    """A request is refused whatever its body says: no key, too many requests, too late.

    Args:
        message: one line for the client.
        http, grpc: the status in each protocol.
        headers: of the answer, such as ``Retry-After`` and ``WWW-Authenticate``; gRPC sends them as metadata.
    """

    def __init__(self, message: str, http: int, grpc: StatusCode, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.http = http
        self.grpc = grpc
        self.headers = headers


class Failure(NamedTuple):
    """An error answer."""

    http: int
    grpc: StatusCode
    message: str
    headers: tuple[tuple[str, str], ...] = ()


_KNOWN: list[tuple[type[Exception], int, StatusCode]] = [
    (UnknownModelError, 404, StatusCode.NOT_FOUND),
    (TooLargeError, 413, StatusCode.RESOURCE_EXHAUSTED),
    (RequestError, 400, StatusCode.INVALID_ARGUMENT),
]
"""Exceptions with their status; the first match counts."""


def add_unavailable(*kinds: type[Exception]) -> None:
    """Answer these exceptions, of a package that is imported later, by 503."""
    _KNOWN.extend((kind, 503, StatusCode.UNAVAILABLE) for kind in kinds)


def failure_of(error: Exception) -> Failure:
    """The error answer for an exception; an unexpected one is logged with its trace."""
    if isinstance(error, RefusedError):
        return Failure(error.http, error.grpc, str(error), error.headers)
    for kind, http, grpc in _KNOWN:
        if isinstance(error, kind):
            return Failure(http, grpc, str(error))
    logs.server.error("unexpected error", exc_info=error)
    return Failure(
        500, StatusCode.INTERNAL, f"the model failed; the log has the reason, request {logs.request_id.get()}"
    )
