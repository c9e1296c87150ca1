"""For every task a dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import spending

CHURN = """\
name: subscribers
label: {positive: "yes"}
columns:
  subscriber: {type: string, role: key}
  months: {type: integer, unit: months, range: [0, 120]}
  calls: {type: integer, range: [0, null]}
  plan: {type: category, values: [basic, plus]}
  region: {type: category, role: sensitive, values: [north, south]}
  left: {type: category, role: label, values: ["no", "yes"]}
quality: {min_rows: 100}
"""
TINY = spending.CONTRACT.replace("task: regression", "task: tiny")


def subscribers(rows: int = 1_500) -> pa.Table:
    """Who has been there for long seldom leaves; who calls often does."""
    rng = np.random.default_rng(3)
    months, calls, plus = rng.integers(0, 121, rows), rng.poisson(2.0, rows), rng.random(rows) < 0.4
    odds = 0.5 - 0.04 * months + 0.6 * calls - 0.5 * plus
    return pa.table(
        {
            "subscriber": [f"s{row}" for row in range(rows)],
            "months": months,
            "calls": calls,
            "plan": np.where(plus, "plus", "basic"),
            "region": np.where(rng.random(rows) < 0.5, "north", "south"),
            "left": np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no"),
        }
    )


@dataclass(frozen=True)
class Case:
    """A dataset of one task, and a family that is quick to fit."""

    contract: str
    table: Callable[[], pa.Table]
    family: str


CASES = {
    "classification": Case(CHURN, subscribers, "logistic_regression"),
    "regression": Case(spending.CONTRACT, lambda: spending.table(3_000), "linear_regression"),
    "tiny": Case(
        spending.CONTRACT.replace("task: regression", "task: tiny"), lambda: spending.table(3_000), "linear_regression"
    ),
}
"""By task; ``tiny`` is one of the tests alone."""
