"""A rate limit for each client, shared by all workers.

A token bucket in the form of the generic cell rate algorithm (ITU-T I.371, virtual scheduling): a client's state is
one time, at which its bucket will be full again. The times are in memory that forked workers share, without a lock, so
that a worker that dies leaves none locked; two simultaneous requests in two workers may count as one.
"""

from __future__ import annotations

import hashlib
import mmap
import time
from collections.abc import Callable

_SLOTS = 8192
"""Clients remembered, of those whose buckets are not full."""
_PROBES = 8


class RateLimit:
    """A limit of ``per_minute`` requests a minute for each client, of which ``burst`` may arrive at once.

    Args:
        burst: size of the bucket; ``per_minute`` if not given.
        clock: returns seconds, the same in all processes that share the limit.
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
        """Take a token from the client's bucket; returns 0, or the seconds until there is one."""
        now = self._clock()
        slot, full_at = self._find(client, now)
        wait_s = full_at - self._depth_s - now
        if wait_s > 0.0:
            return wait_s
        self._full_at[slot] = max(full_at, now) + self._interval_s
        return 0.0

    def _find(self, client: str, now: float) -> tuple[int, float]:
        """The client's slot and time; a new client takes the slot of the fullest bucket among its probes."""
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
