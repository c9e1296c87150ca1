"""A table that is one JSON object: records under a key, or columns, as pandas and web services write them."""

from __future__ import annotations

from typing import Any

DEEPEST = 3
"""Levels of objects around the records."""


def records_of(whole: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The records in a file's only object; None if it is a record itself.

    Known are the longest array of objects in it (``{"data": [{…}]}``); the names and rows of a table (``{"columns":
    […], "data": [[…]]}``); columns by name as arrays or as objects by row; and objects of one kind by their id.
    """
    names, rows = whole.get("columns"), whole.get("data")
    if isinstance(names, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return [dict(zip(map(str, names), row, strict=False)) for row in rows]
    found = max(_arrays(whole, DEEPEST), key=len, default=[])
    if len(found) > 1:
        return found
    return _of_columns(whole)


def _arrays(value: dict[str, Any], levels: int) -> list[list[dict[str, Any]]]:
    """The arrays of objects in an object."""
    found = []
    for inner in value.values():
        if isinstance(inner, list) and inner and all(isinstance(each, dict) for each in inner):
            found.append(inner)
        elif isinstance(inner, dict) and levels > 1:
            found += _arrays(inner, levels - 1)
    return found


def _of_columns(whole: dict[str, Any]) -> list[dict[str, Any]] | None:
    values = list(whole.values())
    if len(values) < 2:
        return None
    if all(isinstance(value, list) for value in values) and len({len(value) for value in values}) == 1:
        return [dict(zip(whole, row, strict=True)) for row in zip(*values, strict=True)] if len(values[0]) > 1 else None
    if not all(isinstance(value, dict) and value.keys() == values[0].keys() for value in values) or len(values[0]) < 2:
        return None
    if len(values) < len(values[0]):
        return [{name: column[row] for name, column in whole.items()} for row in values[0]]
    return [{"id": key, **value} for key, value in whole.items()]
