"""JSON schemas of requests and answers, from a model's contract."""

from __future__ import annotations

from typing import Any

from serving.http.openapi.columns import allowed
from serving.inference.model import ChurnModel
from serving.v2.answer import EXPLAINED, FLAGS, always
from serving.v2.request import MAX_REASONS
from tenure.contract import Column
from tenure.tasks import get

_JSON_TYPES = {"FP64": "number", "BOOL": "boolean", "BYTES": "string"}


def v2_request(model: ChurnModel) -> dict[str, Any]:
    """Body of a V2 request."""
    accepted = model.bundle.contract.accepted
    described = accepted | model.table_columns()
    tensors = [_tensor(entry, described[entry["name"]]) for entry in model.input_types()]
    ignored = [name for name in model.bundle.contract.columns if name not in accepted]
    description = "One tensor a column, each of the same length."
    if model.names.tables is not None:
        description += (
            " In place of the inputs that are computed from a table, its rows may be sent, as tensors named"
            " 'table.column'; the key column, which may be left out for one customer, says whose row it is."
        )
    if ignored:
        description += f" Ignored if sent: {', '.join(ignored)}."
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "inputs": {"type": "array", "description": description, "items": {"anyOf": tensors}},
            "parameters": _parameters(model),
            "outputs": {
                "type": "array",
                "description": _which_outputs(model),
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"enum": [output["name"] for output in model.output_types()]}},
                },
            },
        },
    }


def v2_answer(model: ChurnModel) -> dict[str, Any]:
    """Body of a V2 answer."""
    output = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"enum": [entry["name"] for entry in model.output_types()]},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "datatype": {"type": "string"},
            "data": {"type": "array"},
        },
    }
    return {
        "type": "object",
        "required": ["model_name", "model_version", "id", "outputs"],
        "properties": {
            "model_name": {"const": model.name},
            "model_version": {"type": "string"},
            "id": {"type": "string"},
            "outputs": {"type": "array", "items": output},
        },
    }


def v1_request(model: ChurnModel) -> dict[str, Any]:
    """Body of a V1 request."""
    row = _customer(model)
    outputs = {
        "type": "array",
        "description": _which_outputs(model),
        "items": {"enum": [output["name"] for output in model.output_types()]},
    }
    parameters = _parameters(model)
    parameters["properties"] = {**parameters["properties"], "outputs": outputs}
    return {
        "type": "object",
        "required": ["instances"],
        "additionalProperties": False,
        "properties": {
            "instances": {"type": "array", "minItems": 1, "items": row},
            "parameters": parameters,
            **_as_of(model),
        },
    }


def v1_answer(model: ChurnModel) -> dict[str, Any]:
    """Body of a V1 answer."""
    plain = always(get(model.bundle.contract.task).outputs)
    outputs: dict[str, Any] = {name: {"type": _JSON_TYPES[datatype]} for name, datatype in plain.items()}
    outputs |= {name: {"type": "array", "items": {"type": "string"}} for name in FLAGS}
    outputs |= {name: {"type": "array", "items": {"type": _JSON_TYPES[kind]}} for name, kind in EXPLAINED.items()}
    outputs |= {
        name: {"type": ["number", "null"] if column.type == "number" else "string", "description": column.description}
        for name, column in model.added.items()
    }
    return {
        "type": "object",
        "required": ["predictions", "model_name", "model_version", "id"],
        "properties": {
            "predictions": {"type": "array", "items": {"type": "object", "properties": outputs}},
            "model_name": {"const": model.name},
            "model_version": {"type": "string"},
            "id": {"type": "string"},
        },
    }


def _which_outputs(model: ChurnModel) -> str:
    default = "all but those that are described here" if model.added else "all"
    described = [f"{name}: {column.description}" for name, column in model.added.items()]
    return "; ".join([f"The outputs in the answer; {default} by default", *described])


def _customer(model: ChurnModel) -> dict[str, Any]:
    """A customer in V1: its inputs, or the rows of the tables that they are computed from."""
    inputs, described = model.bundle.contract.accepted, model.names.tables
    properties: dict[str, Any] = {name: _property(column) for name, column in inputs.items()}
    required = [name for name, column in inputs.items() if column.required]
    if described is not None:
        entity = described.assembly.entity
        required = [name for name in required if described.table_of.get(name) == entity]
        for table, columns in described.columns.items():
            key = described.assembly.tables[table].key_column
            own = {name: column for name, column in columns.items() if name != key}
            item = {
                "type": "object",
                "required": [name for name, column in own.items() if column.required and not column.nullable],
                "properties": {name: _property(column) for name, column in own.items()},
            }
            if table != entity:
                computed = ", ".join(sorted(described.inputs_of([table])))
                properties[table] = {
                    "type": "array",
                    "items": item,
                    "description": f"Rows, in place of what is computed from them: {computed}. Empty for none.",
                }
    return {"type": "object", "required": required, "properties": properties}


def _property(column: Column) -> dict[str, Any]:
    return {**_value(column), "description": _described(column)}


def _as_of(model: ChurnModel) -> dict[str, Any]:
    """The instant of a request, for a model whose inputs are computed from tables."""
    described = model.names.tables
    if described is None:
        return {}
    description = f"Instant of the prediction, ISO 8601, {described.assembly.zone} without an offset; by default now"
    return {"as_of": {"type": "string", "description": description, "examples": ["2026-11-30T06:00"]}}


def _tensor(entry: dict[str, Any], column: Column) -> dict[str, Any]:
    return {
        "type": "object",
        "title": entry["name"],
        "description": _described(column),
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"const": entry["name"]},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 2},
            "datatype": {"const": entry["datatype"]},
            "data": {"type": "array", "minItems": 1, "items": _value(column)},
        },
    }


def _parameters(model: ChurnModel) -> dict[str, Any]:
    threshold: dict[str, Any] = {
        "type": "number",
        "description": "Contact from this score on; default: the model's",
    }
    outputs = get(model.bundle.contract.task).outputs
    if outputs.bounded:
        threshold |= {"minimum": outputs.lowest, "maximum": outputs.highest}
    explain = {"type": "integer", "minimum": 0, "maximum": MAX_REASONS, "description": "Number of reasons a row"}
    return {"type": "object", "properties": {"explain": explain, "threshold": threshold, **_as_of(model)}}


def _value(column: Column) -> dict[str, Any]:
    """The JSON schema of a value; values outside the contract's values and range are answered, and flagged."""
    if column.type == "boolean":
        kinds = ["boolean"]
    elif column.type == "integer":
        kinds = ["integer"]
    else:
        kinds = ["number"] if column.type == "number" or column.is_epoch else ["string"]
    # A missing value is imputed as in training, whether or not the contract allows one.
    schema: dict[str, Any] = {"type": [*kinds, "null"]}
    if column.values is not None and column.is_text:
        schema["examples"] = list(column.values)
    if column.range is not None:
        low, high = column.range
        schema |= {key: bound for key, bound in (("minimum", low), ("maximum", high)) if bound is not None}
    if column.is_temporal and column.format is None:
        schema["format"] = "date" if column.type == "date" else "date-time"
    return schema


def _described(column: Column) -> str:
    parts = [column.description, allowed(column), column.unit]
    return "; ".join(part for part in parts if part)
