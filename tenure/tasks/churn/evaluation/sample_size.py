"""When rows are too few to measure a classification on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.evaluation.slices import MIN_ROWS

MIN_OF_EACH_CLASS = 10
"""With fewer churners (or stayers) a percentile interval covers far less often than it claims."""


def too_small(label: NDArray[np.integer]) -> str | None:
    """Why rows with ``label`` (rows,) are too few, if they are."""
    churners = int(label.sum())
    stayers = label.size - churners
    if label.size < MIN_ROWS:
        return f"too small: {label.size} rows, at least {MIN_ROWS} are needed"
    if min(churners, stayers) < MIN_OF_EACH_CLASS:
        few, who = (churners, "churners") if churners < stayers else (stayers, "stayers")
        return f"too small: {few} {who} among {label.size} rows, at least {MIN_OF_EACH_CLASS} are needed"
    return None
