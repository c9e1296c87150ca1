"""The content of a request as it arrives."""

from __future__ import annotations

from serving.admission.request_memory import HeldBytes
from serving.v2.errors import TooLargeError

MAX_BODY_BYTES = 32 * 1024 * 1024
"""About 50,000 telco rows in JSON; larger jobs are for batch scoring. Of compressed content before and after."""


_LARGE_BYTES = 16 * 1024
"""Smaller parts are joined as they arrive: a list of them would take many times the bytes counted if a client sends
them one by one."""


def too_large() -> TooLargeError:
    """The error for content above the limit."""
    return TooLargeError(f"the body has more than {MAX_BODY_BYTES} bytes")


class ArrivingContent:
    """Content that arrives in parts, counted in the memory of requests.

    Args:
        held: its count; the caller releases it when the request is answered.
    """

    __slots__ = ("_first", "_rest", "held", "size")

    def __init__(self, held: HeldBytes) -> None:
        self.held = held
        self.size = 0
        self._first = b""
        self._rest: list[bytes | bytearray] | None = None

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
        elif self._rest is None:
            self._rest = [bytearray(part) if len(part) < _LARGE_BYTES else part]
        elif len(part) >= _LARGE_BYTES:
            self._rest.append(part)
        elif isinstance(self._rest[-1], bytearray):
            self._rest[-1] += part
        else:
            self._rest.append(bytearray(part))
        self.size = size

    def take(self) -> bytes:
        """The whole content; none is kept."""
        content = self._first if self._rest is None else b"".join((self._first, *self._rest))
        self._first, self._rest = b"", None
        return content
