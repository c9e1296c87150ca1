"""Limits of a worker's connections, by HTTP or gRPC."""

from __future__ import annotations

from dataclasses import dataclass

HEADER_FIELD_BYTES = 32
"""Counted for every field of a head besides its name and value (RFC 9113, section 10.5.1)."""
MAX_HEAD_BYTES = 64 * 1024
"""Limit for a request's head: its names and values, decoded, and ``HEADER_FIELD_BYTES`` for each field."""
MAX_HEADER_FIELDS = 100
MAX_URL_BYTES = 8 * 1024


@dataclass
class ConnectionLimits:
    """Limits that apply to every connection of a worker."""

    max_connections: int
    read_timeout_s: float
    """For a request's head, and again for its body."""
    draining: bool = False
    """The server is draining: a connection is closed after its answer."""
