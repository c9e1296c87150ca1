"""Dividing the rows of a table into training, validation and test part, and the record of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.checks import labels_of
from tenure.contract import Contract
from tenure.contract.schema import LABEL_COLUMN
from tenure.errors import DataError
from tenure.features.rows import Rows
from tenure.features.split import PARTS, Assignment, PartName, assign, hash_keys
from tenure.features.split_by_cut import overlap
from tenure.stats.clusters import count_customers, customers_within
from tenure.tasks import get


@dataclass(frozen=True, eq=False)
class Division:
    """The part of each row, with its label and time."""

    assignment: Assignment
    labels: NDArray[Any]
    """Shape (rows,), of the contract's task."""
    times: NDArray[Any] | None
    """Shape (rows,): the time column, or the cut; None where rows have no time."""

    def labels_of(self, part: PartName) -> NDArray[Any]:
        """Labels of the rows of a part."""
        labels: NDArray[Any] = self.labels[self.assignment.places == PARTS.index(part)]
        return labels

    def customers_of(self, part: PartName) -> NDArray[np.int64] | None:
        """Code of the customer of each row of a part (``tenure.stats.clusters``)."""
        return customers_within(self.assignment.customer, self.assignment.places == PARTS.index(part))


def divide(contract: Contract, rows: Rows) -> Division:
    """Divide rows by the contract's ``split``. Holds a few numbers a row in memory, and no text.

    Raises:
        DataError: a row has no label or no time, or the rows cannot be divided as the contract says.
    """
    time = contract.row_time
    label = contract.label_column or LABEL_COLUMN
    hashes = np.empty(rows.count, dtype=np.uint64)
    labels = np.empty(rows.count, dtype=get(contract.task).label.dtype)
    times: NDArray[Any] | None = None
    missing: Counter[str] = Counter()
    start = 0
    for batch in rows.batches([contract.key_column, label, *([time] if time else [])]):
        here = slice(start, start := start + batch.num_rows)
        missing.update({name: batch.column(name).null_count for name in (time, label) if name})
        if missing.total():
            continue
        hashes[here] = hash_keys(batch.column(contract.key_column), contract.split.seed)
        labels[here] = labels_of(contract, batch.column(label))
        if time is not None:
            moments = batch.column(time).to_numpy(zero_copy_only=False)
            times = np.empty(rows.count, dtype=moments.dtype) if times is None else times
            times[here] = moments
    for name, count in missing.items():
        if count:
            raise DataError(f"{count} rows have no '{name}'")
    if not np.isfinite(labels).all():
        raise DataError(f"{int((~np.isfinite(labels)).sum())} rows have a label that is not finite")
    return Division(assign(contract, hashes, labels, times), labels, times)


def split_record(contract: Contract, division: Division) -> dict[str, Any]:
    """The content of ``split.json``: strategy, seed, shares; rows, customers of a panel, labels and times of parts.

    Of a panel that is computed from tables also its cuts, and those in no part.
    """
    assignment, times = division.assignment, division.times
    record: dict[str, Any] = {
        "strategy": assignment.strategy,
        "seed": contract.split.seed,
        "shares": {"train": contract.split.train, "validation": contract.split.validation, "test": contract.split.test},
        "rows": assignment.rows,
        **({} if contract.split.by is None else {"by": contract.split.by, "customers": _customers(assignment)}),
        **get(contract.task).label.describe_parts(
            {part: division.labels[assignment.places == index] for index, part in enumerate(PARTS)}
        ),
        "keys_in_several_parts": assignment.keys_in_several_parts,
    }
    if times is not None:
        times_of = {part: times[assignment.places == index] for index, part in enumerate(PARTS)}
        record["times"] = {part: [str(inside.min()), str(inside.max())] for part, inside in times_of.items()}
        assembly = contract.assembly
        if assembly is not None:
            record["horizon_days"] = assembly.label.reach / np.timedelta64(1, "D")
            record["cuts"] = {part: sorted({str(cut) for cut in inside}) for part, inside in times_of.items()}
            record["overlapping_cuts"] = overlap(assembly, np.unique(times))
            record["embargo"] = {
                "cuts": sorted({str(cut) for cut in times[assignment.embargo]}),
                "rows": int(np.count_nonzero(assignment.embargo)),
            }
    return record


def _customers(assignment: Assignment) -> dict[str, int]:
    """Customers of each part."""
    return {part: count_customers(assignment.customer, assignment.places == index) for index, part in enumerate(PARTS)}
