"""Example requests to a model."""

from __future__ import annotations

import json
import shlex
from typing import Any

from serving.inference.model import ChurnModel
from serving.tables.described import RequestTables
from tenure.contract import Column

EXAMPLE_INSTANT = "2026-02-01T06:00"
"""Of the rows of tables in an example, which are a day before."""


def example_row(model: ChurnModel) -> dict[str, Any]:
    """A customer valid by the contract: of each column the first value, or the middle of its range."""
    contract = model.bundle.contract
    return {name: _example(name, column, model) for name, column in contract.inputs.items()}


def v2_example(model: ChurnModel) -> dict[str, Any]:
    """The same customer as the body of a V2 request."""
    row = example_row(model)
    return {
        "inputs": [
            {"name": entry["name"], "shape": [1], "datatype": entry["datatype"], "data": [row[entry["name"]]]}
            for entry in model.input_types()
            if entry["name"] in row
        ]
    }


def v1_examples(model: ChurnModel) -> dict[str, dict[str, Any]]:
    """Bodies of V1 requests by name: with ready inputs, and with rows of tables where inputs are computed from them."""
    ready = {"summary": "Ready inputs", "value": {"instances": [example_row(model)]}}
    described = model.names.tables
    if described is None:
        return {"ready": ready}
    rows = {table: [row] for table, row in _example_rows(model, described).items()}
    value = {"instances": [_of_entity(model, described) | rows], "as_of": EXAMPLE_INSTANT}
    return {"rows": {"summary": "Rows of tables", "value": value}, "ready": ready}


def v2_examples(model: ChurnModel) -> dict[str, dict[str, Any]]:
    """The same as bodies of V2 requests."""
    ready = {"summary": "Ready inputs", "value": v2_example(model)}
    described = model.names.tables
    if described is None:
        return {"ready": ready}
    columns = {name: [value] for name, value in _of_entity(model, described).items()}
    tables = {
        table: {name: [value] for name, value in row.items()} for table, row in _example_rows(model, described).items()
    }
    types = {entry["name"]: entry["datatype"] for entry in model.input_types()}
    value = {
        "inputs": [
            {"name": name, "shape": [1], "datatype": types[name], "data": data} for name, data in columns.items()
        ]
        + [
            {"name": f"{table}.{name}", "shape": [1], "datatype": types[f"{table}.{name}"], "data": data}
            for table, of_table in tables.items()
            for name, data in of_table.items()
        ],
        "parameters": {"as_of": EXAMPLE_INSTANT},
    }
    return {"rows": {"summary": "Rows of tables", "value": value}, "ready": ready}


def _of_entity(model: ChurnModel, described: RequestTables) -> dict[str, Any]:
    """The inputs that are the customer's own columns."""
    entity = described.assembly.entity
    return {name: value for name, value in example_row(model).items() if described.table_of[name] == entity}


def _example_rows(model: ChurnModel, described: RequestTables) -> dict[str, dict[str, Any]]:
    """A row of each table, without its key."""
    return {
        table: {
            name: _example(name, column, model)
            for name, column in columns.items()
            if name != described.assembly.tables[table].key_column
        }
        for table, columns in described.columns.items()
        if table != described.assembly.entity
    }


def curl(model: ChurnModel, server: str, protocol: str) -> str:
    """A shell command that sends the first example to ``model``."""
    path, examples = f"/v2/models/{model.name}/infer", v2_examples(model)
    if protocol == "v1":
        path, examples = f"/v1/models/{model.name}:predict", v1_examples(model)
    body = next(iter(examples.values()))["value"]
    words = ["curl", "-s", f"{server}{path}", "-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join(words)


def _example(name: str, column: Column, model: ChurnModel) -> Any:
    if column.type == "boolean":
        return True
    if column.is_numeric:
        low, high = column.range or (None, None)
        middle = low if high is None else high if low is None else (low + high) / 2
        value = 1.0 if middle is None else middle
        return int(value) if column.type == "integer" else float(value)
    if column.is_temporal:
        from datetime import datetime

        day = datetime(2026, 1, 31)  # noqa: DTZ001 dates of a table have no zone
        return column.as_written(day.date() if column.type == "date" else day)
    if column.values:
        return column.values[0]
    features = model.bundle.transform.features
    return next((feature.value for feature in features if feature.source == name and feature.value), "text")
