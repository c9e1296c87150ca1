"""What a scoring run counts: bands, contacts, how the probabilities are distributed, and who is most at risk."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BINS = 20
"""Of probabilities, equally wide."""


class Tally:
    """Counts over scored parts, in their order."""

    def __init__(self, top: int) -> None:
        self.rows = 0
        self.contacts = 0
        self._top = top
        self._total = 0.0
        self._bands: Counter[str] = Counter()
        self._histogram = np.zeros(BINS, dtype=np.int64)
        self._riskiest: pa.Table | None = None

    def add(self, scored: pa.Table, customers: pa.Table) -> None:
        """Count a part.

        Args:
            scored: ``probability``, ``decision``, ``band`` a row.
            customers: the same rows as the model takes them.
        """
        probability = scored.column("probability").to_numpy()
        self.rows += len(probability)
        self._total += float(probability.sum())
        self.contacts += pc.sum(pc.cast(scored.column("decision"), pa.int64())).as_py() or 0
        self._bands.update(scored.column("band").to_pylist())
        self._histogram += np.histogram(probability, bins=BINS, range=(0.0, 1.0))[0]
        both = customers.append_column("probability", pa.array(probability))
        kept = both if self._riskiest is None else pa.concat_tables([self._riskiest, both])
        order = np.argsort(-kept.column("probability").to_numpy(), kind="stable")[: self._top]
        self._riskiest = kept.take(order)

    @property
    def riskiest(self) -> pa.Table:
        """The customers with the highest probabilities, the highest first; equal ones in the table's order."""
        assert self._riskiest is not None  # noqa: S101 nobody asks before a part was added
        return self._riskiest.drop_columns(["probability"])

    def summary(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "contacts": self.contacts,
            "mean_probability": self._total / self.rows,
            "bands": dict(self._bands.most_common()),
            "histogram": {"bins": BINS, "counts": self._histogram.tolist()},
        }
