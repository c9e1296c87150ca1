"""Two teams in one cluster, from the same manifests: nothing of one is the other's, and each has room for its own."""

from __future__ import annotations

import copy
import os
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal

import kserve_crds
import kubernetes_validate
import pytest
import yaml
from manifests import K8S, ROOT, Document, Render, pods, server_arguments, walk

EXAMPLE = K8S / "overlays" / "team-example"
ZETA = {
    "team": "zeta",
    "namespace": "zeta-models",
    "platform-namespace": "zeta-tools",
    "pipelines-namespace": "zeta-runs",
    "pipelines-service-account": "runner",
    "service": "win-back",
    "models-bucket": "zeta-m",
    "data-bucket": "zeta-d",
    "cpu": "12",
    "memory": "12Gi",
    "ephemeral-storage": "12Gi",
    "pods": "20",
}
SHARED = {"kubeflow", "kube-system", "envoy-gateway-system"}
"""Namespaces of the cluster that all teams use."""


def names() -> dict[str, str]:
    """The example's."""
    return yaml.safe_load((EXAMPLE / "names.yaml").read_text(encoding="utf-8"))["data"]


@pytest.fixture(scope="module")
def zeta(kubectl: str, render: Render) -> Iterator[list[Document]]:
    """A team whose database and object store are in the cluster, and whose names are none that anything derives."""
    folder = ROOT / "build" / "tests" / f"team-{os.getpid()}"
    folder.mkdir(parents=True)
    relative = os.path.relpath(K8S, folder)
    components = ["object-store", "postgres", "prometheus", "gateway-retries", "network-policy", "prediction-log"]
    components += ["external-secrets", "api-keys", "prometheus-operator", "pipelines", "versions", "team"]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{relative}/base", "names.yaml"],
        "components": [f"{relative}/components/{component}" for component in components],
    }
    example = yaml.safe_load((EXAMPLE / "names.yaml").read_text(encoding="utf-8"))
    configuration = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": example["metadata"], "data": ZETA}
    try:
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
        (folder / "names.yaml").write_text(yaml.safe_dump(configuration, default_style=None), encoding="utf-8")
        yield render(str(folder))
    finally:
        shutil.rmtree(folder)


def objects(documents: list[Document]) -> dict[tuple[str, str | None, str], Document]:
    return {
        (document["kind"], document["metadata"].get("namespace"), document["metadata"]["name"]): document
        for document in documents
    }


def foreign(documents: list[Document], own: dict[str, str]) -> Iterator[str]:
    """Where a document names the first team's service, namespaces or buckets, or a namespace that is nobody's."""
    mine = {own["namespace"], own["platform-namespace"], own["pipelines-namespace"]}
    for document in documents:
        where = f"{document['kind']} {document['metadata']['name']}"
        for path, value in walk(document):
            # Which model is served is no matter of the overlay: `make deploy` sets it.
            if not isinstance(value, str) or path.endswith(".storageUri"):
                continue
            # A store of the team's own makes its buckets itself.
            if where == "StatefulSet object-store" and "startupProbe" in path:
                continue
            is_namespace = path.endswith((".namespace", ".kubernetes.io/metadata.name"))
            if is_namespace and value not in mine | SHARED:
                yield f"{where}{path}: {value}"
            text = "\n".join(line for line in value.splitlines() if not line.lstrip().startswith("#"))
            if re.search(r"(?<![\w-])churn\b|tenure-platform|tenure-(models|data)\b|(?<!\w)'tenure'", text):
                yield f"{where}{path}: {value[:200]}"


def test_no_object_is_both_teams(render: Render, zeta: list[Document]) -> None:
    teams = [objects(documents) for documents in (render("production"), render("team-example"), zeta)]
    for number, team in enumerate(teams):
        for other in teams[number + 1 :]:
            for each in set(team) & set(other):
                # The kind of the rollout's requests and its rule are the cluster's: the same, whoever brings them.
                assert each[1] is None and each[2] == "rolloutrequests.tenure.dev", each
                assert team[each] == other[each]


def test_no_name_of_the_first_team_is_left(render: Render, zeta: list[Document]) -> None:
    assert not list(foreign(render("team-example"), names()))
    assert not list(foreign(zeta, ZETA))


@pytest.mark.parametrize(
    ("kind", "name", "change"),
    [
        ("Role", "tenure-rollout", lambda d: d["rules"][0].update(resourceNames=["churn"])),
        ("RoleBinding", "tenure-prometheus", lambda d: d["subjects"][0].update(namespace="tenure-platform")),
        ("NetworkPolicy", "mlflow", lambda d: d["spec"]["ingress"][0]["from"].append(
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tenure"}}})),
        ("Deployment", "tenure-rollout", lambda d: d["spec"]["template"]["spec"]["containers"][0].update(
            args=["run", "churn"])),
        ("ConfigMap", "tenure-rollout", lambda d: d["data"].update(A="http://mlflow.tenure-platform.svc:5000")),
        ("ConfigMap", "mlflow", lambda d: d["data"].update(B="s3://tenure-models/mlflow")),
    ],
)  # fmt: skip
def test_a_name_that_is_left_is_found(zeta: list[Document], kind: str, name: str, change) -> None:
    documents = copy.deepcopy(zeta)
    (document,) = [
        d for d in documents if d["kind"] == kind and re.fullmatch(rf"{name}(-\w{{10}})?", d["metadata"]["name"])
    ]
    change(document)
    assert list(foreign(documents, ZETA))


def test_rights_and_policies_follow(zeta: list[Document]) -> None:
    for document in zeta:
        if document["kind"] == "Role":
            for rule in document["rules"]:
                for name in rule.get("resourceNames", []):
                    assert name == "win-back" or name.startswith("win-back-")
        if document["kind"] == "RoleBinding":
            for subject in document["subjects"]:
                assert subject["namespace"] in (ZETA["namespace"], ZETA["platform-namespace"], "zeta-runs")
    (binding,) = [d for d in zeta if d["metadata"]["name"] == "tenure-rollout-starter-pipelines"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "runner", "namespace": "zeta-runs"}]
    (service,) = [d for d in zeta if d["kind"] == "InferenceService"]
    assert (service["metadata"]["name"], service["metadata"]["namespace"]) == ("win-back", "zeta-models")
    (mlflow,) = [d for d in zeta if (d["kind"], d["metadata"]["name"]) == ("NetworkPolicy", "mlflow")]
    allowed = {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for peer in mlflow["spec"]["ingress"][0]["from"]
    }
    # Of `kubeflow` the API server alone, which opens runs for the team's pipelines.
    assert allowed == {"zeta-models", "zeta-runs", "kubeflow"}
    ends = {d["metadata"]["name"].rpartition("-")[0]: d.get("data", {}) for d in zeta if d["kind"] == "ConfigMap"}
    assert ends["tenure-rollout"]["MLFLOW_TRACKING_URI"] == "http://mlflow.zeta-tools.svc:5000"
    assert ends["mlflow"]["MLFLOW_DEFAULT_ARTIFACT_ROOT"] == "s3://zeta-m/mlflow"
    assert ends["tenure-rollout"]["TENURE_STORAGE_PREFIXES"] == "s3://zeta-m/mlflow/"
    assert "names: ['zeta-models']" in ends["prometheus"]["prometheus.yaml"]
    assert f"--prediction-log=s3://{ZETA['data-bucket']}/prediction-log" in server_arguments(zeta, "win-back")


@pytest.mark.parametrize("version", ("1.31", "1.35"))
def test_both_are_valid(render: Render, zeta: list[Document], version: str) -> None:
    for document in [*render("team-example"), *zeta]:
        if "." not in document["apiVersion"].partition("/")[0] or ".k8s.io" in document["apiVersion"]:
            if document["apiVersion"].startswith("gateway."):
                continue
            kubernetes_validate.validate(document, version, strict=True)
        elif document["apiVersion"].startswith("serving.kserve.io"):
            assert not kserve_crds.errors(document)


UNITS = {"": Decimal(1), "m": Decimal("0.001"), "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}


def quantity(text: str) -> Decimal:
    number, unit = re.fullmatch(r"([\d.]+)(\w*)", str(text)).groups()
    return Decimal(number) * UNITS[unit]


def test_the_quota_has_room_for_all_that_may_run_and_no_more_than_twice(render: Render) -> None:
    documents = render("team-example")
    quotas = {d["metadata"]["namespace"]: d["spec"]["hard"] for d in documents if d["kind"] == "ResourceQuota"}
    assert set(quotas) == {names()["namespace"], names()["platform-namespace"]}
    for namespace, hard in quotas.items():
        for resource in ("cpu", "memory", "ephemeral-storage"):
            total = Decimal(0)
            for where, metadata, spec in pods(documents):
                if metadata["namespace"] == namespace:
                    kind, name = where.split()[0], where.rpartition("/")[2]
                    (document,) = [d for d in documents if (d["kind"], d["metadata"]["name"]) == (kind, name)]
                    predictor = document["spec"].get("predictor")
                    # Ten servers, one more while they are replaced, and a canary.
                    count = predictor["maxReplicas"] + 2 if predictor else document["spec"].get("replicas", 1) + 1
                    total += count * sum(quantity(c["resources"]["requests"][resource]) for c in spec["containers"])
            room = quantity(hard[f"requests.{resource}"])
            assert total <= room, (namespace, resource, total)
        assert hard["services.loadbalancers"] == hard["services.nodeports"] == "0"
    ranges = {d["metadata"]["namespace"] for d in documents if d["kind"] == "LimitRange"}
    assert ranges == set(quotas)


def test_the_example_sets_every_name(zeta: list[Document]) -> None:
    assert set(names()) == set(ZETA)
    last = (EXAMPLE / "kustomization.yaml").read_text(encoding="utf-8").splitlines()[-1]
    assert "components/team" in last  # what comes after it would keep the first team's names
