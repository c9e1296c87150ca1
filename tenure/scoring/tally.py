"""What a scoring run counts: bands, contacts, how the scores are distributed, and who has the highest ones."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BINS = 20
"""Of scores, equally wide; what is beyond the ends counts to the outermost."""


class Tally:
    """Counts over scored parts, in their order.

    Args:
        top: how many customers to keep.
        score: name of the column that customers are ranked by: ``probability``, or ``value``.
        ends: of the histogram.
    """

    def __init__(self, top: int, score: str, ends: tuple[float, float]) -> None:
        self._score = score
        self._ends = ends
        self.rows = 0
        self.contacts = 0
        self._top = top
        self._total = 0.0
        self._bands: Counter[str] = Counter()
        self._histogram = np.zeros(BINS, dtype=np.int64)
        self._highest = np.empty(0)
        self._riskiest: pa.Table | None = None

    def add(self, scored: pa.Table, customers: pa.Table) -> None:
        """Count a part.

        Args:
            scored: the score, ``decision``, ``band`` a row.
            customers: the same rows as the model takes them.
        """
        score = scored.column(self._score).to_numpy()
        self.rows += len(score)
        self._total += float(score.sum())
        self.contacts += pc.sum(pc.cast(scored.column("decision"), pa.int64())).as_py() or 0
        self._bands.update(scored.column("band").to_pylist())
        self._histogram += np.histogram(np.clip(score, *self._ends), bins=BINS, range=self._ends)[0]
        scores = np.concatenate([self._highest, score])
        order = np.argsort(-scores, kind="stable")[: self._top]
        kept = customers if self._riskiest is None else pa.concat_tables([self._riskiest, customers])
        self._highest, self._riskiest = scores[order], kept.take(order)

    @property
    def riskiest(self) -> pa.Table:
        """The customers with the highest scores, the highest first; equal ones in the table's order."""
        assert self._riskiest is not None  # noqa: S101 nobody asks before a part was added
        return self._riskiest

    def summary(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "contacts": self.contacts,
            f"mean_{self._score}": self._total / self.rows,
            "bands": dict(self._bands.most_common()),
            "histogram": {"bins": BINS, "ends": list(self._ends), "counts": self._histogram.tolist()},
        }
