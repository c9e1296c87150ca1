"""A real API server closes the pods of steps, and refuses those that are open; skipped where none can."""

from __future__ import annotations

import copy
import os
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from manifests import K8S, Document

from pipelines.graphs.placement import STEP_LABEL

pytestmark = pytest.mark.slow

GROUP = "/apis/admissionregistration.k8s.io"
CLOSED: Document = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def step(name: str = "step") -> Document:
    """The pod of a step as Kubeflow Pipelines 2.17.0 and Argo make it (backend/src/v2/compiler/argocompiler)."""
    scratch = [{"name": volume, "mountPath": f"/{volume}"} for volume in ("kfp-launcher", "minio", "s3")]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"pipelines.kubeflow.org/v2_component": "true", STEP_LABEL[0]: STEP_LABEL[1]},
        },
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "initContainers": [
                {"name": "init", "image": "argoexec", "volumeMounts": [{"name": "argo", "mountPath": "/tmp"}]},
                {"name": "kfp-launcher", "image": "launcher", "volumeMounts": scratch[:1]},
            ],
            "containers": [
                {"name": "wait", "image": "argoexec", "volumeMounts": [{"name": "argo", "mountPath": "/tmp"}]},
                {
                    "name": "main",
                    "image": "registry.example.com/tenure-pipeline:1",
                    "resources": {kind: {"cpu": "1", "memory": "1Gi"} for kind in ("requests", "limits")},
                    "securityContext": copy.deepcopy(CLOSED),
                    "volumeMounts": scratch,
                },
            ],
            "volumes": [{"name": volume, "emptyDir": {}} for volume in ("kfp-launcher", "minio", "s3", "argo")],
        },
    }


@pytest.fixture(scope="module")
def create() -> Iterator[Callable[[Document], Document]]:
    """Create a pod, dry, where the policies of components/step-pods hold."""
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG names no API server that serves MutatingAdmissionPolicies")
    api = config.new_client_from_config()

    def call(method: str, path: str, body: Any = None, **query: str) -> Any:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return api.call_api(
            path, method, query_params=list(query.items()), header_params=headers, body=body, response_type="object",
            auth_settings=["BearerToken"], _return_http_data_only=True,
        )  # fmt: skip

    try:
        call("GET", f"{GROUP}/v1beta1/mutatingadmissionpolicies")
    except ApiException:
        pytest.skip("KUBECONFIG names no API server that serves MutatingAdmissionPolicies")
    made = []
    for file in ("close.yaml", "require.yaml"):
        for document in yaml.safe_load_all((K8S / "components/step-pods" / file).read_text(encoding="utf-8")):
            kind = document["kind"].lower()
            path = f"/apis/{document['apiVersion']}/{kind[:-1] + 'ies' if kind.endswith('y') else kind + 's'}"
            try:
                call("POST", path, document)
                made.append(f"{path}/{document['metadata']['name']}")
            except ApiException as error:
                assert error.status == 409, error.body
    core = client.CoreV1Api(api)
    namespace = f"steps-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": namespace}})

    def dry(pod: Document) -> Document:
        return call("POST", f"/api/v1/namespaces/{namespace}/pods", pod, dryRun="All")

    try:
        ends = time.monotonic() + 60
        while "readOnlyRootFilesystem" not in dry(step())["spec"]["containers"][1]["securityContext"]:
            assert time.monotonic() < ends, "the policies do not act"
            time.sleep(0.5)
        yield dry
    finally:
        core.delete_namespace(namespace)
        for path in made:
            call("DELETE", path)


def test_a_step_gets_a_read_only_root_and_a_limited_disk(create: Callable[[Document], Document]) -> None:
    before, after = step(), create(step())
    wait, main = after["spec"]["containers"]
    assert main["securityContext"] == {**CLOSED, "readOnlyRootFilesystem": True}
    assert main["resources"]["limits"] == {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "64Gi"}
    assert main["resources"]["requests"]["ephemeral-storage"] == "1Gi"
    mounts = {mount["mountPath"]: mount["name"] for mount in main["volumeMounts"]}
    assert mounts == {"/kfp-launcher": "kfp-launcher", "/minio": "minio", "/s3": "s3", "/tmp": "tenure-tmp"}
    volumes = {volume["name"]: volume["emptyDir"] for volume in after["spec"]["volumes"]}
    assert volumes["tenure-tmp"] == {"sizeLimit": "32Gi"}
    # Argo's own containers are Argo's.
    assert wait["volumeMounts"] == before["spec"]["containers"][0]["volumeMounts"]
    assert [each["name"] for each in after["spec"]["initContainers"]] == ["init", "kfp-launcher"]


def test_other_pods_are_left_alone(create: Callable[[Document], Document]) -> None:
    pod = step()
    del pod["metadata"]["labels"][STEP_LABEL[0]]
    assert "readOnlyRootFilesystem" not in create(pod)["spec"]["containers"][1]["securityContext"]


ATTACKS: dict[str, Callable[[Document, Document], object]] = {
    "is not root": lambda pod, main: main["securityContext"].update(runAsNonRoot=False),
    "may not become it": lambda pod, main: main["securityContext"].update(allowPrivilegeEscalation=True),
    "has no capabilities": lambda pod, main: main["securityContext"]["capabilities"].update(add=["SYS_ADMIN"]),
    "seccomp profile RuntimeDefault": lambda pod, main: main["securityContext"].update(
        seccompProfile={"type": "Unconfined"}
    ),
    "shares nothing with its node": lambda pod, main: pod["spec"].update(hostNetwork=True),
    "shares nothing with its node ": lambda pod, main: pod["spec"]["volumes"].append(
        {"name": "node", "hostPath": {"path": "/"}}
    ),
}


@pytest.mark.parametrize("message", ATTACKS)
def test_an_open_step_is_refused(create: Callable[[Document], Document], message: str) -> None:
    pod = step()
    ATTACKS[message](pod, pod["spec"]["containers"][1])
    with pytest.raises(ApiException) as refused:
        create(pod)
    assert refused.value.status == 422
    assert message.strip() in refused.value.body
