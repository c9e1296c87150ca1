"""Duplicate rows by their key columns: the first of them is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa

from tenure.checks.hashing import hash_rows

Keys = Callable[[], Iterable[tuple[list[pa.Array], np.ndarray]]]
"""Returns batches of (key columns, bool mask of the rows to compare); every call returns the same batches."""

MAX_COMPARED = 1_000_000
"""Largest number of duplicate hashes whose keys are compared exactly. A table with more duplicates is stopped for their
share, whatever a chance collision of hashes would add."""
COPIES_ADVICE = (
    "Remove them at the source if they are the same customers: with copies of training rows in the test part, a model"
    " looks better than it is."
)
"""What to do about copies of rows that the split may divide."""


def repeated(keys: Keys) -> np.ndarray:
    """Which rows have the key of an earlier row; bool, shape (rows,). Rows outside the mask are False.

    Takes two passes: the first hashes all keys (8 bytes per row), the second compares the keys of the rows whose hash
    is not unique. Memory grows by the array of hashes and the result, and hash collisions change nothing.
    """
    hashes, rows = [], 0
    for columns, mask in keys():
        hashes.append(hash_rows(columns)[mask])
        rows += len(mask)
    suspects = duplicate_hashes(hashes)
    result = np.zeros(rows, dtype=bool)
    if not len(suspects):
        return result
    seen = np.zeros(len(suspects), dtype=bool)
    first: dict[object, int] = {}
    start = 0
    for columns, mask in keys():
        found = hash_rows(columns)
        places = np.minimum(np.searchsorted(suspects, found), len(suspects) - 1)
        here = np.flatnonzero(mask & (suspects[places] == found))
        if len(suspects) > MAX_COMPARED:
            result[start + here] = seen[places[here]] | not_first(places[here])
            seen[places[here]] = True
        else:
            for position in here.tolist():
                key = tuple(column[position].as_py() for column in columns)
                if first.setdefault(key, start + position) != start + position:
                    result[start + position] = True
        start += len(mask)
    return result


def duplicate_hashes(hashes: list[np.ndarray]) -> np.ndarray:
    """The hashes that occur more than once, ascending; uint64, shape (hashes,).

    Args:
        hashes: batches of them. The list is emptied: no second copy of the hashes is held.
    """
    ordered = np.empty(sum(map(len, hashes)), dtype=np.uint64)
    end = len(ordered)
    while hashes:
        part = hashes.pop()
        ordered[end - len(part) : end] = part
        end -= len(part)
    ordered.sort()
    repeats: np.ndarray = ordered[1:][ordered[1:] == ordered[:-1]]
    new = np.ones(len(repeats), dtype=bool)
    np.not_equal(repeats[1:], repeats[:-1], out=new[1:])
    return repeats[new]


def not_first(hashes: np.ndarray) -> np.ndarray:
    """Which rows have the hash of an earlier row; bool, shape (rows,)."""
    later = np.ones(len(hashes), dtype=bool)
    later[np.unique(hashes, return_index=True)[1]] = False
    return later
