"""Faults of single rows of a batch, collected check by check."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.sources.protocol import RejectedRow, cut
from tenure.stats.sketch import drop_rare

MAX_QUOTED = 60
"""Characters quoted of an invalid value."""


@dataclass(frozen=True)
class Kind:
    """A kind of fault; rejected rows are counted by it."""

    check: str
    """Name of the check that found it: ``types``, ``range``…"""
    column: str
    what: str
    """What is wrong; follows the column's name in a message."""

    def __str__(self) -> str:
        return f"'{self.column}' {self.what}"


def absent(column: str, role: str) -> Kind:
    """The fault of a row without a value in the column that has this role."""
    return Kind("nulls", column, f"is missing, and is the {role}")


class RowFaults:
    """Faults of the rows of one batch. A row with several faults is counted under each, and rejected once."""

    def __init__(self, rows: int, exempt: np.ndarray | None = None) -> None:
        """
        Args:
            rows: number of rows of the batch.
            exempt: rows whose faults are not added; bool, shape (rows,).
        """
        self._exempt = exempt
        self.bad = np.zeros(rows, dtype=bool)
        """Which rows have a fault; bool, shape (rows,)."""
        self.counts: Counter[Kind] = Counter()
        self.doubtful_times = 0
        """Number of times that the clock of the table's zone shows twice or skips; no fault."""
        self._values: dict[Kind, Counter[str]] = {}
        self._found: dict[int, list[str]] = {}
        self._first: dict[int, Kind] = {}

    def add(self, mask: np.ndarray, kind: Kind, values: pa.Array | None = None, advice: str = "") -> None:
        """Add a fault.

        Args:
            mask: which rows have it; bool, shape (rows,).
            kind: the kind of fault.
            values: the column whose values are quoted in the reasons; None to quote nothing.
            advice: what to do about it; ends the reasons.
        """
        if self._exempt is not None:
            mask = mask & ~self._exempt
        positions = np.flatnonzero(mask).tolist()
        if not positions:
            return
        self.bad |= mask
        self.counts[kind] += len(positions)
        for position in positions:
            reason = str(kind)
            if values is not None:
                value = quote(_python(values[position]))
                self._values.setdefault(kind, Counter())[value] += 1
                reason = f"{kind}: {value}"
            reason += advice
            self._found.setdefault(position, []).append(reason)
            self._first.setdefault(position, kind)

    def count_values(self, column: str | None, into: dict[str, Counter[str]]) -> None:
        """Add the numbers of rows of a column's invalid values, quoted, by the kind of fault, to ``into``."""
        for kind, values in self._values.items():
            if kind.column == column:
                counter = into.setdefault(str(kind), Counter())
                counter.update(values)
                drop_rare(counter)

    def rejected(self, batch: pa.RecordBatch, rows: pa.Array) -> list[RejectedRow]:
        """The rows with a fault, in the order of ``batch``.

        Args:
            batch: the rows as they were read.
            rows: number of each row in the source.
        """
        found = []
        for position in sorted(self._found):
            reason = "; ".join(self._found[position])
            text = row_text({name: _python(batch.column(name)[position]) for name in batch.schema.names})
            found.append(RejectedRow(rows[position].as_py(), str(self._first[position]), reason, text))
        return found


def quote(value: Any) -> str:
    """``value`` for a message: shortened, printable, in quotes if it is text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if not isinstance(value, str):
        return str(value)
    shown = repr(value)
    return shown if len(shown) <= MAX_QUOTED else f"{shown[:MAX_QUOTED]}…'"


def row_text(row: Mapping[str, Any]) -> str:
    """A row as a JSON object of its values, cut where it is long."""
    readable = {n: v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else v for n, v in row.items()}
    return cut(json.dumps(readable, ensure_ascii=False, default=str))


def _python(value: pa.Scalar) -> Any:
    """A value as a Python object; a date that Python cannot hold as its number since 1970-01-01."""
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return value.value
