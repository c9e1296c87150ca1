"""The memory that a worker spends on requests: bodies, heads that arrive slowly, requests that wait, unread answers.

Each of them and the number of connections are limited, but their product exceeds a worker's memory. Bytes count when
they arrive, or when they are decompressed, not when a client announces them: a length alone reserves nothing.
"""

from __future__ import annotations

import math
from threading import Lock

from serving.v2.errors import TooLargeError


class RequestMemory:
    """Counts the bytes of all requests of a worker, from their arrival until they are answered.

    Args:
        max_bytes: the limit for all requests together.
    """

    __slots__ = ("held_bytes", "lock", "max_bytes")

    def __init__(self, max_bytes: float = math.inf) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self.lock = Lock()
        """Held while a count changes: threads count what they parse."""

    def open(self) -> HeldBytes:
        """A new count, at 0."""
        return HeldBytes(self)


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
        memory = self._memory
        with memory.lock:
            if memory.held_bytes + size <= memory.max_bytes:
                memory.held_bytes += size
                self._bytes += size
                return
        # It holds a gRPC status, and gRPC is imported after the command line is read.
        from serving.admission.refusal import OverloadedError

        raise OverloadedError("the server holds too many bytes of other requests")

    def hand_over(self) -> HeldBytes:
        """A new count of the bytes; this one forgets them."""
        taken = HeldBytes(self._memory)
        taken._bytes, self._bytes = self._bytes, 0
        return taken

    def add_parsed(self, size: int) -> None:
        """Count what a request takes beside its bytes when it is parsed.

        Raises:
            TooLargeError: the limit is too low for this request alone.
            OverloadedError: as in ``add``.
        """
        max_bytes = self._memory.max_bytes
        if self._bytes + size > max_bytes:
            raise TooLargeError(
                f"the request takes about {(self._bytes + size) >> 20} MiB when it is parsed, "
                f"{int(max_bytes) >> 20} MiB are held of all requests"
            )
        self.add(size)

    def release(self) -> None:
        """Set the count to 0. A second call does nothing."""
        if not self._bytes:
            return
        with self._memory.lock:
            self._memory.held_bytes -= self._bytes
            self._bytes = 0
