"""When rows are too few to measure a regression on."""

from __future__ import annotations

import numpy as np

from tenure.evaluation.slices import MIN_ROWS
from tenure.tasks.value.evaluation.sample import Floats


def too_few(rows: int) -> str | None:
    """Why so many rows are too few, if they are."""
    return f"too small: {rows:,} rows, at least {MIN_ROWS} are needed" if rows < MIN_ROWS else None


def too_small(label: Floats) -> str | None:
    """Why rows with ``label`` (rows,) are too few or too alike, if they are."""
    if label.size and np.ptp(label) == 0.0:
        return f"all {label.size:,} rows have the same label"
    return too_few(label.size)
