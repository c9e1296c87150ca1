"""When rows are too few to measure a classification on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.evaluation.slices import MIN_ROWS
from tenure.stats.clusters import Ints, count_customers

MIN_OF_EACH_CLASS = 10
"""With fewer churners (or stayers) a percentile interval covers far less often than it claims."""


def too_small(label: NDArray[np.integer], customer: Ints | None = None) -> str | None:
    """Why rows with ``label`` (rows,) are too few, if they are.

    Args:
        customer: (rows,) of ``tenure.stats.clusters.customers_of``; customers then count, not their rows. One with rows
            of both classes is a churner and a stayer.
    """
    churners, stayers = (count_customers(customer, label == kind) for kind in (1, 0))
    units, what = count_customers(customer, label >= 0), "rows" if customer is None else "customers"
    if units < MIN_ROWS:
        return f"too small: {units} {what}, at least {MIN_ROWS} are needed"
    if min(churners, stayers) < MIN_OF_EACH_CLASS:
        few, who = (churners, "churners") if churners < stayers else (stayers, "stayers")
        return f"too small: {few} {who} among {units} {what}, at least {MIN_OF_EACH_CLASS} are needed"
    return None
