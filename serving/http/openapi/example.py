"""Example requests to a model."""

from __future__ import annotations

import json
import shlex
from typing import Any

from serving.inference.model import ChurnModel
from tenure.contract import Column


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


def curl(model: ChurnModel, server: str, protocol: str) -> str:
    """A shell command that sends the example row to ``model``."""
    path, body = f"/v2/models/{model.name}/infer", v2_example(model)
    if protocol == "v1":
        path, body = f"/v1/models/{model.name}:predict", {"instances": [example_row(model)]}
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
