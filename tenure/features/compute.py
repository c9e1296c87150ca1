"""Computes the features of whole customers as of instants: the one function that every engine, step and request calls.

Rows from an instant on, and rows that are not known at it, have no part in its features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.contract.schema import SNAPSHOT_COLUMN
from tenure.errors import DataError
from tenure.features.arrays import sorted_codes
from tenure.features.cut_column import cut_column
from tenure.features.sorted_table import SortedTable
from tenure.features.table_at import TableAt


def compute(assembly: Assembly, tables: Mapping[str, pa.Table], instants: Sequence[int]) -> pa.Table:
    """The features of every customer who exists at an instant, for each of the instants.

    A customer exists if the entity has a row of theirs that counts at the instant; without an entity, if any table has.
    A row counts if ``time < instant and known_at <= instant``, and until a later version of it is known.

    Args:
        assembly: what is computed.
        tables: by name, with the columns ``assembly.columns_of(name, label=False)``; all rows of their customers, in
            any order. Timestamps are in UTC, dates are days in the table's zone.
        instants: microseconds since 1970-01-01 in UTC.

    Returns:
        The key, ``cut`` (what the clock shows in the assembly's zone: date32 if all instants are midnights there,
        otherwise timestamp[us]), the columns of entity, history and snapshots, and all windows: float64, null where
        unknown, or the type of their column. Rows ordered by instant and key.

    Raises:
        DataError: a key or a time is missing, or two versions of a row that became known at the same time differ.
    """
    wanted = sorted(set(instants))
    keys, codes = _customers(assembly, tables)
    ordered = {name: SortedTable(assembly, name, tables[name], codes[name], len(keys)) for name in assembly.tables}
    parts = [_at(assembly, ordered, keys, instant) for instant in wanted]
    cuts = cut_column(wanted, [part.num_rows for part in parts], assembly.zone)
    whole = pa.concat_tables(parts) if parts else _at(assembly, ordered, keys, 0).slice(0, 0)
    return whole.add_column(1, SNAPSHOT_COLUMN, cuts)


def _customers(assembly: Assembly, tables: Mapping[str, pa.Table]) -> tuple[pa.Array, dict[str, Codes]]:
    """Keys in ascending order, and for each table the place of each row's key among them; -1 without a place."""
    columns = {}
    for name, described in assembly.tables.items():
        column = tables[name].column(described.key_column)
        if column.null_count:
            raise DataError(f"table '{name}': {column.null_count} rows have no '{described.key_column}'")
        columns[name] = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    leading = columns[assembly.entity or next(iter(columns))]
    encoded = {name: sorted_codes(column.cast(leading.type)) for name, column in columns.items()}
    if assembly.entity is not None:
        keys = encoded[assembly.entity][0]
    elif len(encoded) == 1:
        keys = next(iter(encoded.values()))[0]
    else:
        keys = sorted_codes(pa.concat_arrays([own for own, _ in encoded.values()]))[0]
    # Imported on demand: a model server that computes no windows saves 7 MB.
    import pyarrow.compute as pc

    found = {}
    for name, (own, rows) in encoded.items():
        places = pc.index_in(own, value_set=keys).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        found[name] = places[rows] if len(places) else rows
    return keys, found


def _at(assembly: Assembly, tables: Mapping[str, SortedTable], keys: pa.Array, instant: int) -> pa.Table:
    windows = list(assembly.windows.values())
    seen = {
        name: TableAt(table, [window for window in windows if window.table == name], assembly.zone, instant)
        for name, table in tables.items()
    }
    counted = seen.values() if assembly.entity is None else [seen[assembly.entity]]
    exists = np.zeros(len(keys), dtype=bool)
    for table in counted:
        exists |= table.has_rows
    customers = np.flatnonzero(exists)
    columns: dict[str, pa.Array] = {assembly.key: keys.take(pa.array(customers))}
    for name, as_of in assembly.as_of_columns.items():
        columns[name] = seen[as_of.table].newest(name, customers)
    for name, window in assembly.windows.items():
        columns[name] = seen[window.table].window(window, customers)
    return pa.table(columns)
