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
    tensors = [_tensor(entry, accepted[entry["name"]]) for entry in model.input_types()]
    ignored = [name for name in model.bundle.contract.columns if name not in accepted]
    description = "One tensor a column, each of the same length."
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
                "description": "The outputs in the answer; all by default.",
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
    inputs = model.bundle.contract.accepted
    row = {
        "type": "object",
        "required": [name for name, column in inputs.items() if column.required],
        "properties": {name: {**_value(column), "description": _described(column)} for name, column in inputs.items()},
    }
    outputs = {"type": "array", "items": {"enum": [output["name"] for output in model.output_types()]}}
    parameters = _parameters(model)
    parameters["properties"] = {**parameters["properties"], "outputs": outputs}
    return {
        "type": "object",
        "required": ["instances"],
        "additionalProperties": False,
        "properties": {"instances": {"type": "array", "minItems": 1, "items": row}, "parameters": parameters},
    }


def v1_answer(model: ChurnModel) -> dict[str, Any]:
    """Body of a V1 answer."""
    plain = always(get(model.bundle.contract.task).outputs)
    outputs: dict[str, Any] = {name: {"type": _JSON_TYPES[datatype]} for name, datatype in plain.items()}
    outputs |= {name: {"type": "array", "items": {"type": "string"}} for name in FLAGS}
    outputs |= {name: {"type": "array", "items": {"type": _JSON_TYPES[kind]}} for name, kind in EXPLAINED.items()}
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
    return {"type": "object", "properties": {"explain": explain, "threshold": threshold}}


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
