"""What a pipeline's ServiceAccount may do to a rollout: ask for one, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from e2e_cluster import Cluster
from e2e_gateway import until
from e2e_settings import Settings
from kubernetes import client, config

STEP = "system:serviceaccount:kubeflow:pipeline-runner"
REQUESTS = {"group": "tenure.dev", "version": "v1alpha1", "plural": "rolloutrequests"}
START = {"version": "e2e", "canary": "e2e", "model": "e2e", "storageUri": "s3://tenure-models-evil/mlflow/7"}


@pytest.fixture
def step(settings: Settings) -> client.ApiClient:
    """The API server as the steps' ServiceAccount sees it."""
    api = config.new_client_from_config(context=settings.context)
    api.set_default_header("Impersonate-User", STEP)
    return api


def refused(status: int, call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(client.ApiException) as raised:
        call(*arguments, **named)
    assert raised.value.status == status, raised.value.body
    return str(raised.value.body)


def request(settings: Settings, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "RolloutRequest",
        "metadata": {"generateName": "e2e-"},
        "spec": {"service": settings.service, "requestedBy": STEP, **spec},
    }


def test_a_step_asks_and_does_not_decide(settings: Settings, service: Cluster, step: client.ApiClient) -> None:
    core, custom = client.CoreV1Api(step), client.CustomObjectsApi(step)
    where = {**REQUESTS, "namespace": settings.namespace}
    before = service.service()["spec"]
    refused(
        403, core.patch_namespaced_config_map, f"{settings.service}-rollout", settings.namespace, {"data": {"a": "b"}}
    )
    patch = {"spec": {"predictor": {"minReplicas": 1}}}
    kserve = {"group": "serving.kserve.io", "version": "v1beta1", "plural": "inferenceservices"}
    refused(
        *(403, custom.patch_namespaced_custom_object),
        **kserve,
        namespace=settings.namespace,
        name=settings.service,
        body=patch,
    )
    create = custom.create_namespaced_custom_object
    for action in ("pause", "promote", "abort"):
        told = refused(403, create, **where, body=request(settings, action=action, rollout="r"))
        assert f"may not {action}" in told
    foreign = request(settings, action="start", start=START)
    foreign["spec"]["requestedBy"] = "system:admin"
    assert "spec.requestedBy is not" in refused(403, create, **where, body=foreign)
    limits = {**START, "limits": {"error_share": 1.0}}
    assert "may not set limits" in refused(403, create, **where, body=request(settings, action="start", start=limits))
    made = create(**where, body=request(settings, action="start", start=START))
    name = made["metadata"]["name"]

    def answer() -> dict[str, Any]:
        return custom.get_namespaced_custom_object(**where, name=name).get("status") or {}

    until("the controller answers", lambda: answer().get("phase") == "Refused", 60)
    assert "tenure-models-evil" in answer()["message"]
    assert answer()["audited"] is True
    assert service.service()["spec"] == before
