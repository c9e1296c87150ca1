"""The customers of several tables, numbered in the order of their keys."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import Assembly
from tenure.count_text import rows as counted_rows
from tenure.errors import DataError
from tenure.features.arrays import sorted_codes, whole_array


def number_customers(assembly: Assembly, tables: Mapping[str, pa.Table]) -> tuple[pa.Array, dict[str, Codes]]:
    """Keys in ascending order, and for each table the place of each row's key among them.

    The keys are those of the entity, of its type; without an entity those of all tables. Rows of other customers have
    the place -1.

    Args:
        assembly: which column of each table has the key.
        tables: by name; keys may be dictionary-encoded.

    Raises:
        DataError: a row has no key, or a key cannot be converted to the entity's type.
    """
    kind = None
    encoded = {}
    for name in [assembly.entity or next(iter(assembly.tables)), *assembly.tables]:
        if name not in encoded:
            own, places = sorted_codes(_keys(tables[name], name, assembly.tables[name].key_column))
            kind = kind or own.type
            encoded[name] = (_converted(own, kind, name, assembly.tables[name].key_column), places)
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
        if own is keys:
            found[name] = rows
            continue
        places = pc.index_in(own, value_set=keys).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        found[name] = places[rows] if len(places) else rows
    return keys, found


def _keys(table: pa.Table, name: str, key: str) -> pa.Array:
    column = table.column(key)
    if column.null_count:
        raise DataError(f"table '{name}': no '{key}' in {counted_rows(column.null_count)}")
    return whole_array(column)


def _converted(keys: pa.Array, kind: pa.DataType, name: str, key: str) -> pa.Array:
    try:
        return keys.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"table '{name}': the keys in '{key}' are of type {keys.type}, not {kind}: {str(error).splitlines()[0]}"
        ) from None
