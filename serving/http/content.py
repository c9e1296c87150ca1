"""The content of a request as it arrives."""

from __future__ import annotations

from serving.admission.request_memory import HeldBytes
from serving.v2.errors import TooLargeError

MAX_BODY_BYTES = 32 * 1024 * 1024
"""About 50,000 telco rows in JSON; larger jobs are for batch scoring. Of compressed content before and after."""


def too_large() -> TooLargeError:
    """The error for content above the limit."""
    return TooLargeError(f"the body has more than {MAX_BODY_BYTES} bytes")


class ArrivingContent:
    """Content that arrives in parts, counted in the memory of requests.

    Args:
        held: its count; the caller releases it when the request is answered.
    """

    __slots__ = ("_first", "_joined", "held", "size")

    def __init__(self, held: HeldBytes) -> None:
        self.held = held
        self.size = 0
        self._first = b""
        # A list of parts would take many times the bytes counted if a client sends them one by one.
        self._joined: bytearray | None = None

    def add(self, part: bytes) -> None:
        """Take the next part.

        Raises:
            TooLargeError: the content is above the limit.
            OverloadedError: the server holds too many bytes of all requests.
        """
        size = self.size + len(part)
        if size > MAX_BODY_BYTES:
            raise too_large()
        self.held.add(len(part))
        if not self.size:
            self._first = part
        else:
            if self._joined is None:
                self._joined = bytearray(self._first)
            self._joined += part
        self.size = size

    def take(self) -> bytes:
        """The whole content; none is kept."""
        content = self._first if self._joined is None else bytes(self._joined)
        self._first, self._joined = b"", None
        return content
