"""What is wrong with a request."""

from __future__ import annotations

MAX_QUOTED = 80


class RequestError(ValueError):
    """The request cannot be answered; the message is one line for its sender. HTTP 400, gRPC INVALID_ARGUMENT."""


class TooLargeError(RequestError):
    """The request is longer than the server reads. HTTP 413."""


class UnknownModelError(RequestError):
    """No such model, or not in that version. HTTP 404, gRPC NOT_FOUND."""


def quote(value: object) -> str:
    """``value`` for a message: one short printable line, whatever a client sent."""
    text = ascii(value)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."
