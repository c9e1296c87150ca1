"""A limit on how often each client asks, kept by all workers together.

The token bucket in the form of the generic cell rate algorithm (ITU-T I.371, virtual scheduling): a client's whole
state is one time, at which its bucket will be full again. It lies in memory that forked workers share, without a lock:
two requests of one client at the very same moment in two workers may count as one, which a rate can bear, and no
worker that dies can leave a lock behind.
"""

from __future__ import annotations

import hashlib
import mmap
import time
from collections.abc import Callable

_SLOTS = 8192
"""Clients remembered at once, of those whose buckets are not full."""
_PROBES = 8


class RateLimit:
    """``per_minute`` requests a minute for each client, of which ``burst`` may come at once.

    Args:
        burst: size of the bucket; ``per_minute`` if not given.
        clock: seconds, the same for all processes that share the limit.
    """

    def __init__(
        self, per_minute: float, burst: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval_s = 60.0 / per_minute
        self._depth_s = self._interval_s * ((burst or per_minute) - 1)
        self._clock = clock
        shared = memoryview(mmap.mmap(-1, _SLOTS * 16))
        self._tags = shared[: _SLOTS * 8].cast("Q")
        self._full_at = shared[_SLOTS * 8 :].cast("d")

    def wait_s(self, client: str) -> float:
        """Take a token of this client's: 0 if there was one, else the seconds until there is."""
        now = self._clock()
        slot, full_at = self._find(client, now)
        wait_s = full_at - self._depth_s - now
        if wait_s > 0.0:
            return wait_s
        self._full_at[slot] = max(full_at, now) + self._interval_s
        return 0.0

    def _find(self, client: str, now: float) -> tuple[int, float]:
        """The client's slot and time; a new one's is a slot that says nothing any more, or what says least."""
        tag = int.from_bytes(hashlib.blake2b(client.encode(), digest_size=8).digest(), "little") or 1
        least, least_full_at = 0, float("inf")
        for step in range(_PROBES):
            slot = (tag + step) % _SLOTS
            full_at = self._full_at[slot]
            if self._tags[slot] == tag:
                return slot, full_at
            if full_at < least_full_at:
                least, least_full_at = slot, full_at
        self._tags[least] = tag
        self._full_at[least] = now
        return least, now
