"""Divides tables by customers into parts that are computed one after the other, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.features.arrays import is_text, whole_array
from tenure.features.customers import number_customers

PART_ROWS = 100_000
"""Rows of all tables whose customers are computed together: what is computed of them fits in the processor's cache."""

MAX_WORDS = 1_000
"""Texts of a column, at most, that are encoded once for all parts."""


def deal(
    assembly: Assembly, tables: Mapping[str, pa.Table], part_rows: int = PART_ROWS
) -> Iterator[Mapping[str, pa.Table]]:
    """The tables of some customers after the other, all their rows, in the order of the keys.

    Rows of customers whom the entity lacks are left out where there are several parts. Keys, and texts of few words,
    are dictionary-encoded.

    Args:
        assembly: which column of each table has the key.
        tables: by name, with any columns.
        part_rows: rows of a part, or somewhat more; a customer with more is a part alone.

    Raises:
        DataError: a row has no key.
    """
    if sum(table.num_rows for table in tables.values()) < 2 * part_rows:
        yield tables
        return
    # What Arrow frees, here after reading, numbering and copying, it keeps for itself: numpy could not use it.
    pool = pa.default_memory_pool()
    pool.release_unused()
    keys, codes = number_customers(assembly, tables)
    pool.release_unused()
    starts = _starts(codes, len(keys), part_rows)
    # The tables that were given may be freed as they are copied.
    given = dict(tables)
    del tables
    encoded = {name: _encoded(given.pop(name).drop_columns([assembly.tables[name].key_column])) for name in [*given]}
    pool.release_unused()
    orders, bounds = {}, {}
    for name, own in codes.items():
        parts = (np.searchsorted(starts, own, side="right") - 1).astype(np.int16 if len(starts) < 2**15 else np.int64)
        orders[name] = np.argsort(parts, kind="stable").astype(np.int32 if len(own) < 2**31 else np.int64)
        bounds[name] = np.searchsorted(parts[orders[name]], np.arange(len(starts) + 1))
    for part, (start, stop) in enumerate(zip(starts, [*starts[1:], len(keys)], strict=True)):
        own_keys, dealt = keys.slice(start, stop - start), {}
        for name, table in encoded.items():
            rows = orders[name][bounds[name][part] : bounds[name][part + 1]]
            places = pa.array(codes[name][rows] - start, pa.int32())
            dealt[name] = table.take(pa.array(rows)).append_column(
                assembly.tables[name].key_column, pa.DictionaryArray.from_arrays(places, own_keys)
            )
        yield dealt


def _starts(codes: Mapping[str, Codes], customers: int, part_rows: int) -> Codes:
    """The first customer of each part: one whose rows begin in the next ``part_rows`` of all rows."""
    rows = np.zeros(customers, dtype=np.int64)
    for own in codes.values():
        rows += np.bincount(own[own >= 0], minlength=customers)
    _, starts = np.unique((np.cumsum(rows) - rows) // part_rows, return_index=True)
    return starts if customers else np.zeros(1, dtype=np.int64)


def _encoded(table: pa.Table) -> pa.Table:
    """The table in one piece, its texts of few words dictionary-encoded: they are the same objects in all parts."""
    columns: dict[str, Any] = dict(zip(table.column_names, table.columns, strict=True))
    del table
    for name in [*columns]:
        whole = whole_array(columns.pop(name))
        if is_text(whole.type) and len(whole) and len(whole[:MAX_WORDS].unique()) < MAX_WORDS:
            encoded = whole.dictionary_encode()
            whole = encoded if len(encoded.dictionary) <= MAX_WORDS else whole
        columns[name] = whole
    return pa.table(columns)
