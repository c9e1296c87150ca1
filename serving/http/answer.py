"""An HTTP answer, before it is written."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from serving.inference.failures import Failure

JSON = (b"content-type", b"application/json")
JSON_HEADERS = [JSON]
"""The headers of most answers; the fast route compares them by identity."""


class HttpAnswer(NamedTuple):
    """Status, headers without Content-Length and X-Request-ID, and content."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes

    @classmethod
    def failed(cls, failure: Failure) -> HttpAnswer:
        """An error answer: one line under ``error``."""
        headers = [JSON, *((name.lower().encode(), value.encode()) for name, value in failure.headers)]
        return cls(failure.http, headers, orjson.dumps({"error": failure.message}))
