"""The OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from serving.http.openapi.example import v1_examples, v2_examples
from serving.http.openapi.schemas import v1_answer, v1_request, v2_answer, v2_request
from serving.inference.model import ChurnModel

INTRODUCTION = (
    "Customers go in as raw columns by name, in any order, one or many; probability or value, decision, band and, "
    "when asked for, reasons come out. V2 also goes over gRPC, and with binary tensors."
)


_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}


_MEANINGS = {
    "400": "The request is invalid; the message names the column.",
    "401": "No key or token, or an invalid one, if the server requires one.",
    "404": "There is no such model, or not in this version.",
    "408": "The request took too long to arrive.",
    "413": "The request is above a limit of size.",
    "415": "The content coding is not supported; see Accept-Encoding.",
    "429": "Too many requests; see Retry-After.",
    "503": "The server is at its load limit or stops; see Retry-After.",
    "504": "The request's deadline has passed.",
}


def document(models: Iterable[ChurnModel], server: str) -> dict[str, Any]:
    """The OpenAPI 3.1 description of the inference routes, and of the probes.

    Args:
        server: address that the client used.
    """
    paths: dict[str, Any] = {
        "/v2/health/live": {"get": _probe("Liveness")},
        "/v2/health/ready": {"get": _probe("Readiness of the server")},
    }
    for model in models:
        paths |= _paths(model)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tenure model server", "version": "2", "description": INTRODUCTION},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }


def _paths(model: ChurnModel) -> dict[str, Any]:
    name, version = model.name, model.bundle.version
    infer = _operation(model, "v2", v2_request(model), v2_answer(model), v2_examples(model))
    predict = _operation(model, "v1", v1_request(model), v1_answer(model), v1_examples(model))
    metadata = {"summary": f"Inputs and outputs of '{name}'", "responses": _answers({"type": "object"})}
    return {
        f"/v2/models/{name}/infer": {"post": infer},
        f"/v2/models/{name}/versions/{version}/infer": {"post": infer},
        f"/v1/models/{name}:predict": {"post": predict},
        f"/v2/models/{name}": {"get": metadata},
        f"/v2/models/{name}/ready": {"get": _probe(f"Readiness of '{name}'")},
    }


def _operation(
    model: ChurnModel, protocol: str, body: Any, answer: Any, examples: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    shown: dict[str, Any] = {"example": next(iter(examples.values()))["value"]}
    if len(examples) > 1:
        shown = {"examples": examples}
    return {
        "summary": f"Inference by '{model.name}' in the protocol {protocol.upper()}",
        "parameters": [
            {
                "name": "X-Request-ID",
                "in": "header",
                "description": "Returned in the answer, and logged; generated if absent.",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, **shown}},
        },
        "responses": _answers(answer),
    }


def _answers(schema: dict[str, Any]) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    failures = {code: {"description": text, "content": error} for code, text in _MEANINGS.items()}
    return {"200": {"description": "The answer", "content": {"application/json": {"schema": schema}}}, **failures}


def _probe(summary: str) -> dict[str, Any]:
    return {"summary": summary, "responses": _answers({"type": "object"})}
