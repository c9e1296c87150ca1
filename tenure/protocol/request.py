"""Rows of raw columns as the body of a V2 inference request."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

Value = str | bool | int | float | date | None


def infer_request(
    columns: Mapping[str, Sequence[Value]],
    *,
    explain: int = 0,
    threshold: float | None = None,
    request_id: str | None = None,
    tables: Mapping[str, Mapping[str, Sequence[Value]]] | None = None,
    as_of: str | None = None,
    outputs: Sequence[str] = (),
) -> dict[str, Any]:
    """Build the body of ``POST /v2/models/{name}/infer``, one tensor a column.

    Args:
        columns: values by column name, of equal length; None and NaN are missing. Dates are sent as ISO 8601
            text; for a column in another format, give them as ``Column.as_written`` does.
        explain: maximum number of reasons a row.
        threshold: contact from this score on, instead of the model's threshold.
        tables: rows from which inputs of the model are computed: values by column, by table. The key column of a table
            says whose row it is.
        as_of: instant that inputs are computed as of; the current one without it.
        outputs: names of the outputs in the answer; by default all but those of the model's additions.

    Raises:
        ValueError: columns are empty or of different lengths.
    """
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(
            f"columns have {sorted(lengths) or 'no'} rows; every column needs the same number, at least one"
        )
    parameters: dict[str, Any] = {}
    if explain:
        parameters["explain"] = explain
    if threshold is not None:
        parameters["threshold"] = threshold
    if as_of is not None:
        parameters["as_of"] = as_of
    inputs = [_tensor(name, values) for name, values in columns.items()]
    for table, of_table in (tables or {}).items():
        inputs += [_tensor(f"{table}.{name}", values) for name, values in of_table.items()]
    document: dict[str, Any] = {"inputs": inputs}
    if parameters:
        document["parameters"] = parameters
    if outputs:
        document["outputs"] = [{"name": name} for name in outputs]
    if request_id is not None:
        document["id"] = request_id
    return document


def datatype_of(values: Sequence[Value]) -> str:
    """BOOL, INT64 or FP64 if all values that are not missing have that type, else BYTES: also for longer integers."""
    kinds = {type(value) for value in values if not _is_missing(value)}
    if kinds == {bool}:
        return "BOOL"
    if kinds == {int}:
        fits = all(-(2**63) <= value < 2**63 for value in values if isinstance(value, int))
        return "INT64" if fits else "BYTES"
    # Without values any datatype will do: null is valid for all.
    return "FP64" if kinds and kinds <= {int, float} else "BYTES"


def _tensor(name: str, values: Sequence[Value]) -> dict[str, Any]:
    datatype = datatype_of(values)
    data = [None if _is_missing(value) else _text(value) if datatype == "BYTES" else value for value in values]
    return {"name": name, "shape": [len(values)], "datatype": datatype, "data": data}


def _text(value: Value) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_missing(value: Value) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
