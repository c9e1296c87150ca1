"""``/openapi.json`` and ``/docs``: what this server takes, written from the contracts of the models it has."""

from __future__ import annotations

import html
import json
import shlex
from collections.abc import Iterable
from typing import Any

from serving.model import ChurnModel
from serving.v2.answer import ALWAYS, EXPLAINED, FLAGS
from serving.v2.request import MAX_REASONS
from tenure.contract import Column

_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_MEANINGS = {
    "400": "The request is wrong; the message names the column.",
    "401": "No key or token, or a wrong one; where the server asks for them.",
    "404": "There is no such model, or not in this version.",
    "408": "The request came too slowly.",
    "413": "The request is larger than the server reads.",
    "429": "Too many requests; see Retry-After.",
    "503": "The server is busy or ends; see Retry-After.",
    "504": "The answer would have come too late.",
}
_JSON_TYPES = {"FP64": "number", "BOOL": "boolean", "BYTES": "string"}


def document(models: Iterable[ChurnModel], server: str) -> dict[str, Any]:
    """The OpenAPI 3.1 description of the inference routes, and of the probes.

    Args:
        server: address under which the client asked.
    """
    paths: dict[str, Any] = {
        "/v2/health/live": {"get": _probe("Whether the process lives")},
        "/v2/health/ready": {"get": _probe("Whether requests are taken")},
    }
    for model in models:
        paths |= _paths(model)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tenure model server", "version": "2", "description": _INTRODUCTION},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }


def example_row(model: ChurnModel) -> dict[str, Any]:
    """A customer that the contract allows: of each column the first value, or the middle of its range."""
    contract = model.bundle.contract
    return {name: _example(name, column, model) for name, column in contract.inputs.items()}


def page(models: Iterable[ChurnModel], server: str) -> str:
    """The same for people: one page that loads nothing from anywhere."""
    parts = [f"<h1>Tenure model server</h1><p>{html.escape(_INTRODUCTION)} ",
             "As OpenAPI: <a href='openapi.json'>openapi.json</a>.</p>"]  # fmt: skip
    for model in models:
        contract = model.bundle.contract
        name = html.escape(model.name)
        parts.append(f"<h2>{name}</h2><p>Version {html.escape(model.bundle.version)}. ")
        parts.append(f"{html.escape(contract.description or '')}</p>")
        parts.append("<h3>Inputs</h3><table><tr><th>column<th>datatype<th>allowed<th>unit<th>meaning</tr>")
        types = {entry["name"]: entry["datatype"] for entry in model.get_input_types()}
        for column, described in contract.inputs.items():
            cells = (column, types[column], _allowed(described), described.unit or "", described.description or "")
            parts.append("<tr><td>" + "<td>".join(html.escape(cell) for cell in cells) + "</tr>")
        parts.append("</table><h3>Outputs</h3><table><tr><th>name<th>datatype<th>rows</tr>")
        for output in model.get_output_types():
            shape = "one a row" if len(output["shape"]) == 1 else "<var>explain</var> a row, with that parameter"
            parts.append(f"<tr><td>{html.escape(output['name'])}<td>{output['datatype']}<td>{shape}</tr>")
        parts.append(f"</table><h3>Try it</h3><p>V2:</p><pre>{html.escape(curl(model, server, 'v2'))}</pre>")
        parts.append(f"<p>V1:</p><pre>{html.escape(curl(model, server, 'v1'))}</pre>")
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Tenure</title><style>{_STYLE}</style>{''.join(parts)}"
    )


def curl(model: ChurnModel, server: str, protocol: str) -> str:
    """A command that asks ``model`` about the example row."""
    path, body = f"/v2/models/{model.name}/infer", _v2_example(model)
    if protocol == "v1":
        path, body = f"/v1/models/{model.name}:predict", {"instances": [example_row(model)]}
    words = ["curl", "-s", f"{server}{path}", "-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join(words)


_INTRODUCTION = (
    "Customers go in as raw columns by name, in any order, one or many; probability, decision, risk band and, "
    "when asked for, reasons come out. V2 also goes over gRPC, and with binary tensors."
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.25rem .5rem;"
    "text-align:left;vertical-align:top}pre{background:#8882;padding:1rem;overflow:auto;white-space:pre-wrap;word-break:break-all}"
    ":root{color-scheme:light dark}"
)


def _paths(model: ChurnModel) -> dict[str, Any]:
    name, version = model.name, model.bundle.version
    infer = _operation(model, "v2", _v2_request(model), _v2_answer(model), _v2_example(model))
    predict = _operation(model, "v1", _v1_request(model), _v1_answer(model), {"instances": [example_row(model)]})
    metadata = {"summary": f"What '{name}' takes and answers", "responses": _answers({"type": "object"})}
    return {
        f"/v2/models/{name}/infer": {"post": infer},
        f"/v2/models/{name}/versions/{version}/infer": {"post": infer},
        f"/v1/models/{name}:predict": {"post": predict},
        f"/v2/models/{name}": {"get": metadata},
        f"/v2/models/{name}/ready": {"get": _probe(f"Whether '{name}' answers")},
    }


def _operation(model: ChurnModel, protocol: str, body: Any, answer: Any, example: Any) -> dict[str, Any]:
    return {
        "summary": f"Ask '{model.name}' by the protocol {protocol.upper()}",
        "parameters": [
            {
                "name": "X-Request-ID",
                "in": "header",
                "description": "Comes back, and stands in the logs; one is made where none is given.",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "example": example}},
        },
        "responses": _answers(answer),
    }


def _answers(schema: dict[str, Any]) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    failures = {code: {"description": text, "content": error} for code, text in _MEANINGS.items()}
    return {"200": {"description": "The answer", "content": {"application/json": {"schema": schema}}}, **failures}


def _probe(summary: str) -> dict[str, Any]:
    return {"summary": summary, "responses": _answers({"type": "object"})}


def _v2_request(model: ChurnModel) -> dict[str, Any]:
    tensors = [_tensor(entry, model.bundle.contract.inputs[entry["name"]]) for entry in model.get_input_types()]
    ignored = [name for name in model.bundle.contract.columns if name not in model.bundle.contract.inputs]
    description = "One tensor a column, each of the same length."
    if ignored:
        description += f" Left out where they come: {', '.join(ignored)}."
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "inputs": {"type": "array", "description": description, "items": {"anyOf": tensors}},
            "parameters": _parameters(model),
            "outputs": {
                "type": "array",
                "description": "Those wanted; all without it.",
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"enum": [output["name"] for output in model.get_output_types()]}},
                },
            },
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


def _v2_answer(model: ChurnModel) -> dict[str, Any]:
    output = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"enum": [entry["name"] for entry in model.get_output_types()]},
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


def _v1_request(model: ChurnModel) -> dict[str, Any]:
    inputs = model.bundle.contract.inputs
    row = {
        "type": "object",
        "required": [name for name, column in inputs.items() if column.required],
        "properties": {name: {**_value(column), "description": _described(column)} for name, column in inputs.items()},
    }
    outputs = {"type": "array", "items": {"enum": [output["name"] for output in model.get_output_types()]}}
    parameters = _parameters(model)
    parameters["properties"] = {**parameters["properties"], "outputs": outputs}
    return {
        "type": "object",
        "required": ["instances"],
        "additionalProperties": False,
        "properties": {"instances": {"type": "array", "minItems": 1, "items": row}, "parameters": parameters},
    }


def _v1_answer(model: ChurnModel) -> dict[str, Any]:
    always = ALWAYS[model.bundle.contract.task]
    outputs: dict[str, Any] = {name: {"type": _JSON_TYPES[datatype]} for name, datatype in always.items()}
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


def _parameters(model: ChurnModel) -> dict[str, Any]:
    threshold: dict[str, Any] = {"type": "number", "description": "Contact from here on, instead of the model's own"}
    if model.bundle.contract.task == "classification":
        threshold |= {"minimum": 0, "maximum": 1}
    explain = {"type": "integer", "minimum": 0, "maximum": MAX_REASONS, "description": "Reasons a row"}
    return {"type": "object", "properties": {"explain": explain, "threshold": threshold}}


def _value(column: Column) -> dict[str, Any]:
    """What JSON may hold of a column; what lies outside the contract's values and ranges is answered, and flagged."""
    if column.type == "boolean":
        kinds = ["boolean"]
    elif column.type == "integer":
        kinds = ["integer"]
    else:
        kinds = ["number"] if column.type == "number" else ["string"]
    # A missing value is filled in as in training, whether or not the contract expects one.
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
    parts = [column.description, _allowed(column), column.unit]
    return "; ".join(part for part in parts if part)


def _allowed(column: Column) -> str:
    if column.values is not None:
        return ", ".join(column.values)
    if column.range is not None:
        low, high = ("…" if bound is None else f"{bound:g}" for bound in column.range)
        return f"{low} to {high}"
    return f"as {column.format}" if column.format else ""


def _v2_example(model: ChurnModel) -> dict[str, Any]:
    row = example_row(model)
    return {
        "inputs": [
            {"name": entry["name"], "shape": [1], "datatype": entry["datatype"], "data": [row[entry["name"]]]}
            for entry in model.get_input_types()
        ]
    }


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
