"""Divides tables by customers into parts that are computed one after the other, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    keys, codes = number_customers(assembly, tables)
    starts = _starts(codes, len(keys), part_rows)
    tables = {name: _encoded(table.drop_columns([assembly.tables[name].key_column])) for name, table in tables.items()}
    orders, bounds = {}, {}
    for name, own in codes.items():
        parts = (np.searchsorted(starts, own, side="right") - 1).astype(np.int16 if len(starts) < 2**15 else np.int64)
        orders[name] = np.argsort(parts, kind="stable")
        bounds[name] = np.searchsorted(parts[orders[name]], np.arange(len(starts) + 1))
    for part, (start, stop) in enumerate(zip(starts, [*starts[1:], len(keys)], strict=True)):
        own_keys, dealt = keys.slice(start, stop - start), {}
        for name, table in tables.items():
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
    columns = {}
    for name in table.column_names:
        columns[name] = whole_array(table.column(name))
        if is_text(columns[name].type) and table.num_rows and len(columns[name][:MAX_WORDS].unique()) < MAX_WORDS:
            encoded = columns[name].dictionary_encode()
            if len(encoded.dictionary) <= MAX_WORDS:
                columns[name] = encoded
    return pa.table(columns)
