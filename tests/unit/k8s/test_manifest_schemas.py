"""Every object is one that a Kubernetes API server, or KServe's CRDs, would take."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import kserve_crds
import kubernetes_validate
import pytest
from manifests import OVERLAYS, Document, Render, walk

MINOR_VERSIONS = ("1.31", "1.35")
VARIANTS = [
    *[(overlay,) for overlay in OVERLAYS],
    ("team-example",),
    ("kind", "canary"),
    ("kind", "knative"),
    ("kind", "prometheus-operator"),
]
LATER = {("1.31", "admissionregistration.k8s.io/v1beta1")}
"""What an older Kubernetes does not have, and `make deploy` leaves out there."""
CUSTOM_GROUPS = {
    "serving.kserve.io",
    "gateway.networking.k8s.io",
    "gateway.envoyproxy.io",
    "cert-manager.io",
    "external-secrets.io",
    "monitoring.coreos.com",
}


def group(document: Document) -> str:
    return document["apiVersion"].rpartition("/")[0]


@pytest.mark.parametrize("version", MINOR_VERSIONS)
@pytest.mark.parametrize("variant", VARIANTS, ids="+".join)
def test_core_objects_are_valid(render: Render, variant: tuple[str, ...], version: str) -> None:
    checked = 0
    for document in render(*variant):
        if group(document) not in CUSTOM_GROUPS and (version, document["apiVersion"]) not in LATER:
            kubernetes_validate.validate(document, version, strict=True)
            checked += 1
    assert checked > 30


def test_a_misspelt_field_is_found(render: Render) -> None:
    deployment = next(document for document in render("kind") if document["kind"] == "Deployment")
    broken = {**deployment, "spec": {**deployment["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.31", strict=True)


@pytest.mark.parametrize("variant", VARIANTS, ids="+".join)
def test_kserve_objects_meet_the_crds(render: Render, variant: tuple[str, ...]) -> None:
    checked = [document for document in render(*variant) if group(document) == "serving.kserve.io"]
    assert [kserve_crds.errors(document) for document in checked] == [[], []]
    assert sorted(document["kind"] for document in checked) == ["InferenceService", "ServingRuntime"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_gateway_s_retry_policy_meets_envoy_gateway_s_crd(render: Render, overlay: str) -> None:
    found = [document for document in render(overlay) if document["kind"] == "BackendTrafficPolicy"]
    (policy,) = copy.deepcopy(found)
    assert kserve_crds.errors(policy) == []
    policy["spec"]["retry"]["retryOn"]["triggers"].append("rest")
    (error,) = kserve_crds.errors(policy)
    assert error.startswith("$.spec.retry.retryOn.triggers[6]: 'rest'")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_request_is_tried_again_within_its_time(render: Render, overlay: str) -> None:
    """A killed container breaks connections whose request it has read; a slow one is left in time for another."""
    documents = render(overlay)
    (policy,) = [document for document in documents if document["kind"] == "BackendTrafficPolicy"]
    (service,) = [document for document in documents if document["kind"] == "InferenceService"]
    retry = policy["spec"]["retry"]
    assert {"reset", "connect-failure", "gateway-error"} <= set(retry["retryOn"]["triggers"])
    seconds = int(retry["perRetry"]["timeout"].removesuffix("s"))
    assert 2 * seconds < service["spec"]["predictor"]["timeout"] <= (retry["numRetries"] + 1) * seconds
    assert policy["spec"]["circuitBreaker"]["retryBudget"]["percent"] == {"numerator": 100}


def test_a_field_that_the_crd_does_not_know_is_found(render: Render) -> None:
    service = next(document for document in render("kind") if document["kind"] == "InferenceService")
    broken = copy.deepcopy(service)
    broken["spec"]["predictor"]["model"]["storageURL"] = "s3://a/b"
    (error,) = kserve_crds.errors(broken)
    assert error.startswith("$.spec.predictor.model: ") and "storageURL" in error


@pytest.fixture
def kserve_client(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's client. Its models name types of Kubernetes, some by long names, which its deserializer cannot find."""
    import kserve.models
    import kubernetes.client.models
    from kserve.api_client import ApiClient

    known = vars(kubernetes.client.models)
    models = [*known.values(), *vars(kserve.models).values()]
    declared = " ".join(type_ for model in models for type_ in getattr(model, "openapi_types", {}).values())
    missing = set(re.findall(r"[A-Z]\w+", declared)) - set(vars(kserve.models))
    for name in missing:
        # K8sIoApiAppsV1DeploymentStrategy is V1DeploymentStrategy.
        short = re.sub(r"^K8sIoApi[A-Z][a-z]+(?=V\d)", "", name)
        monkeypatch.setattr(kserve.models, name, known.get(short, object), raising=False)
    return ApiClient()


@pytest.mark.parametrize("variant", VARIANTS, ids="+".join)
def test_kserve_objects_survive_the_sdk(render: Render, variant: tuple[str, ...], kserve_client: Any) -> None:
    """Into the SDK's models and out again: nothing lost, so that a client that reads and writes loses nothing."""
    kinds = {"InferenceService": "V1beta1InferenceService", "ServingRuntime": "V1alpha1ServingRuntime"}
    seen = 0
    for document in render(*variant):
        if document["kind"] in kinds:
            response = type("Response", (), {"data": json.dumps(document)})
            model = kserve_client.deserialize(response, kinds[document["kind"]])
            returned = dict(walk(kserve_client.sanitize_for_serialization(model)))
            changed = [path for path, value in walk(document) if path not in returned or returned[path] != value]
            assert not changed, changed[-1]
            assert len(returned) == len(walk(document))
            seen += 1
    assert seen == 2
