"""What a request may hold of the tables from which a contract's inputs are computed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from serving.v2.errors import RequestError, quote
from tenure.contract import Column, Contract
from tenure.contract.assembly import Assembly

SEPARATOR = "."
"""Between table and column in the name of a V2 tensor."""


class RequestTables:
    """The tables of one contract.

    Args:
        assembly: of the contract.
        inputs: names of the model's inputs.
    """

    def __init__(self, assembly: Assembly, inputs: Iterable[str]) -> None:
        self.assembly = assembly
        self.table_of = {name: _table_of(name, assembly) for name in inputs}
        """The table that each input is computed from, by name of the input."""
        used = set(self.table_of.values())
        self.columns: Mapping[str, Mapping[str, Column]] = {
            table: {name: assembly.tables[table].columns[name] for name in assembly.columns_of(table, label=False)}
            for table in assembly.tables
            if table in used
        }
        """The columns that are read of each table, the key first; tables that no input needs are left out."""

    @classmethod
    def of(cls, contract: Contract) -> RequestTables | None:
        """The tables of ``contract``; None if its inputs are the columns of one table."""
        return None if contract.assembly is None else cls(contract.assembly, contract.inputs)

    def inputs_of(self, tables: Iterable[str]) -> frozenset[str]:
        """The inputs that are computed from some of the tables."""
        wanted = set(tables)
        return frozenset(name for name, table in self.table_of.items() if table in wanted)

    def is_table(self, name: str) -> bool:
        """Whether ``name`` is a table of the contract, also one that no input needs."""
        return name in self.assembly.tables

    def unknown(self, name: str) -> str:
        """A message that no table is called ``name``, with those whose rows inputs are computed from."""
        near = difflib.get_close_matches(name[:100], self.columns, n=1)
        hint = f"did you mean {quote(near[0])}?" if near else f"there are {', '.join(self.columns)}"
        return f"no table is called {quote(name)}: {hint}"

    def split(self, tensor: str) -> tuple[str, str] | None:
        """Table and column that the name of a V2 tensor means; None for another name."""
        table, separator, column = tensor.partition(SEPARATOR)
        return (table, column) if separator and self.is_table(table) and tensor not in self.table_of else None

    def check_column(self, table: str, column: str) -> None:
        """Check that the contract's table has such a column.

        Raises:
            RequestError: it has none.
        """
        known = self.assembly.tables[table].columns
        if column in known:
            return
        near = difflib.get_close_matches(column[:100], known, n=3)
        hint = f"; did you mean {' or '.join(map(quote, near))}?" if near else f"; it has {', '.join(known)}"
        raise RequestError(f"table '{table}' has no column {quote(column)}{hint}")


def _table_of(name: str, assembly: Assembly) -> str:
    window = assembly.windows.get(name)
    return assembly.as_of_columns[name].table if window is None else window.table
