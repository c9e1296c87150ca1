"""From a request's tensors to the columns that a bundle takes.

Only names and lengths are checked here. Values go to the transform as they were sent: it reads them by the rules of
training, and its errors name column and row.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np

from serving.v2.errors import RequestError, quote
from serving.v2.tensors import Tensor
from tenure.contract import Contract
from tenure.contract.values import TODAY_COLUMN

Column = list[Any] | np.ndarray
Columns = dict[str, Column]


class ColumnNames:
    """The names of a contract's columns."""

    def __init__(self, contract: Contract) -> None:
        self._inputs = frozenset(contract.accepted)
        self._required = [name for name, column in contract.accepted.items() if column.required]
        # A customer's whole row may be sent, and the day to a model that does not depend on it: both are ignored.
        self._ignored = frozenset((*contract.columns, TODAY_COLUMN)) - self._inputs
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

    def columns(self, tensors: Sequence[Tensor]) -> tuple[Columns, int, Column | None]:
        """Columns by name, the number of rows, and the customers' keys if they were sent.

        Raises:
            RequestError: an unknown, repeated or missing column, columns of different lengths, no rows.
        """
        columns: Columns = {}
        customers: Column | None = None
        seen: set[str] = set()
        first = tensors[0]
        for tensor in tensors:
            name = tensor.name
            if name in seen:
                raise RequestError(f"input {quote(name)} is given twice")
            seen.add(name)
            if len(tensor) != len(first):
                raise RequestError(f"input {quote(name)} has {len(tensor)} rows, {quote(first.name)} has {len(first)}")
            if name in self._inputs:
                columns[name] = tensor.values
            elif name == self._key:
                customers = tensor.values
            elif name not in self._ignored:
                raise RequestError(self._unknown(name))
        missing = [name for name in self._required if name not in columns]
        if missing:
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise RequestError(f"input {quote(missing[0])} is missing{more}")
        if not len(first):
            raise RequestError("the request has no rows")
        return columns, len(first), customers

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name[:100], sorted(self._inputs), n=3)
        hint = f"; did you mean {' or '.join(map(quote, near))}?" if near else ""
        return f"unknown input {quote(name)}{hint}"
