"""The connection to the cluster, and the API server's errors as ours, in one line each that says what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from rollout.traffic.inference_service import Document
from tenure.errors import InputError, SourceError, one_line

MAX_MESSAGE = 400
"""Characters of another library's error that a message quotes."""

KSERVE = "/apis/serving.kserve.io/v1beta1"
GATEWAY = "/apis/gateway.networking.k8s.io/v1"
REQUESTS = "/apis/tenure.dev/v1alpha1"
INSTALL = {
    KSERVE: "KServe's CRDs are not installed: kubectl apply --server-side -f "
    "https://github.com/kserve/kserve/releases/download/v0.21.0/kserve.yaml, or make kind-up",
    GATEWAY: "the Gateway API's CRDs are not installed: kubectl apply --server-side -f "
    "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml, or make kind-up",
    REQUESTS: "the CRD RolloutRequest is not installed: kubectl apply --server-side -k k8s/base/rollout-requests",
}
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Conflict(Exception):  # noqa: N818 (it is what HTTP calls it)
    """The object has changed since it was read, or exists already; read it again."""


def connect(settings: client.Configuration, context: str | None) -> str:
    """Fill in the cluster's address and credentials; returns the default namespace.

    Raises:
        InputError: no cluster is configured, or there is no such context.
    """
    inside = SERVICE_ACCOUNT / "namespace"
    if context is None and not os.environ.get("KUBECONFIG") and inside.exists():
        config.load_incluster_config(client_configuration=settings)
        return inside.read_text(encoding="utf-8").strip()
    # The client library reads KUBECONFIG only once, when it is imported.
    file = os.environ.get("KUBECONFIG") or None
    try:
        contexts, active = config.list_kube_config_contexts(file)
        if context is not None:
            active = next((item for item in contexts if item["name"] == context), None)
            if active is None:
                known = ", ".join(sorted(item["name"] for item in contexts)) or "none"
                raise InputError(f"no context {context!r} in the kubeconfig (there: {known})")
        config.load_kube_config(file, context=context, client_configuration=settings)
    except ConfigException as error:
        raise InputError(
            f"no cluster: set KUBECONFIG, or run inside a pod with a service account ({one_line(error, MAX_MESSAGE)})"
        ) from error
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise InputError(f"the kubeconfig cannot be read: {one_line(error, MAX_MESSAGE)}") from error
    return str(active["context"].get("namespace") or "default")


def translated(error: ApiException, path: str, host: str) -> Exception:  # noqa: PLR0911 (one line a status)
    """The API server's error as ``Conflict``, ``InputError`` or ``SourceError``."""
    status = status_of(error)
    message = one_line(status.get("message") or error.reason or "", MAX_MESSAGE)
    what = f"{host}{path}"
    if error.status == 409:
        return Conflict(message)
    if error.status == 401:
        return SourceError(f"{host}: the credentials are not accepted (401); log in again or pass --context")
    if error.status == 403 and "exceeded quota" in message:
        return SourceError(f"quota: {message}")
    if error.status == 403 and "admission webhook" in message:
        return InputError(f"refused: {message}")
    if error.status == 403:
        return SourceError(f"forbidden: {message}; k8s/base/rollout has the Role that allows it")
    if error.status in (400, 422):
        return InputError(f"refused: {message}")
    if error.status == 404:
        return InputError(f"{what} does not exist: {message}")
    return SourceError(f"{what}: HTTP {error.status}: {message}")


def status_of(error: ApiException) -> Document:
    """The Status object of an error; empty if its body is not one."""
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body
    try:
        document = json.loads(body or "")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
