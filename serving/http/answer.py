"""What goes back over HTTP."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from serving.inference.failures import Failure

JSON = (b"content-type", b"application/json")
JSON_HEADERS = [JSON]
"""Of most answers: whoever writes them knows this list by its identity."""


class HttpAnswer(NamedTuple):
    """Status, headers but for the content's length and the request's id, and content."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes

    @classmethod
    def failed(cls, failure: Failure) -> HttpAnswer:
        """The answer that is none: one line under ``error``."""
        headers = [JSON, *((name.lower().encode(), value.encode()) for name, value in failure.headers)]
        return cls(failure.http, headers, orjson.dumps({"error": failure.message}))
