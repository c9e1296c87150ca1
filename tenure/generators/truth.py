"""What is true of customers at the cuts, beside the tables: how well a model could do at best.

``truth.parquet`` has a row for each customer present at a cut; ``truth.json`` sums it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.business import CUT, Business, Simulated, Truth

TABLE_FILE = "truth.parquet"
BINS = 1 << 16
"""Probabilities are counted in so many bins of equal width: the ROC-AUC in bounded memory, to about four decimals."""


def truth_table(business: Business, simulated: Simulated, size: int) -> pa.Table:
    """The rows of ``truth.parquet`` of a block's first ``size`` customers, by customer and cut."""
    parts = [_part(business, simulated, truth, size) for truth in simulated.truths]
    owners = np.concatenate([truth.owner[truth.owner < size] for truth in simulated.truths])
    return pa.concat_tables(parts).take(pa.array(np.argsort(owners, kind="stable")))


def _part(business: Business, simulated: Simulated, truth: Truth, size: int) -> pa.Table:
    inside = truth.owner < size
    cut = np.full(int(inside.sum()), business.days.starts[truth.cut])
    columns: dict[str, Any] = {
        business.key: simulated.keys.take(pa.array(truth.owner[inside])),
        CUT: pa.array(cut, pa.timestamp("us", tz="UTC")),
        "label": pa.array(truth.label[inside], pa.int8()),
        "probability": pa.array(truth.probability[inside], pa.float64()),
        **{name: pa.array(values[inside], pa.float64()) for name, values in truth.columns.items()},
    }
    if truth.expected is not None and truth.value is not None:
        columns["expected"] = pa.array(truth.expected[inside], pa.float64())
        columns["value"] = pa.array(truth.value[inside], pa.float64())
    return pa.table(columns)


@dataclass
class Score:
    """How well the true probability orders the labels, and the true expectation explains the values."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, BINS), dtype=np.int64))
    """Rows by label and bin of the probability."""
    probability: float = 0.0
    """Sum of the probabilities."""
    moments: NDArray[np.float64] = field(default_factory=lambda: np.zeros(4))
    """Of values: number, sum, sum of squares, sum of squared errors of the expectation."""

    def add(self, truth: Truth, size: int) -> None:
        """Count the rows of customers whose position is below ``size``."""
        inside = truth.owner < size
        probability, label = truth.probability[inside], truth.label[inside]
        bins = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
        np.add.at(self.counts, (label, bins), 1)
        self.probability += float(probability.sum())
        if truth.expected is not None and truth.value is not None:
            value, expected = truth.value[inside], truth.expected[inside]
            self.moments += [value.size, value.sum(), (value**2).sum(), ((value - expected) ** 2).sum()]

    @property
    def roc_auc(self) -> float | None:
        """Of the true probability against the labels (Mann & Whitney 1947, ties half); None with a single class."""
        stayed, left = self.counts
        pairs = int(stayed.sum()) * int(left.sum())
        if not pairs:
            return None
        below = np.cumsum(stayed) - stayed
        return float((left * (below + stayed / 2)).sum() / pairs)

    def summary(self) -> dict[str, Any]:
        """For ``truth.json``."""
        rows, labels = int(self.counts.sum()), int(self.counts[1].sum())
        found: dict[str, Any] = {
            "rows": rows,
            "label_rate": labels / rows if rows else None,
            "mean_probability": self.probability / rows if rows else None,
            "best_roc_auc": self.roc_auc,
        }
        count, total, squares, errors = self.moments
        if count:
            spread = squares - total**2 / count
            found |= {"mean_value": total / count, "best_r2": 1 - errors / spread if spread else None}
        return found
