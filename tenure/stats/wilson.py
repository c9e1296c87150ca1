"""The interval of a share (Wilson 1927)."""

from __future__ import annotations

import math

Z_95 = 1.959963984540054


def wilson(rate: float, rows: float) -> tuple[float, float]:
    """The 95 % interval of a share that was ``rate`` among ``rows``, at least one; of rows that are alike the effective
    number (``tenure.stats.clusters.effective_rows``)."""
    centre = (rate + Z_95**2 / (2 * rows)) / (1 + Z_95**2 / rows)
    half = Z_95 / (1 + Z_95**2 / rows) * math.sqrt(rate * (1 - rate) / rows + Z_95**2 / (4 * rows**2))
    return max(0.0, centre - half), min(1.0, centre + half)
