"""When rows are too few to measure a regression on."""

from __future__ import annotations

import numpy as np

from tenure.evaluation.sample import Floats
from tenure.evaluation.slices import MIN_ROWS


def too_few(rows: int) -> str | None:
    """Why so many rows say too little, or nothing if they do not."""
    return f"too small: {rows:,} rows, at least {MIN_ROWS} are needed" if rows < MIN_ROWS else None


def too_small(label: Floats) -> str | None:
    """Why rows with ``label`` (rows,) say too little, or nothing if they do not."""
    if label.size and np.ptp(label) == 0.0:
        return f"all {label.size:,} rows have the same label"
    return too_few(label.size)
