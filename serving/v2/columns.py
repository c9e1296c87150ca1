"""From a request's tensors to the columns that a bundle takes.

Only names and lengths are checked here. Values go to the transform as they were sent: it reads them by the rules of
training, and its errors name column and row.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from serving.tables.described import RequestTables
from serving.v2.errors import RequestError, quote
from serving.v2.tensors import Tensor
from tenure.contract import Contract
from tenure.contract.values import TODAY_COLUMN

Column = list[Any] | np.ndarray
Columns = dict[str, Column]


def ignored_columns(contract: Contract) -> frozenset[str]:
    """Columns that a request may hold and no prediction depends on.

    A customer's whole row may be sent, and the day to a model that does not depend on it.
    """
    assembly = contract.assembly
    of_entity = () if assembly is None or assembly.entity is None else assembly.tables[assembly.entity].columns
    return frozenset((*contract.row_columns, *of_entity, TODAY_COLUMN)) - frozenset(contract.accepted)


class ColumnNames:
    """The names of a contract's columns."""

    def __init__(self, contract: Contract) -> None:
        self.tables = RequestTables.of(contract)
        """Of a contract whose inputs are computed from tables; None for another."""
        self._inputs = frozenset(contract.accepted)
        self._required = [name for name, column in contract.accepted.items() if column.required]
        self._ignored = ignored_columns(contract)
        self._key = next(iter(contract.columns_of("key")), None)
        self._nullable = frozenset(
            name for name, column in contract.accepted.items() if column.nullable or not column.required
        )

    def is_input(self, name: str) -> bool:
        """Whether the model has a column of this name."""
        return name in self._inputs

    def may_be_missing(self, name: str) -> bool:
        """Whether a row may lack the column's value: the contract allows it, or no prediction depends on the column."""
        return name in self._nullable or name == self._key or name in self._ignored

    def columns(
        self, tensors: Sequence[Tensor], *, computed: Collection[str] = (), rows: int | None = None
    ) -> tuple[Columns, int, Column | None]:
        """Columns by name, the number of rows, and the customers' keys if they were sent.

        Args:
            computed: inputs that are computed from rows of tables, and are not sent.
            rows: the number of rows, if it does not follow from the tensors.

        Raises:
            RequestError: an unknown, repeated or missing column, columns of different lengths, no rows, or a column
                that is computed.
        """
        columns: Columns = {}
        customers: Column | None = None
        seen: set[str] = set()
        first = tensors[0] if tensors else None
        for tensor in tensors:
            name = tensor.name
            if name in seen:
                raise RequestError(f"input {quote(name)} is given twice")
            seen.add(name)
            if first is not None and len(tensor) != len(first):
                raise RequestError(f"input {quote(name)} has {len(tensor)} rows, {quote(first.name)} has {len(first)}")
            if name in computed:
                raise RequestError(self._sent_twice(name))
            if name in self._inputs:
                columns[name] = tensor.values
            elif name == self._key:
                customers = tensor.values
            elif name not in self._ignored:
                raise RequestError(self._unknown(name))
        missing = [name for name in self._required if name not in columns and name not in computed]
        if missing:
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise RequestError(f"input {quote(missing[0])} is missing{more}{self._origin(missing[0])}")
        found = len(first) if first is not None else rows
        if not found:
            raise RequestError("the request has no rows")
        return columns, found, customers

    def _sent_twice(self, name: str) -> str:
        table = "" if self.tables is None else self.tables.table_of[name]
        return (
            f"input {quote(name)} is computed from the rows of '{table}', which are sent too: send the input or the "
            "rows, not both"
        )

    def _origin(self, name: str) -> str:
        """What else may be sent in place of an input; empty if nothing may."""
        table = None if self.tables is None else self.tables.table_of.get(name)
        if table is None:
            return ""
        return f": send it, or the rows of table '{table}' that it is computed from (an empty list means none)"

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name[:100], sorted(self._inputs), n=3)
        hint = f"; did you mean {' or '.join(map(quote, near))}?" if near else ""
        return f"unknown input {quote(name)}{hint}"
