"""Rows that repeat the key of an earlier row, of a panel its key and time. They are scored: a score is of a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.checks.duplicates import repeated


def find_repeats(parts: Sequence[Path], columns: Sequence[str]) -> dict[str, Any]:
    """Count the repeats in the scores; takes about 10 bytes a row.

    Args:
        parts: the files of scores, in the order of the table.
        columns: those that identify a row: ``key``, or ``key`` and ``time``. None identifies it where they are empty.

    Returns:
        ``rows``, the number of repeats, and ``first``, the key of the first of them (None without one).
    """
    none = {"rows": 0, "first": None}
    if not columns:
        return none

    def keys() -> Iterator[tuple[list[pa.Array], np.ndarray]]:
        for part in parts:
            for batch in pq.read_table(part, columns=list(columns)).to_batches():
                yield batch.columns, np.ones(batch.num_rows, dtype=bool)

    repeats = repeated(keys)
    if not repeats.any():
        return none
    first = int(np.argmax(repeats))
    for part in parts:
        key = pq.read_table(part, columns=["key"]).column("key")
        if first < len(key):
            return {"rows": int(np.count_nonzero(repeats)), "first": key[first].as_py()}
        first -= len(key)
    raise ValueError("the parts changed while they were read")
