"""Corrections: versions of one row, which share its ``row_id`` and are known at different instants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.checks.duplicates import duplicate_hashes
from tenure.checks.hashing import hash_rows
from tenure.checks.tables.times import numbers
from tenure.contract.tables import Table
from tenure.parsing import ROW
from tenure.parsing.lenient import valid

Read = Callable[[list[str] | None], Iterable[tuple[pa.RecordBatch, NDArray[np.bool_]]]]
"""Returns batches of columns, each with which of its rows to compare; every call returns the same batches."""


@dataclass(frozen=True, eq=False)
class Versions:
    """What was found among the rows of a table; arrays are bool of shape (rows,)."""

    duplicate: NDArray[np.bool_]
    """Equal to an earlier row with the same ``row_id``, known at the same instant."""
    conflicting: NDArray[np.bool_]
    """Differs from another row with the same ``row_id``, known at the same instant: which of them counts is open."""
    superseded: NDArray[np.bool_]
    """Another row with the same ``row_id`` is known later."""


def find_versions(table: Table, read: Read, rows: int) -> Versions:
    """Find the rows that have several versions.

    Versions are of one customer: a ``row_id`` may number the rows of each. A row without a ``row_id`` has one version.
    Takes two passes: memory grows by 8 bytes a row, and by the rows that have several versions.

    Args:
        table: describes them; has a ``row_id``.
        read: the rows, all columns for None.
        rows: their number.
    """
    identity, known = [table.key_column, str(table.row_id)], str(table.known_at or table.time)
    hashes = []
    for batch, compared in read(identity):
        hashes.append(hash_rows(batch.columns)[compared & valid(batch.column(1))])
    suspects = duplicate_hashes(hashes)
    found = Versions(*(np.zeros(rows, dtype=bool) for _ in range(3)))
    if not len(suspects):
        return found
    parts, start = [], 0
    for batch, compared in read(None):
        of_row = hash_rows([batch.column(name) for name in identity])
        places = np.minimum(np.searchsorted(suspects, of_row), len(suspects) - 1)
        here = np.flatnonzero(compared & valid(batch.column(identity[1])) & (suspects[places] == of_row))
        taken = batch.take(pa.array(here))
        content = hash_rows([taken.column(name) for name in taken.schema.names if name != ROW])
        parts.append((of_row[here], numbers(taken.column(known)), content, start + here))
        start += batch.num_rows
    identities, knowns, contents, positions = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((positions, contents, knowns, identities))
    _mark(found, identities[order], knowns[order], contents[order], position=positions[order])
    return found


def _mark(
    found: Versions,
    identity: NDArray[np.uint64],
    known: NDArray[np.int64],
    content: NDArray[np.uint64],
    *,
    position: NDArray[np.int64],
) -> None:
    """Mark the rows at ``position`` in ``found``; all are ordered by the arrays in their order, shape (rows,)."""
    new_row = _changes(identity)
    new_version = new_row | _changes(known)
    group = np.cumsum(new_version) - 1
    differs = np.zeros(group[-1] + 1, dtype=bool)
    differs[group[~new_version & _changes(content)]] = True
    found.conflicting[position] = differs[group]
    found.duplicate[position] = ~new_version & ~differs[group]
    row = np.cumsum(new_row) - 1
    newest = known[np.append(np.flatnonzero(new_row)[1:], len(known)) - 1]
    found.superseded[position] = (known < newest[row]) & ~found.duplicate[position]


def _changes(values: NDArray[np.uint64] | NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which values differ from the one before; the first does."""
    return np.append(True, values[1:] != values[:-1])
