import numpy as np
import pytest

from tenure.training.families import Rows


def customers(rows=600, seed=0):
    """Numbers, indicators of one three-valued column, and a label that depends on both; a quarter churns."""
    rng = np.random.default_rng(seed)
    tenure_months = rng.integers(0, 72, rows).astype(np.float32)
    spend = rng.uniform(20, 120, rows).astype(np.float32)
    plan = rng.integers(0, 3, rows)
    indicators = np.eye(3, dtype=np.float32)[plan]
    constant = np.ones(rows, dtype=np.float32)
    z = -0.9 - 0.05 * tenure_months + 0.015 * spend + np.array([0.9, -0.5, -1.2])[plan]
    label = (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(np.int8)
    matrix = np.ascontiguousarray(np.column_stack([tenure_months, spend, indicators, constant]), dtype=np.float32)
    return Rows(matrix, label)


@pytest.fixture(scope="session")
def make_customers():
    return customers
