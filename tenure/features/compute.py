"""Computes the features of whole customers as of instants: the one function that every engine, step and request calls.

Rows from an instant on, and rows that are not known at it, have no part in its features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from tenure.contract.assembly import Assembly
from tenure.contract.schema import SNAPSHOT_COLUMN
from tenure.features.customers import number_customers
from tenure.features.cut_column import cut_column
from tenure.features.dealing import deal
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
    parts = [_of_part(assembly, dealt, wanted or [0]) for dealt in deal(assembly, tables)]
    by_instant = [pa.concat_tables(part) for part in zip(*parts, strict=True)]
    cuts = cut_column(wanted, [table.num_rows for table in by_instant[: len(wanted)]], assembly.zone)
    return pa.concat_tables(by_instant).slice(0, len(cuts)).add_column(1, SNAPSHOT_COLUMN, cuts)


def _of_part(assembly: Assembly, tables: Mapping[str, pa.Table], instants: Sequence[int]) -> list[pa.Table]:
    """The features of some customers, a table an instant."""
    keys, codes = number_customers(assembly, tables)
    ordered = {name: SortedTable(assembly, name, tables[name], codes[name], len(keys)) for name in assembly.tables}
    return [_at(assembly, ordered, keys, instant) for instant in instants]


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
