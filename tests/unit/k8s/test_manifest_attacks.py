"""What an attacker would look for in the manifests: found where it is put in, and in no overlay."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
from manifests import OVERLAYS, Document, Render, pods, walk

every_overlay = pytest.mark.parametrize("overlay", [*OVERLAYS, "team-example"])

SECRETS = {
    "server": {"tenure-object-store", "tenure-log-hash", "tenure-api-keys", "tenure-trust"},
    "tenure-rollout": {
        "tenure-object-store-rollout",
        "tenure-rollout-mlflow",
        "tenure-rollout-audit",
        "tenure-api-keys",
        "tenure-trust",
    },
    "mlflow": {"tenure-mlflow-database", "tenure-mlflow-users", "tenure-mlflow-session", "tenure-object-store"},
    "postgres": {"tenure-postgres"},
    "postgres-backup": {"tenure-postgres"},
    "rollout-audit": {"tenure-postgres", "tenure-rollout-audit"},
    "object-store": {"tenure-object-store-identities"},
    "prometheus": set(),
}
"""Which pod may hold which Secrets."""
OPEN_PORTS = {"server", "tenure-rollout", "mlflow", "postgres", "object-store", "prometheus"}
"""Workloads that run until they are stopped, and so are probed."""


def faults(documents: list[Document]) -> Iterator[str]:
    for where, metadata, spec in pods(documents):
        name = "server" if where.startswith("InferenceService") else where.rpartition("/")[2]
        yield from (f"{where}: {fault}" for fault in pod_faults(name, spec))
        if metadata["namespace"] not in restricted(documents):
            yield f"{where}: its namespace does not enforce Pod Security 'restricted'"
    for document in documents:
        where = f"{document['kind']} {document['metadata']['name']}"
        if document["kind"] in ("ClusterRole", "ClusterRoleBinding"):
            yield f"{where}: rights in every namespace"
        if document["kind"] == "Role":
            for rule in document["rules"]:
                if "*" in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]] or "secrets" in rule["resources"]:
                    yield f"{where}: a wildcard, or Secrets"
        if document["kind"] == "Gateway":
            yield from (f"{where}: {fault}" for fault in gateway_faults(document, documents))
        if document["kind"] == "NetworkPolicy":
            for rule in document["spec"].get("ingress", []):
                for peer in rule.get("from", [{}]):
                    if "ipBlock" not in peer and not opens_to_pods(peer):
                        yield f"{where}: open to every pod of a namespace"
        if document["kind"] == "Secret":
            yield f"{where}: a Secret in the manifests"


def opens_to_pods(peer: Document) -> bool:
    """Whether a peer names pods; of the gateway's own namespace every pod is a gateway's."""
    namespace = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
    return bool(peer.get("podSelector")) or namespace == "envoy-gateway-system"


def restricted(documents: list[Document]) -> set[str]:
    return {
        document["metadata"]["name"]
        for document in documents
        if document["kind"] == "Namespace"
        and document["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") == "restricted"
    }


def pod_faults(name: str, spec: Document) -> Iterator[str]:
    if any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        yield "shares a name space of the node"
    held = {
        value.get("secretName") or value.get("name")
        for path, value in walk(spec)
        if path.endswith((".secretKeyRef", ".secretRef", ".secret")) and isinstance(value, dict)
    }
    if held - SECRETS[name]:
        yield f"holds {', '.join(sorted(held - SECRETS[name]))}"
    for volume in spec.get("volumes", []):
        if "hostPath" in volume:
            yield "mounts a folder of the node"
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield "has a scratch volume without a limit"
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        context = container.get("securityContext", {})
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield "no seccomp profile"
        if context.get("capabilities") != {"drop": ["ALL"]}:
            yield "capabilities"
        if context.get("readOnlyRootFilesystem") is not True:
            yield "writes to its root"
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield "may escalate"
        if not {**spec.get("securityContext", {}), **context}.get("runAsNonRoot"):
            yield "may be root"
        for side in ("requests", "limits"):
            for resource in ("cpu", "memory", "ephemeral-storage"):
                if resource not in container.get("resources", {}).get(side, {}):
                    yield f"no {side} of {resource}"
    if name in OPEN_PORTS:
        for container in spec["containers"]:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe not in container:
                    yield f"no {probe}"


def gateway_faults(gateway: Document, documents: list[Document]) -> Iterator[str]:
    listeners = gateway["spec"]["listeners"]
    encrypted = any(listener["protocol"] == "HTTPS" for listener in listeners)
    for listener in listeners:
        namespaces = listener["allowedRoutes"]["namespaces"]
        if namespaces["from"] == "All" or (namespaces["from"] == "Selector" and not namespaces.get("selector")):
            yield f"listener {listener['name']} takes routes of every namespace"
        if encrypted and listener["protocol"] == "HTTP" and namespaces["from"] != "Same":
            yield f"listener {listener['name']} takes routes besides the redirect"
    if encrypted:
        routes = [
            document
            for document in documents
            if document["kind"] == "HTTPRoute"
            and document["metadata"]["namespace"] == gateway["metadata"]["namespace"]
            and document["spec"]["parentRefs"][0].get("sectionName") != "https"
        ]
        for route in routes:
            for rule in route["spec"]["rules"]:
                if [each["type"] for each in rule.get("filters", [])] != ["RequestRedirect"] or "backendRefs" in rule:
                    yield f"{route['metadata']['name']} serves without encryption"
        if not routes:
            yield "nothing redirects to HTTPS"


@every_overlay
def test_no_overlay_has_one(render: Render, overlay: str) -> None:
    assert not list(faults(render(overlay)))


def first(documents: list[Document], kind: str, name: str) -> Document:
    return next(d for d in documents if (d["kind"], d["metadata"]["name"]) == (kind, name))


def container(documents: list[Document]) -> Document:
    return first(documents, "Deployment", "mlflow")["spec"]["template"]["spec"]["containers"][0]


def pod(documents: list[Document]) -> Document:
    return first(documents, "Deployment", "tenure-rollout")["spec"]["template"]["spec"]


def gateway(documents: list[Document]) -> Document:
    return first(documents, "Gateway", "kserve-ingress-gateway")["spec"]["listeners"][0]["allowedRoutes"]


def init_container(documents: list[Document]) -> Document:
    return first(documents, "Deployment", "mlflow")["spec"]["template"]["spec"]["initContainers"][0]


ATTACKS: dict[str, Callable[[list[Document]], object]] = {
    "no seccomp profile": lambda d: container(d)["securityContext"].pop("seccompProfile"),
    "capabilities": lambda d: init_container(d)["securityContext"]["capabilities"].update(add=["NET_ADMIN"]),
    "writes to its root": lambda d: container(d)["securityContext"].update(readOnlyRootFilesystem=False),
    "may escalate": lambda d: container(d)["securityContext"].update(allowPrivilegeEscalation=True),
    "may be root": lambda d: pod(d)["securityContext"].pop("runAsNonRoot"),
    "no livenessProbe": lambda d: container(d).pop("livenessProbe"),
    "no limits of ephemeral-storage": lambda d: init_container(d)["resources"]["limits"].pop("ephemeral-storage"),
    "shares a name space": lambda d: pod(d).update(hostNetwork=True),
    "mounts a folder of the node": lambda d: pod(d)["volumes"].append({"name": "n", "hostPath": {"path": "/"}}),
    "without a limit": lambda d: pod(d)["volumes"].append({"name": "n", "emptyDir": {}}),
    "holds tenure-mlflow-users": lambda d: pod(d)["volumes"].append(
        {"name": "n", "secret": {"secretName": "tenure-mlflow-users"}}
    ),
    "holds tenure-mlflow-database": lambda d: pod(d)["containers"][0]["envFrom"].append(
        {"secretRef": {"name": "tenure-mlflow-database"}}
    ),
    "takes routes of every namespace": lambda d: gateway(d).update(namespaces={"from": "All"}),
    "takes routes besides the redirect": lambda d: gateway(d).update(
        namespaces={"from": "Selector", "selector": {"matchLabels": {"a": "b"}}}
    ),
    "serves without encryption": lambda d: first(d, "HTTPRoute", "tenure-https-redirect")["spec"].update(
        rules=[{"backendRefs": [{"name": "churn-predictor", "namespace": "tenure", "port": 80}]}]
    ),
    "a wildcard, or Secrets": lambda d: first(d, "Role", "tenure-rollout")["rules"].append(
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    ),
    "rights in every namespace": lambda d: d.append({"kind": "ClusterRole", "metadata": {"name": "all"}}),
    "open to every pod": lambda d: first(d, "NetworkPolicy", "mlflow")["spec"]["ingress"][0]["from"].append(
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kubeflow"}}}
    ),
    "a Secret in the manifests": lambda d: d.append({"kind": "Secret", "metadata": {"name": "key"}}),
    "does not enforce Pod Security": lambda d: first(d, "Namespace", "tenure")["metadata"]["labels"].pop(
        "pod-security.kubernetes.io/enforce"
    ),
}


@pytest.mark.parametrize("fault", ATTACKS)
def test_each_is_found(render: Render, fault: str) -> None:
    documents = copy.deepcopy(render("production"))
    ATTACKS[fault](documents)
    assert any(fault in found for found in faults(documents))
