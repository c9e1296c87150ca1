"""Counts of values that the model did not take as they stood: missing, unknown and out of range, as predictions flag
them."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.stats import drop_rare

SHOWN_VALUES = 10
"""Most frequent unknown values that a summary names, of each column."""

Flags = dict[str, NDArray[np.bool_]]


class Flagged(Protocol):
    """A ``Prediction``, or rows as ``Transform.encode`` returns them: masks of rows (n,) by input column."""

    imputed: Flags
    unknown: Flags
    out_of_range: Flags


class InputCounts:
    """Counts over the parts of a run."""

    def __init__(self) -> None:
        self._imputed: Counter[str] = Counter()
        self._out_of_range: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._values: dict[str, Counter[str]] = {}

    def add(self, flagged: Flagged, rows: pa.Table) -> None:
        """Add a part.

        Args:
            flagged: of the rows.
            rows: the inputs, of n rows.
        """
        for counts, masks in ((self._imputed, flagged.imputed), (self._out_of_range, flagged.out_of_range)):
            counts.update({name: int(np.count_nonzero(mask)) for name, mask in masks.items()})
        for name, mask in flagged.unknown.items():
            found = pc.value_counts(rows.column(name).filter(pa.array(mask)))
            values = dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True))
            self._unknown[name] += sum(values.values())
            seen = self._values.setdefault(name, Counter())
            seen.update(values)
            drop_rare(seen)

    def summary(self) -> dict[str, Any]:
        """Rows by column, as in ``summary.json``; of unknown values also the most frequent ones."""
        return {
            "imputed": dict(self._imputed.most_common()),
            "unknown": {
                name: {"rows": rows, "values": dict(self._values[name].most_common(SHOWN_VALUES))}
                for name, rows in self._unknown.most_common()
            },
            "out_of_range": dict(self._out_of_range.most_common()),
        }
