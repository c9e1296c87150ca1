"""What an engine does: it deals whole customers, as many at a time as memory holds, to one function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.assembly import Assembly
from tenure.contract.sources import assembly_of
from tenure.features.compute import compute
from tenure.features.tables import Tables

OfCustomers = Callable[[Assembly, Mapping[str, pa.Table]], pa.Table]
"""A function of some customers' rows, all of them, by table. Its result has the same schema for all customers."""


class Engine(Protocol):
    """Applies functions of whole customers to tables of any size. An engine inherits from this class."""

    name: str

    def map(
        self,
        contract: Contract,
        tables: Tables,
        columns: Mapping[str, Sequence[str]],
        function: OfCustomers,
        customers: pa.Array | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The results of ``function``, called once for each part of the customers.

        Args:
            contract: one with an assembly.
            tables: its parsed tables.
            columns: by table, those that the function reads, the key among them.
            function: what is computed; it can be pickled. Rows of customers whom the entity lacks may be left out.
            customers: keys of the only customers to deal; all without it. Keys that are in no table are ignored.

        Yields:
            The results in any order; at least one batch, so that the schema is known.
        """
        ...

    def panel(
        self, contract: Contract, tables: Tables, instants: Sequence[int], customers: pa.Array | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The features of customers as of instants, as ``compute`` returns them, in any order.

        Raises:
            DataError: as ``compute``.
        """
        assembly = assembly_of(contract)
        columns = {name: assembly.columns_of(name, label=False) for name in assembly.tables}
        return self.map(contract, tables, columns, partial(compute, instants=instants), customers)
