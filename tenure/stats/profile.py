"""The reference distribution of a table's columns: what later data is compared with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.contract import Column
from tenure.errors import DataError
from tenure.stats.sketch import Sketch

BINS = 10
TOP_VALUES = 50


@dataclass(frozen=True)
class NumberProfile:
    """A numeric column. Bin i holds ``edges[i-1] < x <= edges[i]``; the outer bins are open."""

    edges: tuple[float, ...]
    """Quantiles of the reference, ascending, without repeats; (bins - 1,)."""
    shares: tuple[float, ...]
    """Share of all rows in each bin; (bins,). With ``missing`` they add up to 1."""
    missing: float


@dataclass(frozen=True)
class TextProfile:
    """A text or boolean column. The shares, ``other`` and ``missing`` add up to 1."""

    values: dict[str, float]
    """Share of all rows that hold each of the most frequent texts."""
    other: float
    missing: float


ColumnProfile = NumberProfile | TextProfile


@dataclass(frozen=True)
class Profile:
    """Columns by name, and the number of rows that their shares are of."""

    rows: int
    columns: dict[str, ColumnProfile]
    tables: dict[str, Profile] = field(default_factory=dict)
    """Of the tables that the columns are computed from, by name."""

    @classmethod
    def of(cls, sketch: Sketch, names: Iterable[str]) -> Profile:
        """The profile of the columns ``names`` of a sketch. Dates have none: they change from day to day."""
        columns: dict[str, ColumnProfile] = {}
        for name in names:
            column = sketch.columns[name]
            if column.type in ("integer", "number"):
                columns[name] = of_numbers(sketch.numbers(name))
            elif not column.is_temporal:
                columns[name] = _of_texts(sketch, name)
        return cls(sketch.sample_rows, columns)

    def to_dict(self) -> dict[str, Any]:
        """JSON values only; ``from_dict`` reads it back to an equal profile."""
        columns = {
            name: {"kind": "number" if isinstance(column, NumberProfile) else "text", **asdict(column)}
            for name, column in self.columns.items()
        }
        tables = {name: profile.to_dict() for name, profile in self.tables.items()}
        return {"rows": self.rows, "columns": columns, **({"tables": tables} if tables else {})}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, document: Any) -> Profile:
        """
        Raises:
            DataError: ``document`` is not a profile.
        """
        try:
            tables = {name: cls.from_dict(table) for name, table in document.get("tables", {}).items()}
            return cls(int(document["rows"]), {n: _column_from(c) for n, c in document["columns"].items()}, tables)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"not a profile of a table: {type(error).__name__}: {error}") from error

    @classmethod
    def from_json(cls, text: str) -> Profile:
        """
        Raises:
            DataError: ``text`` is not a profile.
        """
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise DataError(f"not a profile of a table: {error}") from error


def build(batches: Iterable[pa.RecordBatch], columns: Mapping[str, Column]) -> Profile:
    """The profile of a table's parsed batches, in one pass and bounded memory."""
    sketch = Sketch(columns)
    for batch in batches:
        sketch.add(batch)
    return Profile.of(sketch, columns)


def bin_shares(numbers: np.ndarray, edges: tuple[float, ...]) -> tuple[tuple[float, ...], float]:
    """Share of ``numbers`` in each bin, and the share missing; NaN is missing."""
    present = numbers[~np.isnan(numbers)]
    counts = np.bincount(np.searchsorted(np.array(edges), present, side="left"), minlength=len(edges) + 1)
    whole = max(len(numbers), 1)
    return tuple((counts / whole).tolist()), (len(numbers) - len(present)) / whole


def text_shares(sketch: Sketch, name: str, values: Iterable[str]) -> tuple[dict[str, float], float, float]:
    """Share of rows with each of ``values``, with another text, and with a missing one."""
    counts, whole = sketch.texts(name), max(sketch.rows, 1)
    shares = {value: counts.get(value, 0) / whole for value in values}
    missing = sketch.missing[name] / whole
    return shares, max(0.0, 1.0 - missing - sum(shares.values())) if sketch.rows else 0.0, missing


def of_numbers(numbers: np.ndarray) -> NumberProfile:
    """Between the deciles of ``numbers``, shape (n,); NaN is missing."""
    present = np.sort(numbers[~np.isnan(numbers)])
    # The k-th of ten quantiles is the value at place ceil(n k / 10): one of the data's own, without interpolation.
    places = -(-len(present) * np.arange(1, BINS) // BINS) - 1
    edges = np.unique(present[places]) if len(present) else np.zeros(0)
    kept = tuple(edges.tolist())
    shares, missing = bin_shares(numbers, kept)
    return NumberProfile(kept, shares, missing)


def _of_texts(sketch: Sketch, name: str) -> TextProfile:
    # Ties are ordered by name, so that the order of the rows makes no difference.
    ranked = sorted(sketch.texts(name).items(), key=lambda entry: (-entry[1], entry[0]))
    return TextProfile(*text_shares(sketch, name, [value for value, _ in ranked[:TOP_VALUES]]))


def numbers_from(document: Any) -> NumberProfile:
    """
    Raises:
        KeyError, TypeError, ValueError: ``document`` is not a profile of numbers.
    """
    edges = tuple(float(edge) for edge in document["edges"])
    shares = tuple(float(share) for share in document["shares"])
    if len(shares) != len(edges) + 1:
        raise ValueError(f"{len(edges)} edges and {len(shares)} shares")
    return NumberProfile(edges, shares, float(document["missing"]))


def _column_from(column: Any) -> ColumnProfile:
    if column["kind"] == "number":
        return numbers_from(column)
    values = {str(value): float(share) for value, share in column["values"].items()}
    return TextProfile(values, float(column["other"]), float(column["missing"]))
