"""A real API server, with the face of ``cluster_double.ApiServer``, for the same tests.

``cluster_double.KServe`` plays the controllers and the kubelet, and so their part of every object (status, Deployments,
routes) is written here as they would write it. Where controllers run, they would write it too: there only what is the
rollout's own, its record, Lease and Events, is kept by the real API server, and the rest in memory; ``tests/e2e`` has
the real controllers.

Everything lies in a namespace of its own. CustomResourceDefinitions are made where they are missing, and taken away
again by who made them.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kserve_crds
import pytest
import yaml
from cluster_double import ApiServer, Document, Refused
from kubernetes import config
from kubernetes.client.exceptions import ApiException

GROUPS = {
    "configmaps": "/api/v1",
    "events": "/api/v1",
    "pods": "/api/v1",
    "deployments": "/apis/apps/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "leases": "/apis/coordination.k8s.io/v1",
    "httproutes": "/apis/gateway.networking.k8s.io/v1",
    "inferenceservices": "/apis/serving.kserve.io/v1beta1",
    "rolloutrequests": "/apis/tenure.dev/v1alpha1",
}
KINDS = {
    "deployments": "Deployment",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    "httproutes": "HTTPRoute",
    "pods": "Pod",
    "inferenceservices": "InferenceService",
}
OWN = {"configmaps", "leases", "events", "rolloutrequests"}
KEPT = "tenure.test/as-written"
"""Annotation: what the double writes and a real schema has no room for."""
WAIT_S = 30.0
REAL = os.environ.get("KUBECONFIG", "")
"""Of a real API server, which then takes the tests as well; read before a test sets it to the double's."""
NOW = "2026-01-01T00:00:00Z"


class RealApiServer:
    """The objects of one namespace, made for a test and taken away after it."""

    def __init__(self, kubeconfig: str) -> None:
        """Skips the test where no API server answers."""
        self._kubeconfig = kubeconfig
        self.changed = threading.RLock()
        self.namespace = f"tenure-test-{uuid.uuid4().hex[:8]}"
        try:
            self._client = config.new_client_from_config(kubeconfig)
            self._call("GET", "/version")
        except Exception as error:
            pytest.skip(f"KUBECONFIG names no API server that answers: {str(error).splitlines()[0]}")
        self._call("POST", "/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        # Where no controller makes it, pods are refused without it.
        self._call("POST", f"/api/v1/namespaces/{self.namespace}/serviceaccounts", {"metadata": {"name": "default"}})

    def close(self) -> None:
        place = f"/api/v1/namespaces/{self.namespace}"
        for plural in GROUPS:
            self._call("DELETE", self._path(plural))
        self._call("DELETE", place)
        # Without controllers nobody else lets go of it; with them this comes too early and is refused.
        left = self._call("GET", place)
        if left is not None:
            left["spec"]["finalizers"] = []
            with contextlib.suppress(ApiException):
                self._call("PUT", f"{place}/finalize", left)

    def kubeconfig(self, folder: Path) -> Path:
        """The one that was given, with the test's namespace."""
        document = yaml.safe_load(Path(self._kubeconfig).read_text(encoding="utf-8"))
        base = Path(self._kubeconfig).parent
        for part in (*document["clusters"], *document["users"]):
            settings = part.get("cluster") or part.get("user") or {}
            for key in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
                if key in settings:
                    settings[key] = str(base / settings[key])
        for context in document["contexts"]:
            context["context"]["namespace"] = self.namespace
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return path

    def get(self, plural: str, name: str, _namespace: str = "") -> Document | None:
        found = self._call("GET", self._path(plural, name))
        return None if found is None else _as_double(plural, found)

    def names(self, plural: str, _namespace: str = "") -> list[str]:
        return sorted(item["metadata"]["name"] for item in self._call("GET", self._path(plural))["items"])

    def items(self, plural: str, _namespace: str = "") -> list[Document]:
        return [found for name in self.names(plural) if (found := self.get(plural, name))]

    def put(self, plural: str, document: Document, _namespace: str = "") -> Document:
        """Create or replace; the status by its own door. Nothing happens if nothing changes."""
        wanted = _as_real(plural, copy.deepcopy(document))
        name, status = wanted["metadata"]["name"], wanted.pop("status", None)
        wanted |= {"apiVersion": GROUPS[plural].removeprefix("/apis/").removeprefix("/api/"), "kind": KINDS[plural]}
        before = self._call("GET", self._path(plural, name))
        if before is None:
            before = self._call("POST", self._path(plural), {**wanted, "metadata": _own(wanted["metadata"])})
        elif plural != "pods" and _content(before) != _content({**before, **wanted}):  # pods do not change
            metadata = {**before["metadata"], **_own(wanted["metadata"])}
            before = self._call("PUT", self._path(plural, name), {**before, **wanted, "metadata": metadata})
        if status and status != before.get("status"):
            before = self._call("PUT", f"{self._path(plural, name)}/status", {**before, "status": status})
        return _as_double(plural, before)

    def delete(self, plural: str, name: str, _namespace: str = "") -> None:
        self._call("DELETE", self._path(plural, name), {"gracePeriodSeconds": 0})

    def _path(self, plural: str, name: str = "") -> str:
        return f"{GROUPS[plural]}/namespaces/{self.namespace}/{plural}{'/' if name else ''}{name}"

    def _call(self, method: str, path: str, body: Document | None = None) -> Any:
        """The answer; None where nothing is found, or is there already."""
        try:
            return self._ask(method, path, body, "application/json")
        except ApiException as error:
            if error.status == 404 or (method == "POST" and "AlreadyExists" in str(error.body)):
                return None
            raise

    def ask(self, verb: str, plural: str, name: str, body: Document) -> Document:
        """Pass a request on, and the refusal back. ``name`` may have a subresource."""
        kind = "application/merge-patch+json" if verb == "PATCH" else "application/json"
        try:
            return self._ask(verb, self._path(plural, name), body or None, kind)
        except ApiException as error:
            status = json.loads(error.body)
            raise Refused(error.status, status["reason"], status["message"]) from error

    def watch(self, plural: str, query: dict[str, str]) -> Iterator[Document]:
        answer = self._client.call_api(
            *(self._path(plural), "GET"),
            query_params=list(query.items()),
            auth_settings=["BearerToken"],
            _preload_content=False,
            _return_http_data_only=True,
        )
        for line in answer:
            yield json.loads(line)

    def define(self) -> list[str]:
        """Make the CustomResourceDefinitions that are missing; their names."""
        return [name for name in CRDS if self._define(name)]

    def undefine(self, names: list[str]) -> None:
        for name in names:
            self._call("DELETE", f"{DEFINITIONS}/{name}")

    def _define(self, name: str) -> bool:
        """Make a CustomResourceDefinition where it is missing; whether it was."""
        if self._call("GET", f"{DEFINITIONS}/{name}") is not None:
            return False
        self._call("POST", DEFINITIONS, CRDS[name]())
        group, version = name.partition(".")[2], CRDS_VERSIONS.get(name, "v1")
        deadline = time.monotonic() + WAIT_S
        while self._call("GET", f"/apis/{group}/{version}/{name.partition('.')[0]}") is None:
            assert time.monotonic() < deadline, f"{name} is not served after {WAIT_S:g} s"
            time.sleep(0.2)
        return True

    def _ask(self, method: str, path: str, body: Document | None, kind: str) -> Any:
        return self._client.call_api(
            *(path, method),
            header_params={"Content-Type": kind, "Accept": "application/json"},
            body=body,
            response_type="object",
            auth_settings=["BearerToken"],
            _return_http_data_only=True,
            _request_timeout=WAIT_S,
        )

    def controlled(self) -> bool:
        """Whether somebody else looks after Deployments here."""
        probe = {"metadata": {"name": "probe"}, "spec": {"replicas": 0, "template": {"labels": {"app": "probe"}}}}
        wanted = _as_real("deployments", probe) | {"apiVersion": "apps/v1", "kind": "Deployment"}
        del wanted["status"]
        self._call("POST", self._path("deployments"), wanted)
        time.sleep(2.0)
        found = self._call("GET", self._path("deployments", "probe"))
        self.delete("deployments", "probe")
        return bool((found.get("status") or {}).get("observedGeneration"))


class RecordsOnRealServer(ApiServer):
    """Record, Lease and Events on a real API server; what controllers would reach for, in memory."""

    def __init__(self, real: RealApiServer) -> None:
        super().__init__()
        self._real = real
        self.namespace = real.namespace

    def close(self) -> None:
        super().close()
        self._real.close()

    def kubeconfig(self, folder: Path, namespace: str = "") -> Path:
        return super().kubeconfig(folder, namespace or self.namespace)

    def get(self, plural: str, name: str, namespace: str = "") -> Document | None:
        if plural in OWN:
            return self._real.get(plural, name)
        return super().get(plural, name, self.namespace)

    def names(self, plural: str, namespace: str = "") -> list[str]:
        return self._real.names(plural) if plural in OWN else super().names(plural, self.namespace)

    def put(self, plural: str, document: Document, namespace: str = "") -> Document:
        return super().put(plural, document, self.namespace)

    def delete(self, plural: str, name: str, namespace: str = "") -> None:
        super().delete(plural, name, self.namespace)

    def serve(self, verb: str, group: str, key: tuple[str, str, str], sub: str, body: Document) -> Document:
        if key[1] in OWN:
            # The owner lies in memory: a real garbage collector would take the record for an orphan.
            metadata = {name: value for name, value in body.get("metadata", {}).items() if name != "ownerReferences"}
            return self._real.ask(verb, key[1], key[2] + sub, {**body, "metadata": metadata} if metadata else body)
        return super().serve(verb, group, key, sub, body)

    def watch(self, group: str, namespace: str, plural: str, query: dict[str, str]) -> Any:
        if plural in OWN:
            return self._real.watch(plural, query)
        return super().watch(group, namespace, plural, query)


def real_server(kubeconfig: str) -> RealApiServer | RecordsOnRealServer:
    """As much of a real API server as its controllers leave to the test."""
    real = RealApiServer(kubeconfig)
    return RecordsOnRealServer(real) if real.controlled() else real


def _own(metadata: Document) -> Document:
    return {key: metadata[key] for key in ("name", "labels", "annotations") if key in metadata}


def _content(document: Document) -> Document:
    return {"metadata": _own(document["metadata"]), "spec": document.get("spec")}


def _as_real(plural: str, document: Document) -> Document:
    """What the double's controllers write, in the shape that a real schema takes."""
    metadata = document["metadata"]
    if plural == "deployments":
        template, name = document["spec"]["template"], metadata["name"]
        labels = template.get("labels") or {"app": name}
        kept = {KEPT: json.dumps(template, sort_keys=True)}
        pod = {"containers": [{"name": "kserve-container", "image": "registry.example.com/none:1"}]}
        spec = {"replicas": document["spec"]["replicas"], "selector": {"matchLabels": labels}}
        spec["template"] = {"metadata": {"labels": labels, "annotations": kept}, "spec": pod}
        status = document.get("status") or {}
        status["readyReplicas"] = status.get("availableReplicas", 0)
        for condition in status.get("conditions", []):
            condition.setdefault("reason", "FailedCreate")
        return {**document, "spec": spec, "status": status}
    if plural == "httproutes" and document.get("status"):
        # The gateway's own memory is not of the route's schema.
        taken = document["status"].pop("taken", [])
        metadata = {**metadata, "annotations": {KEPT: json.dumps(taken)}}
        for parent in document["status"].get("parents", []):
            parent |= {"parentRef": {"name": "gateway"}, "controllerName": "tenure.test/gateway"}
            for condition in parent["conditions"]:
                condition |= {"reason": condition["type"], "message": "", "lastTransitionTime": NOW}
        return {**document, "metadata": metadata}
    if plural == "pods":
        spec = {"containers": [{"name": "kserve-container", "image": "registry.example.com/none:1"}]}
        for status in document["status"]["containerStatuses"]:
            status |= {"image": "", "imageID": "", "ready": False, "restartCount": 0}
        return {**document, "spec": spec}
    if plural == "inferenceservices":
        for condition in (document.get("status") or {}).get("conditions", []):
            condition.setdefault("lastTransitionTime", NOW)
    return document


def _as_double(plural: str, document: Document) -> Document:
    """And back."""
    if plural == "deployments":
        kept = document["spec"]["template"]["metadata"]["annotations"][KEPT]
        document["spec"] = {"replicas": document["spec"]["replicas"], "template": json.loads(kept)}
    if plural in ("deployments", "httproutes"):
        document.setdefault("status", {})
    if plural == "httproutes":
        document["status"]["taken"] = json.loads((document["metadata"].get("annotations") or {}).get(KEPT, "[]"))
    return document


def _permissive(group: str, version: str, kind: str) -> Document:
    """A definition that takes anything, for clusters and checkouts without the real one."""
    plural = f"{kind.lower()}s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        # Groups of k8s.io are refused without a word on who approved them.
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, stands in for a test"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [{**served, "schema": {"openAPIV3Schema": anything}}],
        },
    }


def _inference_services() -> Document:
    """KServe's own definition, without the annotations of the tool that made it."""
    found = kserve_crds.definition("InferenceService")
    found["metadata"] = {"name": found["metadata"]["name"]}
    return found


CRDS_VERSIONS = {"inferenceservices.serving.kserve.io": "v1beta1", "rolloutrequests.tenure.dev": "v1alpha1"}
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CRDS = {
    "inferenceservices.serving.kserve.io": _inference_services,
    "rolloutrequests.tenure.dev": lambda: kserve_crds.definition("RolloutRequest"),
    "httproutes.gateway.networking.k8s.io": lambda: _permissive("gateway.networking.k8s.io", "v1", "HTTPRoute"),
}
