"""The memory that a worker spends on requests: bodies, heads that arrive slowly, and requests that wait.

Each of them and the number of connections are limited, but their product exceeds a worker's memory. Bytes count when
they arrive, or when they are decompressed, not when a client announces them: a length alone reserves nothing.
"""

from __future__ import annotations

import math


class RequestMemory:
    """Counts the bytes of all requests of a worker, from their arrival until they are answered.

    Args:
        max_bytes: the limit for all requests together.
    """

    __slots__ = ("_max_bytes", "held_bytes")

    def __init__(self, max_bytes: float = math.inf) -> None:
        self._max_bytes = max_bytes
        self.held_bytes = 0

    def open(self) -> HeldBytes:
        """A new count, at 0."""
        return HeldBytes(self)

    def has_room(self, size: int) -> bool:
        """Whether ``size`` more bytes are within the limit."""
        return self.held_bytes + size <= self._max_bytes


class HeldBytes:
    """The bytes of one request, or of a connection."""

    __slots__ = ("_bytes", "_memory")

    def __init__(self, memory: RequestMemory) -> None:
        self._memory = memory
        self._bytes = 0

    def add(self, size: int) -> None:
        """Count bytes that arrived; a negative number takes back some that are no longer held.

        Raises:
            OverloadedError: they exceed the limit; they are not counted.
        """
        if not self._memory.has_room(size):
            # It holds a gRPC status, and gRPC is imported after the command line is read.
            from serving.admission.refusal import OverloadedError

            raise OverloadedError("the server holds too many bytes of other requests")
        self._memory.held_bytes += size
        self._bytes += size

    def release(self) -> None:
        """Set the count to 0. A second call does nothing."""
        self._memory.held_bytes -= self._bytes
        self._bytes = 0
