"""The schemas of custom resources: KServe's, Envoy Gateway's and our own, from their CustomResourceDefinitions.

They are closed: a field that a definition does not list, which an API server would drop silently, is an error here.
Rules that a definition states in CEL (``x-kubernetes-validations``) are not checked.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jsonschema
import yaml

Document = dict[str, Any]

FOLDER = Path(__file__).parent / "data" / "crds"
FILES = {
    "InferenceService": FOLDER / "serving.kserve.io_inferenceservices.yaml",
    "ServingRuntime": FOLDER / "serving.kserve.io_servingruntimes.yaml",
    "BackendTrafficPolicy": FOLDER / "gateway.envoyproxy.io_backendtrafficpolicies.yaml",
    "RolloutRequest": FOLDER.parents[2] / "k8s" / "base" / "rollout-requests" / "definition.yaml",
}
API_VERSIONS = {
    "InferenceService": "serving.kserve.io/v1beta1",
    "ServingRuntime": "serving.kserve.io/v1alpha1",
    "BackendTrafficPolicy": "gateway.envoyproxy.io/v1alpha1",
    "RolloutRequest": "tenure.dev/v1alpha1",
}


def definition(kind: str) -> Document:
    """The CustomResourceDefinition of a kind, a copy of the caller's own."""
    return yaml.load(FILES[kind].read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@functools.cache
def validator(kind: str) -> jsonschema.Draft202012Validator:
    """Of objects of a kind, in the version that is served."""
    (version,) = definition(kind)["spec"]["versions"]
    assert version["name"] == API_VERSIONS[kind].partition("/")[2]
    return jsonschema.Draft202012Validator(_closed(version["schema"]["openAPIV3Schema"]))


def errors(document: Document) -> list[str]:
    """What is wrong with an object, a line each: where, and what."""
    assert document["apiVersion"] == API_VERSIONS[document["kind"]]
    found = validator(document["kind"]).iter_errors(document)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def _closed(schema: Document) -> Document:
    closed = dict(schema)
    if "properties" in schema:
        closed["properties"] = {name: _closed(each) for name, each in schema["properties"].items()}
        if "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            closed["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            closed[key] = _closed(schema[key])
    # An integer or a string: OpenAPI has no union types, Kubernetes says so by an extension.
    if schema.get("x-kubernetes-int-or-string"):
        closed.pop("type", None)
    return closed
