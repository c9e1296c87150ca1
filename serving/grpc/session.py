"""An open call of a streaming method, on either server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from serving.inference.failures import Failure

Send = Callable[[bytes], None]
"""Sends a message."""
End = Callable[[Failure | None], None]
"""Ends the call: with an error, or successfully."""


class Session(Protocol):
    """Called on the event loop with what the client does; it answers by ``Send`` and ``End``."""

    def receive(self, message: bytes) -> None:
        """A message arrived.

        Raises:
            Exception: the error that ends the call.
        """

    def half_close(self) -> None:
        """The client sends no more messages.

        Raises:
            Exception: the error that ends the call.
        """

    def close(self) -> None:
        """The call is over: nothing is sent any more."""


OpenSession = Callable[[Send, End], Session]
