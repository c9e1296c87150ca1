"""Rows whose key stood already: the first is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa

from tenure.checks.hashing import hash_rows

Keys = Callable[[], Iterable[tuple[pa.Array, np.ndarray]]]
"""Batches of (key column, which rows take part: bool), the same at every call."""

MAX_COMPARED = 1_000_000
"""Keys standing more than once that are compared exactly. A table with more repeats is stopped for their share,
whatever a chance collision of hashes would add."""


def repeated(keys: Keys) -> np.ndarray:
    """Which rows have a key that a row before them has; bool (rows,), rows that take no part False.

    Two passes: hashes of all keys first (8 bytes a row), then the keys themselves of the rows whose hash
    stands more than once. So memory grows by the hash array, and equal hashes of unequal keys do no harm.
    """
    hashes, part = [], []
    for column, mask in keys():
        hashes.append(hash_rows([column]))
        part.append(mask)
    if not hashes:
        return np.zeros(0, dtype=bool)
    all_hashes = np.concatenate(hashes)
    takes_part = np.concatenate(part)
    del hashes, part
    suspects = _standing_twice(all_hashes[takes_part])
    result = np.zeros(len(all_hashes), dtype=bool)
    if not len(suspects):
        return result
    if len(suspects) > MAX_COMPARED:
        result[takes_part] = not_first(all_hashes[takes_part])
        return result
    first: dict[object, int] = {}
    start = 0
    for column, mask in keys():
        here = mask & np.isin(all_hashes[start : start + len(column)], suspects)
        for position in np.flatnonzero(here).tolist():
            if first.setdefault(column[position].as_py(), start + position) != start + position:
                result[start + position] = True
        start += len(column)
    return result


def not_first(hashes: np.ndarray) -> np.ndarray:
    """Which rows have the hash of a row before them; bool (rows,)."""
    later = np.ones(len(hashes), dtype=bool)
    later[np.unique(hashes, return_index=True)[1]] = False
    return later


def _standing_twice(hashes: np.ndarray) -> np.ndarray:
    """The hashes that stand more than once, ascending."""
    ordered = np.sort(hashes)
    twice: np.ndarray = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return twice
