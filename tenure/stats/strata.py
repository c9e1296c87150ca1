"""Strata of a number: what a division of rows keeps the shares of where there are no classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_STRATA = 10


def stratify(values: NDArray[np.float64], least: int) -> NDArray[np.int64]:
    """Quantile bins, from 0; shape (n,).

    As many as ``MAX_STRATA``; fewer where one would have fewer than ``least`` values, as when many of them are equal.

    Args:
        values: finite, shape (n,).
    """
    count = max(1, min(MAX_STRATA, len(values) // max(1, least)))
    edges = np.unique(np.quantile(values, np.arange(1, count) / count, method="lower")) if count > 1 else np.empty(0)
    while True:
        codes = np.searchsorted(edges, values, side="left")
        rows = np.bincount(codes, minlength=len(edges) + 1)
        small = int(np.argmin(rows))
        if not len(edges) or rows[small] >= least:
            return codes
        # Joined with the smaller of its neighbours.
        above = small < len(edges) and (small == 0 or rows[small + 1] <= rows[small - 1])
        edges = np.delete(edges, small if above else small - 1)
