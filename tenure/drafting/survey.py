"""Surveys a table's columns: types, distinct values, ranges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract.columns import NumberFormat
from tenure.drafting import missing, names, sentinels
from tenure.drafting.formats import MAX_ODD, find_moments, find_numbers
from tenure.drafting.uniqueness import DistinctValues
from tenure.parsing import moments, numerals, words
from tenure.parsing.lenient import flags, keep, matches, valid
from tenure.parsing.moment_formats import FoundMomentFormat
from tenure.parsing.number_formats import FoundNumberFormat, may_be_number
from tenure.sources.protocol import Batch

Kind = Literal["integer", "number", "date", "timestamp", "text"]

MAX_VALUES = 1_000
"""Distinct texts that are counted per column."""
MAX_ODD_SHARE = 0.10
MIN_CODE_SHARE = 0.001
"""Share of texts such as 007 from which a column holds codes, not numbers."""
LARGEST_EXACT = 2.0**53
Find = Callable[[Sequence[str]], FoundNumberFormat | FoundMomentFormat | None]
FIRST_ROWS = 20


class ColumnSurvey:
    """One column: what its texts are, counts of values, extremes.

    A column is read as numbers or dates in the format that its first texts show. Where later ones contradict it,
    ``is_contradicted`` is True, and the column has to be read again with the ``evidence`` of both.
    """

    def __init__(self, name: str, evidence: Sequence[str] = ()) -> None:
        self.name = name
        self.identified = names.identified(name)
        self.rows = 0
        self.blank = 0
        self.unreadable = 0
        """Values that no text column can hold: not UTF-8, or with a NUL character."""
        self.infinite = 0
        """Infinite numbers of a typed column."""
        self.longest = 0
        """Bytes of the longest text."""
        self.values: Counter[str] = Counter()
        self.has_many_values = False
        self.odd: Counter[str] = Counter()
        """Texts that are not of the column's kind."""
        self.low: float | None = None
        self.high: float | None = None
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.rest: tuple[float, float] | None = None
        """Lowest and highest number that is no sentinel."""
        self.sentinels: Counter[float] = Counter()
        self.is_contradicted = False
        self.evidence = list(evidence)
        """Texts that show the format; at most ``MAX_VALUES``."""
        self.numbers: FoundNumberFormat | None = None
        self.moments: FoundMomentFormat | None = None
        self._started = False
        self._whole, self._day, self._beyond = True, True, False
        self._codes = 0
        self._distinct: DistinctValues | None = None

    def add(self, column: pa.Array) -> None:
        plain = words.plain(column, self.name)
        text, broken = words.texts(plain)
        text = keep(text, ~flags(pc.equal(text, "")))
        self.rows += len(text)
        self.blank += text.null_count
        present = text.drop_null()
        self.unreadable += int(broken.sum())
        if len(present):
            self._add_present(present, plain)
        if self._distinct is not None:
            self._distinct.add(text)

    def _add_present(self, present: pa.Array, plain: pa.Array) -> None:
        if pa.types.is_floating(plain.type):
            self.infinite += int(flags(pc.is_inf(plain)).sum())
        if not pa.types.is_primitive(plain.type):
            self.unreadable += int(flags(pc.match_substring(present, "\0")).sum())
        self.longest = max(self.longest, pc.max(pc.binary_length(present)).as_py())
        self._count(present)
        usual = present.filter(pa.array(~flags(pc.is_in(present, pa.array(missing.IN_NUMBERS)))))
        if not len(usual):
            return
        if not self._started:
            self._start(usual)
        if self.numbers is not None:
            self._add_numbers(usual)
        elif self.moments is not None:
            self._add_moments(usual)

    @property
    def kind(self) -> Kind:
        """The narrowest kind that all values have, but for a few that stand for missing ones."""
        if sum(self.odd.values()) > MAX_ODD_SHARE * self.rows:
            return "text"
        if self.numbers is not None and self.low is not None and not self._is_code:
            return "integer" if self._whole and not self._beyond else "number"
        if self.moments is not None and self.first is not None:
            return "date" if self._day else "timestamp"
        return "text"

    @property
    def is_whole(self) -> bool:
        """Whether the column holds whole numbers, of any size."""
        return self.kind in ("integer", "number") and self._whole

    @property
    def is_beyond_64_bits(self) -> bool:
        """Whether a whole number is too large for an ``integer`` column."""
        return self.is_whole and self._beyond

    @property
    def format(self) -> str | NumberFormat | None:
        """``format`` of the column in a contract."""
        if self.kind in ("integer", "number"):
            return None if self.numbers is None else self.numbers.format
        return self.moments.format if self.kind in ("date", "timestamp") and self.moments is not None else None

    @property
    def missing_texts(self) -> list[str]:
        """Texts in the column that mean a missing value."""
        known = missing.ALWAYS if self.kind == "text" else missing.IN_NUMBERS
        found = [text for text in known if self.values[text]]
        return found if self.kind == "text" else found + list(self.odd)

    @property
    def missing(self) -> int:
        return self.blank + sum(self.odd[text] or self.values[text] for text in self.missing_texts)

    @property
    def known(self) -> int:
        """Values that are not missing."""
        return self.rows - self.missing

    @property
    def distinct(self) -> int | None:
        """Distinct values (by 64-bit hashes where there are many); None if there are many, with many repeats."""
        if not self.has_many_values:
            return len(self.levels())
        found = None if self._distinct is None else self._distinct.count(self.blank)
        return None if found is None else found - sum(1 for text in self.missing_texts if self.values[text])

    @property
    def repeats(self) -> int | None:
        """Values that repeat an earlier one; None as for ``distinct``."""
        return None if self.distinct is None else self.known - self.distinct

    @property
    def row_hashes(self) -> np.ndarray | None:
        """Hash of each row's value, of an identifier or a period by its name, or a date; uint64, shape (rows,)."""
        found = None if self._distinct is None else self._distinct.rows()
        return found if found is not None and len(found) == self.rows else None

    def levels(self) -> list[str]:
        """The distinct values in alphabetical order, for a column without too many."""
        absent = set(self.missing_texts)
        return sorted(text for text in self.values if text not in absent)

    def _count(self, present: pa.Array) -> None:
        if self.has_many_values:
            # Texts that mean a missing value are still counted.
            present = present.filter(pc.is_in(present, pa.array(missing.IN_NUMBERS)))
        counted = pc.value_counts(present)
        for text, count in zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True):
            self.values[text] += count
        if len(self.values) > MAX_VALUES:
            self.has_many_values = True
            self.values = Counter({text: self.values[text] for text in missing.IN_NUMBERS if self.values[text]})

    def _start(self, usual: pa.Array) -> None:
        self._started = True
        self._gather(usual)
        self.numbers = find_numbers(self.evidence)
        if self.numbers is None or (names.is_time(self.name) or names.is_date(self.name)):
            found = find_moments(self.evidence)
            if found is not None and (not found.is_number or names.is_date(self.name) or names.is_time(self.name)):
                self.numbers, self.moments = None, found
        keep_rows = self.identified is not None or self.moments is not None or names.is_period(self.name)
        self._distinct = DistinctValues(keep_rows=keep_rows)

    def _gather(self, usual: pa.Array) -> None:
        """Add texts to the evidence: the first, and some from everywhere."""
        step = max(1, len(usual) // MAX_VALUES)
        known = set(self.evidence)
        for text in pc.unique(usual[:FIRST_ROWS]).to_pylist() + pc.unique(usual[::step]).to_pylist():
            if text not in known and len(self.evidence) < 2 * MAX_VALUES:
                known.add(text)
                self.evidence.append(text)

    def _add_numbers(self, usual: pa.Array) -> None:
        form = None if self.numbers is None else self.numbers.format
        found = numerals.floats(usual, form)
        codes = matches(usual, r"^[+-]?0[0-9]+$")
        self._codes += int(codes.sum())
        wrong = found.wrong | found.infinite
        if not self._take_odd(usual, wrong, find_numbers):
            return
        values = found.values.filter(pa.array(~wrong & valid(found.values))).to_numpy()
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        self.low = low if self.low is None else min(low, self.low)
        self.high = high if self.high is None else max(high, self.high)
        self._whole = self._whole and bool(np.all(values == np.floor(values)))
        if not self._whole and self.identified is None and self._distinct is not None:
            self._distinct.stop()
        if max(-low, high) > LARGEST_EXACT and self._whole:
            self._beyond = self._beyond or bool(numerals.integers(usual.filter(pa.array(~wrong)), form).wrong.any())
        rest, counts = sentinels.separate(values)
        self.sentinels.update(counts)
        if len(rest):
            low, high = float(rest.min()), float(rest.max())
            self.rest = (low, high) if self.rest is None else (min(low, self.rest[0]), max(high, self.rest[1]))

    def _add_moments(self, usual: pa.Array) -> None:
        if self.moments is None:
            return
        found = moments.timestamps(usual, self.moments.format)
        if not self._take_odd(usual, ~valid(found), find_moments):
            return
        found = found.drop_null()
        if not len(found):
            return
        extremes = pc.min_max(found)
        low, high = extremes["min"].as_py(), extremes["max"].as_py()
        self.first = low if self.first is None else min(low, self.first)
        self.last = high if self.last is None else max(high, self.last)
        self._day = self._day and bool(pc.all(pc.equal(pc.floor_temporal(found, unit="day"), found)).as_py())

    def _take_odd(self, usual: pa.Array, wrong: np.ndarray, find: Find) -> bool:
        """Count the texts that are not of the column's kind; False if there are too many, and the column is a text."""
        if not wrong.any():
            return True
        texts = usual.filter(pa.array(wrong))
        counted = pc.value_counts(texts)
        known = len(self.odd)
        self.odd.update(dict(zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)))
        if len(self.odd) > known:
            self._gather(texts)
            better = find(self.evidence)
            current = self.numbers or self.moments
            self.is_contradicted = better is not None and current is not None and better.format != current.format
        if len(self.odd) <= MAX_ODD and not self.is_contradicted:
            return True
        self.numbers = self.moments = None
        self.odd.clear()
        return False

    @property
    def _is_code(self) -> bool:
        few = self._codes < MIN_CODE_SHARE * self.rows and not names.is_code(self.name) and self.identified is None
        return self._codes > 0 and not few


def survey(batches: Callable[[list[str]], Iterable[Batch]], names: list[str]) -> list[ColumnSurvey]:
    """Survey all columns of a table in one pass, and once more those whose later texts contradict the first.

    Args:
        batches: the table's rows with the named columns, from the start.
        names: the columns.

    Raises:
        DataError, SourceError: as ``Source.batches``.
    """
    columns = _read(batches(names), [ColumnSurvey(name) for name in names])
    again = [column for column in columns if column.is_contradicted]
    if again:
        seen = [ColumnSurvey(column.name, column.evidence) for column in again]
        better = {column.name: column for column in _read(batches([column.name for column in again]), seen)}
        columns = [better.get(column.name, column) for column in columns]
    return columns


def has_no_header(columns: Sequence[ColumnSurvey]) -> bool:
    """Whether the columns are called by the values of a row: numbers above numbers, and texts that occur again."""
    measured = [column for column in columns if column.kind in ("integer", "number")]
    others = [column for column in columns if column.kind == "text" and not column.has_many_values]
    repeated = [column for column in others if column.values[column.name]]
    return (
        bool(measured)
        and bool(repeated)
        and all(may_be_number(column.name) for column in measured)
        and 2 * len(repeated) >= len([column for column in others if len(column.levels()) < column.known / 2])
    )


def _read(batches: Iterable[Batch], columns: list[ColumnSurvey]) -> list[ColumnSurvey]:
    for batch in batches:
        for place, column in enumerate(columns):
            column.add(batch.columns.column(place))
    return columns
