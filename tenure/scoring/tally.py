"""Counts of a scoring run: bands, contacts, distribution of the scores, and the customers with the highest ones."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BINS = 20
"""Bins of the histogram, equally wide; scores outside its limits are counted in the outermost bins."""


class Tally:
    """Counts over the parts of a run.

    Args:
        top: number of customers with the highest scores to keep.
        score: column that customers are ranked by: ``probability`` or ``value``.
        limits: ends of the histogram.
    """

    def __init__(self, top: int, score: str, limits: tuple[float, float]) -> None:
        self._score = score
        self._limits = limits
        self.rows = 0
        self.contacts = 0
        self._top = top
        self._total = 0.0
        self._bands: Counter[str] = Counter()
        self._histogram = np.zeros(BINS, dtype=np.int64)
        self._highest_scores = np.empty(0)
        self._highest: pa.Table | None = None

    def add(self, scored: pa.Table, customers: pa.Table) -> None:
        """Add a part.

        Args:
            scored: columns ``score``, ``decision`` and ``band``.
            customers: the inputs of the same rows.
        """
        score = scored.column(self._score).to_numpy()
        self.rows += len(score)
        self._total += float(score.sum())
        self.contacts += pc.sum(pc.cast(scored.column("decision"), pa.int64())).as_py() or 0
        self._bands.update(scored.column("band").to_pylist())
        self._histogram += np.histogram(np.clip(score, *self._limits), bins=BINS, range=self._limits)[0]
        scores = np.concatenate([self._highest_scores, score])
        order = np.argsort(-scores, kind="stable")[: self._top]
        kept = customers if self._highest is None else pa.concat_tables([self._highest, customers])
        self._highest_scores, self._highest = scores[order], kept.take(order)

    @property
    def highest(self) -> pa.Table:
        """The customers with the highest scores in descending order; ties keep the table's order.

        Raises:
            ValueError: no part was added.
        """
        if self._highest is None:
            raise ValueError("no part was added")
        return self._highest

    def summary(self) -> dict[str, Any]:
        """Rows, contacts, mean score, rows by band and the histogram, as in ``summary.json``."""
        return {
            "rows": self.rows,
            "contacts": self.contacts,
            f"mean_{self._score}": self._total / self.rows,
            "bands": dict(self._bands.most_common()),
            "histogram": {"bins": BINS, "ends": list(self._limits), "counts": self._histogram.tolist()},
        }
