"""The customers of the entity: whose rows in other tables have one, and which are from before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.checks.hashing import hash_rows
from tenure.checks.parsed import batches
from tenure.checks.tables.times import before
from tenure.contract.tables import Table
from tenure.parsing.faults import quote


@dataclass(frozen=True, eq=False)
class Customers:
    """The keys of the entity's rows, as hashes: 8 bytes a customer. Hashes collide too rarely to change a count."""

    known: NDArray[np.uint64]
    """Of the good rows, ascending."""
    quarantined: NDArray[np.uint64]
    """Of the quarantined rows, ascending."""
    times: pa.Array | None
    """From when each customer of ``known`` exists; None where they have always existed."""
    zone: str
    """In which days are compared with times."""
    example: str | None
    """Key of the first good row, quoted; None without one."""

    def find(self, keys: pa.Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
        """Find the customers of rows.

        Returns:
            Which rows have a customer, which have one that is quarantined, and the customers' places in ``times``;
            all of shape (rows,).
        """
        hashes = hash_rows([keys])
        here, places = _find(self.known, hashes)
        return here, ~here & _find(self.quarantined, hashes)[0], places

    def exist_later(self, times: pa.Array, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows are from before their customer exists; bool, shape (rows,).

        Args:
            times: of rows that have a customer.
            places: of their customers, as ``find`` returns them.
        """
        if self.times is None:
            return np.zeros(len(times), dtype=bool)
        return before(times, self.times.take(pa.array(places)), self.zone)


def customers_of(entity: Table, data: Path, quarantined: list[NDArray[np.uint64]], zone: str) -> Customers:
    """The customers of the entity's good rows.

    Args:
        entity: the table.
        data: its good rows, a Parquet file.
        quarantined: hashes of the keys of those that are not good.
        zone: of the entity's times.
    """
    time = entity.time
    hashes, times = [np.empty(0, dtype=np.uint64)], []
    example = None
    for batch in batches(data, [entity.key_column, *([time] if time else [])]):
        hashes.append(hash_rows([batch.column(entity.key_column)]))
        example = example or quote(batch.column(entity.key_column)[0].as_py())
        times += [batch.column(time)] if time else []
    known = np.concatenate(hashes)
    order = np.argsort(known, kind="stable")
    return Customers(
        known=known[order],
        quarantined=np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *quarantined])),
        times=pa.concat_arrays(times).take(pa.array(order)) if times else None,
        zone=zone,
        example=example,
    )


def _find(ascending: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which hashes are in ``ascending``, and where the first equal one is; both of shape (hashes,)."""
    if not len(ascending):
        return np.zeros(len(hashes), dtype=bool), np.zeros(len(hashes), dtype=np.int64)
    places = np.minimum(np.searchsorted(ascending, hashes), len(ascending) - 1)
    return ascending[places] == hashes, places
