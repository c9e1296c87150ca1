"""Answers after which a connection is closed: what a client sent cannot be read, or must not be."""

from __future__ import annotations

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from serving.http.answer import JSON, HttpAnswer

Header = tuple[bytes, bytes]

RETRY: tuple[Header, ...] = ((b"retry-after", b"1"),)
"""Headers of a 503: the client may try again in a second."""


class ClosingError(Exception):
    """A request that ends its connection.

    Args:
        status: of the answer.
        message: one line for the client.
        headers: of the answer, names in lower case, beside ``Content-Type``.
    """

    def __init__(self, status: int, message: str, headers: tuple[Header, ...] = ()) -> None:
        super().__init__(message)
        self.answer = HttpAnswer(status, [JSON, *headers], orjson.dumps({"error": message}))

    @classmethod
    def of(cls, answer: HttpAnswer, request_id: str) -> ClosingError:
        """An error that is answered by ``answer``."""
        error = cls(answer.status, "")
        error.answer = answer._replace(headers=[*answer.headers, (b"x-request-id", request_id.encode())])
        return error


def written(answer: HttpAnswer) -> bytes:
    """The answer's bytes, with ``Connection: close``."""
    lines = [b"%b: %b\r\n" % field for field in answer.headers]
    length = b"content-length: %d\r\n\r\n" % len(answer.content)
    return b"".join((STATUS_LINE[answer.status], b"connection: close\r\n", *lines, length, answer.content))
