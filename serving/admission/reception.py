"""How many bytes of request bodies a worker holds.

Every body has its limit, and so has the number of connections; their product is more memory than there is. What came
counts, not what a client announces: a header alone can take nobody's place.
"""

from __future__ import annotations

import math

_RETRY_AFTER_S = 1.0


class Reception:
    """All bodies of a worker together, from their first byte until they are answered.

    Args:
        max_bytes: held at a time.
    """

    __slots__ = ("_max_bytes", "held_bytes")

    def __init__(self, max_bytes: float = math.inf) -> None:
        self._max_bytes = max_bytes
        self.held_bytes = 0

    def begin(self) -> Held:
        """A body is expected."""
        return Held(self)

    def has_room(self, size: int) -> bool:
        """Whether so many bytes more may be held."""
        return self.held_bytes + size <= self._max_bytes


class Held:
    """What is held of one body."""

    __slots__ = ("_bytes", "_reception")

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._bytes = 0

    def add(self, size: int) -> None:
        """Bytes that came.

        Raises:
            OverloadedError: there is no room for them; they are not counted.
        """
        if not self._reception.has_room(size):
            # It names a status of gRPC's, which is loaded when the command line has been read.
            from serving.admission.refusal import OverloadedError

            raise OverloadedError("the server holds as much of other requests as it may", _RETRY_AFTER_S)
        self._reception.held_bytes += size
        self._bytes += size

    def release(self) -> None:
        """The body is not needed any more. A second call changes nothing."""
        self._reception.held_bytes -= self._bytes
        self._bytes = 0
