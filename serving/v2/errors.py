"""Errors of invalid requests."""

from __future__ import annotations

MAX_QUOTED = 80


class RequestError(ValueError):
    """The request is invalid; the message is one line for the client. HTTP 400, gRPC INVALID_ARGUMENT."""


class TooLargeError(RequestError):
    """The request is above a limit of size. HTTP 413, gRPC RESOURCE_EXHAUSTED."""


class UnknownModelError(RequestError):
    """There is no such model, or not in that version. HTTP 404, gRPC NOT_FOUND."""


def quote(value: object) -> str:
    """``value`` for a message: one short line of printable ASCII."""
    text = ascii(value)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."
