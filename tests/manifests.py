"""Rendered manifests, and what pods they lead to."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
K8S = ROOT / "k8s"
OVERLAYS = ("kind", "production")
MODEL_URI = "s3://tenure-models/mlflow/1/0123456789abcdef/artifacts/model-0a1b2c3d4e5f/data/bundle"
TAG = "0123456789ab"

Document = dict[str, Any]
Render = Callable[..., list[Document]]


def run(*command: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **(environment or {})}
    )


def rendered(overlay: str, components: tuple[str, ...]) -> list[Document]:
    if not components:
        return _documents(overlay)
    folder = ROOT / "build" / "tests" / "-".join((overlay, *components, str(os.getpid())))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        relative = os.path.relpath(K8S, folder)
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [f"{relative}/overlays/{overlay}"],
            "components": [f"{relative}/components/{component}" for component in components],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
        return _documents(str(folder))
    finally:
        shutil.rmtree(folder)


def _documents(overlay: str) -> list[Document]:
    result = run(
        "bash",
        str(K8S / "scripts" / "render.sh"),
        overlay,
        MODEL_URI,
        environment={"IMAGE_TAG": TAG, "IMAGE_PREFIX": "registry.example.com/team"},
    )
    assert result.returncode == 0, result.stderr
    return [document for document in yaml.safe_load_all(result.stdout) if document]


def pods(documents: list[Document]) -> list[tuple[str, Document, Document]]:
    """Every pod that the documents lead to: (name for messages, its metadata with namespace, its spec).

    KServe makes the server's pod of the InferenceService's predictor and the ServingRuntime's container.
    """
    found = []
    for document in documents:
        kind, name = document["kind"], document["metadata"]["name"]
        namespace = document["metadata"].get("namespace", "default")
        spec = document.get("spec", {})
        if kind in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
            template = spec["template"]
        elif kind == "CronJob":
            template = spec["jobTemplate"]["spec"]["template"]
        elif kind == "InferenceService":
            template = _predictor_pod(document, documents)
        else:
            continue
        metadata = {**template.get("metadata", {}), "namespace": namespace}
        found.append((f"{kind} {namespace}/{name}", metadata, template["spec"]))
    return found


def _predictor_pod(service: Document, documents: list[Document]) -> Document:
    predictor = service["spec"]["predictor"]
    runtime = next(
        document["spec"]
        for document in documents
        if document["kind"] == "ServingRuntime"
        and document["metadata"]["name"] == predictor["model"]["runtime"]
        and document["metadata"]["namespace"] == service["metadata"]["namespace"]
    )
    labels = {
        **runtime.get("labels", {}),
        **service["metadata"].get("labels", {}),
        **predictor.get("labels", {}),
        "serving.kserve.io/inferenceservice": service["metadata"]["name"],
        "component": "predictor",
        "app": f"isvc.{service['metadata']['name']}-predictor",
    }
    spec = {key: value for key, value in predictor.items() if key != "model"}
    spec |= {"containers": runtime["containers"], "volumes": runtime.get("volumes", []) + predictor.get("volumes", [])}
    return {"metadata": {"labels": labels, "annotations": runtime.get("annotations", {})}, "spec": spec}


def server_arguments(documents: list[Document], name: str = "churn") -> list[str]:
    """The model server's arguments as its process gets them: filled in by the kubelet from its env, and by KServe."""
    runtime = next(document for document in documents if document["kind"] == "ServingRuntime")
    container = runtime["spec"]["containers"][0]
    configs = {d["metadata"]["name"]: d.get("data", {}) for d in documents if d["kind"] == "ConfigMap"}
    sources = {entry["name"]: entry["valueFrom"]["configMapKeyRef"] for entry in container["env"]
               if "configMapKeyRef" in entry.get("valueFrom", {})}  # fmt: skip
    values = {variable: configs[source["name"]][source["key"]] for variable, source in sources.items()}
    return [
        re.sub(r"\$\((\w+)\)", lambda found: values[found[1]], word).replace("{{.Name}}", name)
        for word in container["args"]
    ]


def walk(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every (path, value) below ``value``."""
    found = [(path, value)]
    if isinstance(value, dict):
        for key, item in value.items():
            found += walk(item, f"{path}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            found += walk(item, f"{path}[{number}]")
    return found
