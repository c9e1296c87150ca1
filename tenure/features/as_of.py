"""Features as of one instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.sources import assembly_of
from tenure.errors import InputError
from tenure.features.engines.choice import choose
from tenure.features.engines.engine import Engine
from tenure.features.tables import Tables


def at(
    contract: Contract,
    tables: Tables,
    instant: int,
    customers: Sequence[Any] | pa.Array | None = None,
    engine: Engine | None = None,
) -> pa.Table:
    """The features of customers as of an instant; no label is needed.

    Args:
        contract: one whose features are computed from tables.
        tables: its parsed tables.
        instant: microseconds since 1970-01-01 in UTC.
        customers: their keys; all who exist at the instant without it. Of those who do not exist there is no row.
        engine: what deals the customers; chosen by the size of the tables without it, see ``engines.choice``.

    Returns:
        As ``compute`` returns it: one row a customer, ordered by key.

    Raises:
        InputError: the keys of ``customers`` are of several types.
        DataError: as ``compute``, or a key of ``customers`` cannot be one of the tables.
    """
    chosen = None if customers is None else _keys(customers)
    found = pa.Table.from_batches(list((engine or choose(tables)).panel(contract, tables, [instant], chosen)))
    return found.sort_by(assembly_of(contract).key)


def _keys(customers: Sequence[Any] | pa.Array) -> pa.Array:
    try:
        return customers if isinstance(customers, pa.Array) else pa.array(customers)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(f"'customers' must be keys of one type: {str(error).splitlines()[0]}") from None
