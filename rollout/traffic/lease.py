"""Leader election among controllers by a Lease, as in client-go.

A Lease is taken over when its record has not changed for its whole duration by *this* process's clock: the clocks of
different machines are never compared.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from rollout.traffic.connection import Conflict
from rollout.traffic.inference_service import Document

DURATION_S = 30.0


class Leases(Protocol):
    """Storage of the Lease; ``rollout.traffic.cluster.Cluster`` implements it."""

    def lease(self) -> Document | None: ...

    def write_lease(self, spec: Document, before: Document | None) -> None: ...


class Leadership:
    """Whether this process is the leader.

    Args:
        cluster: where the Lease is.
        clock: monotonic seconds.
    """

    def __init__(self, cluster: Leases, clock: Callable[[], float], duration_s: float = DURATION_S) -> None:
        self.identity = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.holder = ""
        self.duration_s = duration_s
        self._cluster = cluster
        self._clock = clock
        self._seen: tuple[str, str] | None = None
        self._seen_at = 0.0
        self._renewed_at: float | None = None

    def hold(self) -> bool:
        """Take or renew the Lease; returns whether this process holds it now.

        Raises:
            SourceError: the cluster cannot be reached.
        """
        started_at = self._clock()
        lease = self._cluster.lease()
        spec = (lease or {}).get("spec", {})
        self.holder = spec.get("holderIdentity") or ""
        if self.holder not in ("", self.identity) and not self._expired(spec):
            self._renewed_at = None
            return False
        mine = self.holder == self.identity
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        try:
            self._cluster.write_lease(
                {
                    "holderIdentity": self.identity,
                    "leaseDurationSeconds": max(1, round(self.duration_s)),
                    "acquireTime": spec["acquireTime"] if mine and "acquireTime" in spec else now,
                    "renewTime": now,
                    "leaseTransitions": int(spec.get("leaseTransitions", 0)) + (0 if mine or lease is None else 1),
                },
                lease,
            )
        except Conflict:
            self._renewed_at = None
            return False
        self.holder = self.identity
        self._renewed_at = started_at
        return True

    def valid(self) -> bool:
        """Whether enough time is left to write before another process may take over."""
        return self._renewed_at is not None and self._clock() - self._renewed_at < self.duration_s * 2 / 3

    def release(self) -> None:
        """Give the Lease up, so that the next leader need not wait.

        Raises:
            SourceError: the cluster cannot be reached.
        """
        lease = self._cluster.lease()
        held = (lease or {}).get("spec") or {}
        if held.get("holderIdentity") != self.identity:
            return
        spec = {key: value for key, value in held.items() if key != "holderIdentity"}
        try:
            self._cluster.write_lease({**spec, "holderIdentity": "", "leaseDurationSeconds": 1}, lease)
        except Conflict:
            return  # another process holds it already
        finally:
            self._renewed_at = None

    def _expired(self, spec: Document) -> bool:
        record = (self.holder, str(spec.get("renewTime")))
        if record != self._seen:
            self._seen, self._seen_at = record, self._clock()
            return False
        return self._clock() - self._seen_at >= float(spec.get("leaseDurationSeconds", self.duration_s))
