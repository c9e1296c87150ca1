"""How large compressed content may become: the limit of HTTP's content codings and of gRPC's compression."""

from __future__ import annotations

ANY_RATIO_BYTES = 8 * 1024 * 1024
MAX_RATIO = 100
"""Above 8 MiB, content may have so many times its compressed size: customers' rows have up to 30 times, bombs 1,000."""


def max_inflated(compressed: int) -> int:
    """The bytes that content of ``compressed`` bytes may have when it is inflated."""
    return max(ANY_RATIO_BYTES, MAX_RATIO * compressed)
