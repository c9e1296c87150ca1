"""A circuit breaker: a part that fails repeatedly is not called for a while.

    closed ── failures in a row ──▶ open ── open_s later ──▶ half open ── one trial call succeeds ──▶ closed
                                      ▲                          │
                                      └───── the trial fails ────┘

The pattern is described by M. Nygard, Release It!, 2nd ed., chapter 5.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

CLOSED, HALF_OPEN, OPEN = 0, 1, 2
"""The states, as ``tenure_breaker_state`` shows them."""


class Breaker:
    """A breaker around one part. Its methods may be called from several threads.

    Args:
        failures: number of failures in a row that opens it.
        open_s: seconds until a trial call.
        on_change: called with every new state.
        clock: returns seconds.
    """

    def __init__(
        self,
        failures: int = 5,
        open_s: float = 10.0,
        on_change: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures, self._open_s = failures, open_s
        self._on_change, self._clock = on_change, clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._try_at = 0.0
        self.state = CLOSED
        on_change(CLOSED)

    def allows(self) -> bool:
        """Whether to call the part now; report the outcome by ``succeeded``, ``failed`` or ``undecided``."""
        if self.state == CLOSED:
            return True
        with self._lock:
            now = self._clock()
            # A trial whose outcome is never reported does not keep the breaker open for good.
            if self.state != CLOSED and now < self._try_at:
                return False
            self._try_at = now + self._open_s
            self._change(HALF_OPEN)
            return True

    def succeeded(self) -> None:
        """The part worked."""
        if self._in_a_row == 0 and self.state == CLOSED:
            return
        with self._lock:
            self._in_a_row = 0
            # A success of a call that began before the breaker opened does not close it.
            if self.state == HALF_OPEN:
                self._change(CLOSED)

    def failed(self) -> None:
        """The part failed."""
        with self._lock:
            self._in_a_row += 1
            if self.state == HALF_OPEN or (self.state == CLOSED and self._in_a_row >= self._failures):
                self._try_at = self._clock() + self._open_s
                self._change(OPEN)

    def undecided(self) -> None:
        """The trial's outcome says nothing about the part; the next call is a trial too."""
        if self.state == HALF_OPEN:
            with self._lock:
                self._try_at = self._clock()

    def _change(self, state: int) -> None:
        if state != self.state:
            self.state = state
            self._on_change(state)
