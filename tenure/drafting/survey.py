"""Surveys a table's columns: types, distinct values, ranges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.checks.hashing import hash_rows
from tenure.parsing import moments, numerals, words
from tenure.parsing.lenient import flags, keep, matches, valid
from tenure.sources.protocol import Batch

Kind = Literal["integer", "number", "date", "timestamp", "text"]

NO_NUMBER = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "nan", "NaN", "?", "-", ".")
"""Texts that usually mean a missing number or date."""
NO_TEXT = ("N/A", "#N/A", "NULL", "null", "nan", "NaN", "?")
"""Texts that usually mean a missing text; 'None' and 'NA' may be values."""
FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%d %b %Y")
MAX_VALUES = 1_000
"""Distinct texts that are counted per column."""
MAX_ODD = 3
"""Distinct texts in a column of numbers that are taken for missing values."""
MAX_ODD_SHARE = 0.10


class ColumnSurvey:
    """One column: kinds that all of its values allow, counts of values, extremes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = 0
        self.blank = 0
        self.values: Counter[str] = Counter()
        self.has_many_values = False
        self.odd: Counter[str] = Counter()
        """Texts that are not numbers."""
        self.low: float | None = None
        self.high: float | None = None
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._numeric, self._whole, self._day = True, True, True
        self._forms: set[str | None] = {None, *FORMATS}
        self._hashes: list[np.ndarray] | None = []

    def add(self, column: pa.Array) -> None:
        text, _ = words.texts(words.plain(column, self.name))
        text = keep(text, ~flags(pc.equal(text, "")))
        self.rows += len(text)
        self.blank += text.null_count
        present = text.drop_null()
        if not len(present):
            return
        self._count(present)
        self._look_for_repeats(present)
        usual = present.filter(pa.array(~flags(pc.is_in(present, pa.array(NO_NUMBER)))))
        if len(usual):
            self._try_numbers(usual)
            self._try_moments(usual)

    @property
    def kind(self) -> Kind:
        """The narrowest kind that all values have."""
        if self._numeric and self.low is not None and sum(self.odd.values()) <= MAX_ODD_SHARE * self.rows:
            return "integer" if self._whole else "number"
        if self._forms and self.first is not None:
            return "date" if self._day else "timestamp"
        return "text"

    @property
    def format(self) -> str | None:
        """``strptime`` format of the dates; None for ISO 8601."""
        return None if None in self._forms else next((form for form in FORMATS if form in self._forms), None)

    @property
    def missing_texts(self) -> list[str]:
        """Texts in the column that mean a missing value."""
        if self.kind == "text":
            return [text for text in NO_TEXT if text in self.values]
        known = [text for text in NO_NUMBER if self.values[text]]
        return known if self.kind in ("date", "timestamp") else known + list(self.odd)

    @property
    def missing(self) -> int:
        return self.blank + sum(self.odd[text] or self.values[text] for text in self.missing_texts)

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value and all values differ (by 64-bit hashes)."""
        if self._hashes is None or self.missing or not self.rows:
            return False
        hashes = np.concatenate(self._hashes)
        return len(np.unique(hashes)) == len(hashes)

    def levels(self) -> list[str]:
        """The distinct values in alphabetical order, for a column without too many."""
        missing = set(self.missing_texts)
        return sorted(text for text in self.values if text not in missing)

    def _count(self, present: pa.Array) -> None:
        if self.has_many_values:
            # Texts that mean a missing value are still counted.
            present = present.filter(pc.is_in(present, pa.array(NO_NUMBER)))
        for entry in pc.value_counts(present):
            self.values[entry["values"].as_py()] += entry["counts"].as_py()
        if len(self.values) > MAX_VALUES:
            self.has_many_values = True
            self.values = Counter({text: self.values[text] for text in NO_NUMBER if self.values[text]})

    def _look_for_repeats(self, present: pa.Array) -> None:
        if self._hashes is None:
            return
        hashes = hash_rows([present])
        self._hashes.append(hashes)
        if len(np.unique(hashes)) < len(hashes):
            self._hashes = None

    def _try_numbers(self, usual: pa.Array) -> None:
        if not self._numeric:
            return
        found = numerals.floats(usual)
        # 007 is a code, not a number.
        wrong = found.wrong | found.infinite | matches(usual, r"^0[0-9]")
        for text in usual.filter(pa.array(wrong)).to_pylist():
            self.odd[text] += 1
            if len(self.odd) > MAX_ODD:
                self._numeric = False
                return
        numbers = found.values.filter(pa.array(~wrong & valid(found.values))).to_numpy()
        if len(numbers):
            self._whole = self._whole and bool(np.all(numbers == np.floor(numbers)))
            self.low = min(float(numbers.min()), self.low if self.low is not None else np.inf)
            self.high = max(float(numbers.max()), self.high if self.high is not None else -np.inf)

    def _try_moments(self, usual: pa.Array) -> None:
        # The first rows rule out most formats at little cost.
        for some in (usual.slice(0, 20), usual):
            self._forms = {form for form in self._forms if not moments.timestamps(some, form).null_count}
        if not self._forms:
            return
        found = moments.timestamps(usual, self.format)
        extremes = pc.min_max(found)
        low, high = extremes["min"].as_py(), extremes["max"].as_py()
        self.first = low if self.first is None else min(low, self.first)
        self.last = high if self.last is None else max(high, self.last)
        days = pc.cast(moments.dates(usual, self.format), pa.timestamp("us"))
        self._day = self._day and bool(pc.all(pc.equal(days, found)).as_py())


def survey(batches: Iterable[Batch], names: list[str]) -> list[ColumnSurvey]:
    """Survey all columns of a table in one pass. Needs 8 bytes of memory per row for each column that may be unique.

    Raises:
        DataError, SourceError: as ``Source.batches``.
    """
    columns = [ColumnSurvey(name) for name in names]
    for batch in batches:
        for place, column in enumerate(columns):
            column.add(batch.columns.column(place))
    return columns
