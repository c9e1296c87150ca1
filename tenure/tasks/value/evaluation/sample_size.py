"""When rows are too few to measure a regression on."""

from __future__ import annotations

import numpy as np

from tenure.evaluation.slices import MIN_ROWS
from tenure.stats.clusters import count_customers
from tenure.tasks.value.evaluation.sample import Floats, Ints


def too_few(rows: int, customers: int) -> str | None:
    """Why so many rows, of so many customers, are too few, if they are."""
    if customers >= MIN_ROWS:
        return None
    found = f"{rows:,} rows" if rows == customers else f"{customers:,} customers"
    return f"too small: {found}, at least {MIN_ROWS} are needed"


def too_small(label: Floats, customer: Ints | None = None) -> str | None:
    """Why rows with ``label`` (rows,) are too few or too alike, if they are.

    Args:
        customer: (rows,) of ``tenure.stats.clusters.customers_of``; customers then count, not their rows.
    """
    if label.size and np.ptp(label) == 0.0:
        return f"all {label.size:,} rows have the same label"
    return too_few(label.size, count_customers(customer, np.ones(label.size, dtype=bool)))
