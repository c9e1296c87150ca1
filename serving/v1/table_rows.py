"""Rows of tables in V1: lists of JSON objects in a customer's object, under the names of the tables."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

from serving.tables.described import RequestTables
from serving.tables.rows import TableRows, check_rows
from serving.v1.instances import TYPES
from serving.v2.errors import RequestError, quote
from tenure.transform.scalars import as_text


def take_tables(
    instances: Sequence[Any], described: RequestTables
) -> tuple[list[dict[str, Any]], dict[str, TableRows]] | None:
    """Divide customers into their own columns and the rows of their tables; None if no customer has rows.

    Raises:
        RequestError: a table is missing of some customers, or its rows are invalid; names instance, table, row and
            column.
        TooLargeError: there are too many rows.
    """
    sent = {
        name: place
        for place, instance in reversed([*enumerate(instances, start=1)])
        if isinstance(instance, dict)
        for name, value in instance.items()
        if _holds_rows(name, value, described)
    }
    if not sent:
        return None
    lists: dict[str, list[list[Any]]] = {table: [] for table in sent}
    plain = []
    for place, instance in enumerate(instances, start=1):
        if not isinstance(instance, dict):
            raise RequestError(f"instance {place} is {quote(instance)}, not a JSON object of columns by name")
        for table, having in sent.items():
            rows = instance.get(table)
            if table not in instance:
                raise RequestError(
                    f"instance {place} lacks the rows of '{table}', unlike instance {having}: an empty list means none"
                )
            if not isinstance(rows, list):
                raise RequestError(f"instance {place}: '{table}' is {quote(rows)}, not a list of rows")
            lists[table].append(rows)
        plain.append({name: value for name, value in instance.items() if name not in sent})
    check_rows(sum(len(rows) for of_table in lists.values() for rows in of_table))
    keys = [instance.get(described.assembly.key) for instance in plain]
    return plain, {table: _table(table, rows, keys, described) for table, rows in lists.items()}


def _holds_rows(name: str, value: object, described: RequestTables) -> bool:
    """Whether a member of an instance is a table's rows: an input may have the name of a table."""
    return described.is_table(name) and (isinstance(value, list) or name not in described.table_of)


def _table(table: str, lists: list[list[Any]], keys: list[Any], described: RequestTables) -> TableRows:
    """The rows of all customers as columns."""
    ends = [*accumulate(len(rows) for rows in lists)]
    place_of = partial(_place, table, ends)
    key = described.assembly.tables[table].key_column
    names: dict[str, None] = {}
    rows = [row for of_customer in lists for row in of_customer]
    owners = [owner for owner, of_customer in enumerate(lists) for _ in of_customer]
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise RequestError(f"{place_of(index)} is {quote(row)}, not a JSON object of columns by name")
        for name, value in row.items():
            if type(value) not in TYPES:
                raise RequestError(f"{place_of(index)}: {quote(name)} is {quote(value)}, not one text, number or null")
        if not row.keys() <= names.keys():
            names.update(dict.fromkeys(row))
        customer = keys[owners[index]]
        # As in V2, the same number is the same key in every datatype. A customer of an invalid type is refused later.
        is_valid = customer is not None and type(customer) in TYPES
        if key in row and is_valid and as_text(row[key]) != as_text(customer):
            raise RequestError(
                f"{place_of(index)}: its key '{key}' is {quote(row[key])}, the customer's is {quote(customer)}"
            )
    for name in names:
        described.check_column(table, name)
    wanted = {name: column for name, column in described.columns.get(table, {}).items() if name != key}
    for index, row in _lacking(rows, wanted):
        raise RequestError(f"{place_of(index)} lacks {row}")
    columns = {name: [row.get(name) for row in rows] for name in wanted if name in names}
    return TableRows(columns, owners, place_of)


def _lacking(rows: list[dict[str, Any]], wanted: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Rows without a column that they must have, with its name."""
    needed = [name for name, column in wanted.items() if column.required and not column.nullable]
    for index, row in enumerate(rows):
        if not row.keys() >= set(needed):
            yield index, quote(next(name for name in needed if name not in row))


def _place(table: str, ends: list[int], index: int) -> str:
    instance = bisect_right(ends, index)
    start = ends[instance - 1] if instance else 0
    return f"instance {instance + 1}, row {index - start + 1} of '{table}'"
