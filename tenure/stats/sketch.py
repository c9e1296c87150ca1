"""Summary of a table's columns, updated batch by batch: a sample, counts, extremes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract import Column

SAMPLE_ROWS = 100_000
"""Rows of the sample. A share of so many has a standard error of at most 0.16 %."""
SEED = 20_240_601
MAX_VALUES = 20_000
"""Distinct values counted for a column; past it the rarest half is dropped."""


class Sketch:
    """Columns of a table of any length in memory of fixed size.

    Numbers: a uniform sample of rows (all of them up to ``SAMPLE_ROWS``), exact extremes, sum and missing count.
    Texts and booleans: exact counts up to ``MAX_VALUES`` distinct ones. Dates: extremes and missing count.
    The sizes of the batches make no difference.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = dict(columns)
        self.rows = 0
        self.missing: Counter[str] = Counter()
        self.sums: Counter[str] = Counter()
        self.lows: dict[str, Any] = {}
        self.highs: dict[str, Any] = {}
        self._texts: dict[str, Counter[str]] = {n: Counter() for n, c in columns.items() if _is_counted(c)}
        self._numbers = [n for n, c in columns.items() if c.type in ("integer", "number")]
        self._ranks = np.zeros(0)
        """Of the rows in the sample; drawn only once there are more rows than it holds."""
        self._sample = np.zeros((0, len(self._numbers)))

    def add(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a parsed batch; columns that are not the sketch's are ignored."""
        self.rows += batch.num_rows
        for name, column in self.columns.items():
            values = batch.column(name)
            self.missing[name] += values.null_count
            if _is_counted(column):
                self._count(name, values)
            else:
                self._extremes(name, values, column.type in ("integer", "number"))
        self._take_sample(batch)

    @cached_property
    def _random(self) -> np.random.Generator:
        # Most tables need none, and importing numpy.random takes longer than checking them.
        return np.random.default_rng(SEED)

    @property
    def sample_rows(self) -> int:
        """Number of rows in the sample of numbers."""
        return min(self.rows, SAMPLE_ROWS)

    def numbers(self, name: str) -> np.ndarray:
        """The sampled numbers of a column; float64 (at most ``SAMPLE_ROWS``,), NaN where missing."""
        self._shrink(SAMPLE_ROWS)
        return self._sample[:, self._numbers.index(name)]

    def texts(self, name: str) -> Counter[str]:
        """Number of rows by text of a column; booleans are ``false`` and ``true``."""
        return self._texts[name]

    def _count(self, name: str, values: pa.Array) -> None:
        counter = self._texts[name]
        for entry in pc.value_counts(values.drop_null()):
            value = entry["values"].as_py()
            counter[("true" if value else "false") if isinstance(value, bool) else value] += entry["counts"].as_py()
        drop_rare(counter)

    def _extremes(self, name: str, values: pa.Array, is_number: bool) -> None:
        found = pc.min_max(values)
        low, high = found["min"].as_py(), found["max"].as_py()
        if low is None:
            return
        self.lows[name] = min(low, self.lows.get(name, low))
        self.highs[name] = max(high, self.highs.get(name, high))
        if is_number:
            self.sums[name] += pc.sum(pc.cast(values, pa.float64(), safe=False)).as_py()

    def _take_sample(self, batch: pa.RecordBatch) -> None:
        rows = np.arange(batch.num_rows)
        if self.rows > SAMPLE_ROWS:
            # The rows with the smallest random ranks are a uniform sample, whatever the sizes of the batches.
            if len(self._ranks) < len(self._sample):
                self._ranks = self._random.random(len(self._sample))
            ranks = self._random.random(batch.num_rows)
            rows = np.flatnonzero(ranks <= self._worst())
            self._ranks = np.concatenate([self._ranks, ranks[rows]])
        taken = np.empty((len(rows), len(self._numbers)))
        for place, name in enumerate(self._numbers):
            numbers = pc.cast(batch.column(name), pa.float64(), safe=False)
            taken[:, place] = pc.fill_null(numbers, np.nan).to_numpy(zero_copy_only=False)[rows]
        self._sample = np.concatenate([self._sample, taken])
        if len(self._ranks) > 2 * SAMPLE_ROWS:
            self._shrink(SAMPLE_ROWS)

    def _worst(self) -> float:
        return float(self._ranks.max()) if len(self._ranks) >= SAMPLE_ROWS else 1.0

    def _shrink(self, size: int) -> None:
        if len(self._ranks) > size:
            kept = np.sort(np.argpartition(self._ranks, size)[:size])
            self._ranks, self._sample = self._ranks[kept], self._sample[kept]


def drop_rare(counter: Counter[Any]) -> None:
    """Drop the rarest values past ``MAX_VALUES`` distinct ones, down to half as many."""
    if len(counter) > MAX_VALUES:
        kept = dict(counter.most_common(MAX_VALUES // 2))
        counter.clear()
        counter.update(kept)


def _is_counted(column: Column) -> bool:
    return column.is_text or column.type == "boolean"
