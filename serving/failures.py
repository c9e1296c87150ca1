"""From an exception to what a client is told: one line, never a trace."""

from __future__ import annotations

from typing import NamedTuple

from grpc import StatusCode
from kserve.errors import InvalidInput, ModelNotFound, ModelNotReady, ServerNotLive, ServerNotReady

from serving import logs
from serving.v2.errors import RequestError, TooLargeError, UnknownModelError


class Failure(NamedTuple):
    """An answer that is none."""

    http: int
    grpc: StatusCode
    message: str


def failure_of(error: Exception) -> Failure:
    """What to tell the client; an error that nobody foresaw is logged with its trace."""
    if isinstance(error, UnknownModelError | ModelNotFound):
        return Failure(404, StatusCode.NOT_FOUND, str(error))
    if isinstance(error, TooLargeError):
        return Failure(413, StatusCode.RESOURCE_EXHAUSTED, str(error))
    if isinstance(error, RequestError | InvalidInput):
        return Failure(400, StatusCode.INVALID_ARGUMENT, str(error))
    if isinstance(error, NotImplementedError):
        return Failure(501, StatusCode.UNIMPLEMENTED, "this server does not do that")
    if isinstance(error, ModelNotReady | ServerNotReady | ServerNotLive):
        return Failure(503, StatusCode.UNAVAILABLE, str(error))
    logs.server.error("unforeseen error", exc_info=error)
    return Failure(
        500, StatusCode.INTERNAL, f"the model failed; the log has the reason, request {logs.request_id.get()}"
    )
