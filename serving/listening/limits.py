"""Limits of a worker's connections, by HTTP or gRPC."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class ConnectionLimits:
    """Limits that apply to every connection of a worker."""

    max_connections: int
    read_timeout_s: float
    """For a request's head, and again for its body."""
    draining: bool = False
    """The server is draining: a connection is closed after its answer."""
