"""Rows of tables in V2: tensors named ``table.column``, linked to the customers by the table's key column."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from serving.tables.described import RequestTables
from serving.tables.rows import TableRows, check_rows
from serving.v2.errors import RequestError, quote
from serving.v2.request import Request
from serving.v2.tensors import Tensor
from tenure.transform.scalars import as_text


def divided(request: Request, described: RequestTables) -> Request:
    """``request`` with the tensors of tables apart from those with one value a customer.

    Raises:
        RequestError: a table has columns of different lengths, lacks one, or a row is of no customer of the request.
        TooLargeError: there are too many rows.
    """
    tables: dict[str, dict[str, Tensor]] = {}
    plain = []
    for tensor in request.tensors:
        named = described.split(tensor.name)
        if named is None:
            plain.append(tensor)
            continue
        table, column = named
        described.check_column(table, column)
        of_table = tables.setdefault(table, {})
        if column in of_table:
            raise RequestError(f"input {quote(tensor.name)} is given twice")
        of_table[column] = tensor
    if not tables:
        return request
    check_rows(sum(len(next(iter(columns.values()))) for columns in tables.values()))
    customers = len(plain[0]) if plain else 1
    keys = next((tensor for tensor in plain if tensor.name == described.assembly.key), None)
    link = _Link(customers, keys, None if keys is None or customers == 1 else _places(keys))
    rows = {table: _table(table, columns, described, link) for table, columns in tables.items()}
    return replace(request, tensors=plain, tables=rows, rows=customers)


class _Link(NamedTuple):
    """What the rows of tables are linked to."""

    customers: int
    keys: Tensor | None
    """The customers' keys, if they were sent."""
    places: dict[str, int] | None
    """The index of each customer by the text of its key; None for one customer, or without keys."""


def _places(keys: Tensor) -> dict[str, int]:
    """The index of each customer by the text of its key."""
    found: dict[str, int] = {}
    for place, key in enumerate(_texts(keys)):
        if found.setdefault(key, place) != place:
            raise RequestError(
                f"input {quote(keys.name)}: rows {found[key] + 1} and {place + 1} are both {quote(key)}; the rows of "
                "tables belong to one customer each"
            )
    return found


def _table(table: str, tensors: dict[str, Tensor], described: RequestTables, link: _Link) -> TableRows:
    first = next(iter(tensors.values()))
    for tensor in tensors.values():
        if len(tensor) != len(first):
            raise RequestError(f"input {quote(tensor.name)} has {len(tensor)} rows, '{first.name}' has {len(first)}")
    key = described.assembly.tables[table].key_column
    own = tensors.pop(key, None)
    wanted = {name: column for name, column in described.columns.get(table, {}).items() if name != key}
    missing = [name for name, column in wanted.items() if column.required and name not in tensors]
    if missing and len(first):
        raise RequestError(f"input '{table}.{missing[0]}' is missing: the rows of '{table}' need it")
    columns = {name: tensor.values for name, tensor in tensors.items() if name in wanted}
    return TableRows(columns, _owners(f"{table}.{key}", own, len(first), link), partial(_place, table))


def _owners(name: str, own: Tensor | None, rows: int, link: _Link) -> list[int]:
    """Index of the customer of each row."""
    if link.customers == 1:
        customer = None if link.keys is None else _texts(link.keys)[0]
        if own is not None and customer is not None:
            for row, text in enumerate(_texts(own), start=1):
                if text != customer:
                    raise RequestError(
                        f"input '{name}', row {row}: {quote(text)} is not the customer of the request, "
                        f"{quote(customer)}"
                    )
        return [0] * rows
    if not rows:
        return []
    if own is None:
        raise RequestError(f"input '{name}' is missing: which of the {link.customers} customers is a row of?")
    if link.places is None:
        raise RequestError(f"the keys of the {link.customers} customers are missing, to which '{name}' refers")
    owners = []
    for row, text in enumerate(_texts(own), start=1):
        owner = link.places.get(text)
        if owner is None:
            raise RequestError(f"input '{name}', row {row}: no customer of the request is {quote(text)}")
        owners.append(owner)
    return owners


def _texts(tensor: Tensor) -> list[str]:
    """Keys as texts; the same number is the same key in every datatype."""
    values: list[Any] = tensor.values.tolist() if isinstance(tensor.values, np.ndarray) else list(tensor.values)
    found = []
    for row, value in enumerate(values, start=1):
        try:
            text = as_text(value)
        except ValueError as error:
            raise RequestError(f"input {quote(tensor.name)}, row {row}: {error}") from None
        if not text:
            raise RequestError(f"input {quote(tensor.name)}, row {row}: a key is missing")
        found.append(text)
    return found


def _place(table: str, index: int) -> str:
    return f"row {index + 1} of '{table}'"
