"""Divides customers into bins that fit in memory, by how many rows the hash values of their keys have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HASHES = 4_096
"""Hash values of keys. A customer's rows all have one, and a bin is made of whole hash values."""

Bins = NDArray[np.int16]
"""The bin of each hash value, from 0; shape (HASHES,)."""


def fill_bins(rows: NDArray[np.int64], limit: int) -> Bins:
    """Put hash values into as few bins as hold at most ``limit`` rows each.

    A hash value with more rows than that, as that of a customer with a tenth of all events, has a bin of its own.

    Args:
        rows: of each hash value; shape (HASHES,).
        limit: rows of a bin.
    """
    bins = np.zeros(len(rows), dtype=np.int16)
    number, filled = 0, 0
    for place in np.argsort(-rows, kind="stable").tolist():
        count = int(rows[place])
        if filled and filled + count > limit:
            number, filled = number + 1, 0
        bins[place] = number
        filled += count
    return bins
