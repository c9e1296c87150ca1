"""The labels of customers at cuts, computed from the rows of the label's table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.assembly import Assembly
from tenure.contract.durations import DAY_US, Duration
from tenure.contract.sources import assembly_of
from tenure.errors import DataError
from tenure.features.arrays import microseconds
from tenure.features.cuts import label_end
from tenure.features.instants import shift
from tenure.features.label_kinds import Outcome, Span, kind_of
from tenure.features.label_rows import LabelRows
from tenure.features.tables import Tables
from tenure.tasks import get

MAX_ROWS = 10_000_000
"""Rows of the label's table that are held at a time."""


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of customers at cuts."""

    values: NDArray[Any]
    """Shape (rows,), of the task's type; 0 where there is none."""
    reasons: list[str]
    """Why customers have no label."""
    left_out: NDArray[np.int8]
    """Shape (rows,): place of the reason in ``reasons``, -1 for a row with a label."""

    remarks: Counter[str]
    """What people should know of customers with a label, with the number of rows for which it holds."""

    parts: NDArray[np.int8] | None = None
    """Shape (rows,): as ``parts_of`` returns it; None of a label without ``times``."""

    def set(self, rows: NDArray[np.int64], outcome: Outcome, customer: NDArray[np.int64]) -> None:
        """Take over the labels at one cut; ``customer`` is the place in ``outcome`` of each of ``rows``."""
        self.values[rows] = outcome.labels[customer]
        for reason, flags in outcome.left_out.items():
            if reason not in self.reasons:
                self.reasons.append(reason)
            chosen = rows[flags[customer] & (self.left_out[rows] < 0)]
            self.left_out[chosen] = self.reasons.index(reason)
            self.values[chosen] = 0
        for remark, flags in outcome.remarks.items():
            self.remarks[remark] += int(np.count_nonzero(flags[customer] & (self.left_out[rows] < 0)))


def horizon_labels(
    contract: Contract, tables: Tables, instants: Sequence[int], keys: pa.Array, cut: NDArray[np.int64]
) -> Labels:
    """The labels of rows of a panel, from the rows of the label's table as they are known at the end of the data.

    Args:
        contract: one whose features are computed from tables.
        tables: its parsed tables.
        instants: the cuts.
        keys: customer of each row; shape (rows,).
        cut: place of each row's cut in ``instants``; shape (rows,).

    Raises:
        DataError: a row of the label's table has no time, or two versions of it that became known at the same time
            differ.
    """
    assembly = assembly_of(contract)
    encoded = keys.dictionary_encode()
    customer = encoded.indices.to_numpy().astype(np.int64)
    values = np.zeros(len(keys), dtype=get(contract.task).label.dtype)
    ends = assembly.label.part_ends
    parts = np.zeros(len(keys), dtype=np.int8) if ends else None
    found = Labels(values, [], np.full(len(keys), -1, dtype=np.int8), Counter(), parts)
    time = _time_needed(assembly, instants)
    for first, customers in _groups(tables.rows[assembly.label.table].count, encoded.dictionary):
        rows = _rows(assembly, tables, customers, time)
        kind = kind_of(assembly.label.kind)
        outcome_at = kind.labels(assembly.label, rows)
        inside = np.flatnonzero((customer >= first) & (customer < first + len(customers)))
        for number, instant in enumerate(instants):
            here = inside[cut[inside] == number]
            if len(here):
                horizon = assembly.label.horizon
                found.set(here, outcome_at(_span(assembly, rows, instant, horizon)), customer[here] - first)
                if parts is not None:
                    outcomes = [outcome_at(_span(assembly, rows, instant, end)) for end in ends]
                    parts[here] = parts_of([each.labels for each in outcomes], kind.settled)[customer[here] - first]
    return found


def parts_of(labels: Sequence[NDArray[Any]], settled: int | None) -> NDArray[np.int8]:
    """The part of the horizon in which each label was settled, from 1; 0 if it was not settled at its end.

    Args:
        labels: those over the horizon up to the end of each part, the last over all of it; shape (customers,) each.
        settled: see ``Kind``.

    Returns:
        Shape (customers,).
    """
    reached = np.stack(labels) == settled
    return np.where(reached[-1], reached.argmax(axis=0) + 1, 0).astype(np.int8)


def _groups(rows: int, keys: pa.Array) -> Iterator[tuple[int, pa.Array]]:
    """The customers in groups that have about ``MAX_ROWS`` rows, each with the place of its first."""
    size = -(-len(keys) // max(1, -(-rows // MAX_ROWS)))
    for first in range(0, len(keys), max(size, 1)):
        yield first, keys.slice(first, size)


def _time_needed(assembly: Assembly, instants: Sequence[int]) -> tuple[int, int] | None:
    """The instants between which rows of the label's table lie that labels depend on; None for all.

    Rows that are corrected are needed whole: a later version may have another time.
    """
    if kind_of(assembly.label.kind).looks_back or assembly.tables[assembly.label.table].row_id is not None:
        return None
    # Dates are compared as if their days began in UTC.
    return min(instants) - 2 * DAY_US, label_end(assembly, max(instants)) + 2 * DAY_US


def _rows(assembly: Assembly, tables: Tables, customers: pa.Array, time: tuple[int, int] | None) -> LabelRows:
    """The rows of some customers, of some time."""
    name = assembly.label.table
    described = assembly.tables[name]
    parts, codes = [], []
    for batch in tables.batches(name, assembly.columns_of(name)):
        key = batch.column(described.key_column)
        if key.null_count:
            raise DataError(f"table '{name}': {key.null_count:,} rows have no '{described.key_column}'")
        if time is not None:
            moments = microseconds(batch.column(str(described.time)))
            batch = batch.filter(pa.array((moments >= time[0]) & (moments < time[1])))  # noqa: PLW2901
            key = batch.column(described.key_column)
        places = pc.index_in(key, value_set=customers.cast(key.type))
        there = places.is_valid()
        parts.append(batch.filter(there))
        codes.append(places.filter(there).to_numpy().astype(np.int64))
    return LabelRows(assembly, pa.Table.from_batches(parts), np.concatenate(codes), len(customers))


def _span(assembly: Assembly, rows: LabelRows, cut: int, length: Duration) -> Span:
    """A cut and the time of this length from where its horizon begins."""
    start = shift(cut, assembly.label.gap, assembly.zone, sign=1)
    end = shift(start, length, assembly.zone, sign=1)
    return Span(rows.time_of(cut), rows.time_of(start), rows.time_of(end))
