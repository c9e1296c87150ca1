"""Rules that the manifests keep: no root, no `latest`, limits everywhere, no secret, no reference into the void."""

from __future__ import annotations

import itertools
import re

import pytest
import yaml
from manifests import K8S, MODEL_URI, OVERLAYS, TAG, Document, Render, pods, run, server_arguments, walk

from serving.lifecycle import arguments

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
OUTSIDE_NAMESPACES = {"kubeflow", "kserve"}
"""Namespaces that the platform brings; objects of ours lie in them only where the platform looks for them."""


def of_kind(documents: list[Document], *kinds: str) -> list[Document]:
    return [document for document in documents if document["kind"] in kinds]


def containers(spec: Document) -> list[Document]:
    return [*spec.get("initContainers", []), *spec["containers"]]


@every_overlay
def test_images_have_a_version(render: Render, overlay: str) -> None:
    images = [(where, container["image"]) for where, _, spec in pods(render(overlay)) for container in containers(spec)]
    assert len(images) >= 4
    for where, image in images:
        name = image.rpartition("/")[2]
        assert ":" in name or "@sha256:" in image, f"{where}: {image} has no tag"
        assert not name.endswith(":latest"), where
        assert "set-by-make-deploy" not in image, where
    ours = {image for _, image in images if "/tenure-" in image}
    assert ours == {f"registry.example.com/team/tenure-{role}:{TAG}" for role in ("server", "rollout")}


@every_overlay
def test_pods_meet_pod_security_restricted(render: Render, overlay: str) -> None:
    documents = render(overlay)
    enforced = {
        document["metadata"]["name"]
        for document in of_kind(documents, "Namespace")
        if document["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") == "restricted"
    }
    for where, metadata, spec in pods(documents):
        assert metadata["namespace"] in enforced, where
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            assert not spec.get(key), where
        pod = spec["securityContext"]
        assert pod["runAsNonRoot"] is True, where
        assert pod["runAsUser"] > 0, where
        assert pod["seccompProfile"]["type"] == "RuntimeDefault", where
        allowed = {
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "persistentVolumeClaim",
            "projected",
            "secret",
        }
        for volume in spec.get("volumes", []):
            assert set(volume) - {"name"} <= allowed, (where, volume)
        for container in containers(spec):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, where
            assert context["readOnlyRootFilesystem"] is True, where
            assert context["capabilities"]["drop"] == ["ALL"], where
            assert context["seccompProfile"]["type"] == "RuntimeDefault", where
            assert "add" not in context["capabilities"], where
            assert not context.get("privileged"), where
            assert context.get("runAsUser", 1) > 0, where


@every_overlay
def test_requests_and_limits_everywhere(render: Render, overlay: str) -> None:
    for where, _, spec in pods(render(overlay)):
        for container in containers(spec):
            for side, resource in itertools.product(("requests", "limits"), ("cpu", "memory", "ephemeral-storage")):
                assert container["resources"][side][resource], (where, container["name"], side, resource)
        for volume in spec.get("volumes", []):
            if "emptyDir" in volume:
                assert volume["emptyDir"]["sizeLimit"], (where, volume["name"])


@every_overlay
def test_long_running_containers_are_probed(render: Render, overlay: str) -> None:
    for where, _, spec in pods(render(overlay)):
        if where.startswith(("CronJob", "Job")):
            continue
        for container in spec["containers"]:
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container), where


@every_overlay
def test_no_secret_and_nothing_like_one(render: Render, overlay: str) -> None:
    documents = render(overlay)
    assert not of_kind(documents, "Secret")
    for document in documents:
        for path, value in walk(document):
            if isinstance(value, dict) and re.search(r"PASSWORD|SECRET|TOKEN|ACCESS_KEY", str(value.get("name", ""))):
                assert "value" not in value, (document["kind"], path)
            if isinstance(value, str):
                assert not re.search(r"://[^/\s:@]+:[^/\s@]+@", value), (document["kind"], path)
                assert "PRIVATE KEY" not in value, (document["kind"], path)


def secrets_needed(documents: list[Document]) -> set[tuple[str, str, str | None, bool]]:
    """(namespace, name, key or None for the whole, optional) of every Secret that pods and ServiceAccounts name."""
    needed = set()
    for _, metadata, spec in pods(documents):
        namespace = metadata["namespace"]
        for path, value in walk(spec):
            if path.endswith(".secretKeyRef"):
                needed.add((namespace, value["name"], value["key"], bool(value.get("optional"))))
            elif path.endswith(".secretRef"):
                needed.add((namespace, value["name"], None, False))
            elif path.endswith(".secret") and isinstance(value, dict):
                items = value.get("items", [{"key": None}])
                needed |= {(namespace, value["secretName"], item["key"], False) for item in items}
    for account in of_kind(documents, "ServiceAccount"):
        for secret in account.get("secrets", []):
            needed.add((account["metadata"]["namespace"], secret["name"], None, False))
    return needed


@every_overlay
def test_every_secret_that_is_named_is_in_the_list(render: Render, overlay: str) -> None:
    document = yaml.safe_load((K8S / "secrets.yaml").read_text(encoding="utf-8"))
    listed = {
        (namespace, secret["name"]): (set(secret["keys"]), set(secret.get("optional", [])))
        for secret in [*document["secrets"], *document["by_hand"]]
        for namespace in secret["namespaces"]
    }
    needed = secrets_needed(render(overlay))
    assert needed
    for namespace, name, key, optional in needed:
        keys, optional_keys = listed[namespace, name]
        if key is not None:
            assert key in (keys | optional_keys if optional else keys), (namespace, name, key)


def test_the_vault_brings_every_secret_that_production_needs(render: Render) -> None:
    documents = render("production")
    brought = {
        (document["metadata"]["namespace"], document["spec"]["target"]["name"]): {
            entry["secretKey"] for entry in document["spec"]["data"]
        }
        for document in of_kind(documents, "ExternalSecret")
    }
    for namespace, name, key, _ in secrets_needed(documents):
        assert (namespace, name) in brought
        # AWS's own store has no endpoint to name.
        assert key in {None, "AWS_ENDPOINT_URL", *brought[namespace, name]}


def test_keys_for_clients_come_from_a_secret_made_by_hand(render: Render) -> None:
    documents = render("kind", "api-keys")
    listed = {
        (namespace, secret["name"], key)
        for secret in yaml.safe_load((K8S / "secrets.yaml").read_text(encoding="utf-8"))["by_hand"]
        for namespace in secret["namespaces"]
        for key in secret["keys"]
    }
    added = {(namespace, name, key) for namespace, name, key, _ in secrets_needed(documents)} - {
        (namespace, name, key) for namespace, name, key, _ in secrets_needed(render("kind"))
    }
    assert added == listed
    container = of_kind(documents, "ServingRuntime")[0]["spec"]["containers"][0]
    given = arguments.parse(server_arguments(documents))
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "api-keys"]
    assert str(given.admission.api_keys) == f"{mount['mountPath']}/keys"
    assert mount["readOnly"] is True


@every_overlay
def test_no_reference_into_the_void(render: Render, overlay: str) -> None:
    documents = render(overlay)
    have = {
        (document["kind"], document["metadata"].get("namespace"), document["metadata"]["name"])
        for document in documents
    }
    namespaces = {name for kind, _, name in have if kind == "Namespace"}
    for document in documents:
        namespace = document["metadata"].get("namespace")
        if namespace is not None:
            assert namespace in namespaces | OUTSIDE_NAMESPACES, document["metadata"]
    for where, metadata, spec in pods(documents):
        namespace = metadata["namespace"]
        assert ("ServiceAccount", namespace, spec["serviceAccountName"]) in have, where
        for path, value in walk(spec):
            if path.endswith((".configMapRef", ".configMapKeyRef", ".configMap")):
                assert ("ConfigMap", namespace, value["name"]) in have, (where, value)
            if path.endswith(".persistentVolumeClaim"):
                assert ("PersistentVolumeClaim", namespace, value["claimName"]) in have, (where, value)
    for binding in of_kind(documents, "RoleBinding"):
        namespace = binding["metadata"]["namespace"]
        assert ("Role", namespace, binding["roleRef"]["name"]) in have, binding["metadata"]
        for subject in binding["subjects"]:
            outside = subject["namespace"] in OUTSIDE_NAMESPACES
            assert outside or ("ServiceAccount", subject["namespace"], subject["name"]) in have, subject
    for scaled in of_kind(documents, "StatefulSet"):
        assert ("Service", scaled["metadata"]["namespace"], scaled["spec"]["serviceName"]) in have


def selects(selector: Document, labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In", "only In is used"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


@every_overlay
def test_every_selector_matches_a_pod(render: Render, overlay: str) -> None:
    documents = render(overlay)
    running = [(metadata["namespace"], metadata["labels"]) for _, metadata, _ in pods(documents)]

    def matches(namespace: str, selector: Document) -> bool:
        return any(where == namespace and selects(selector, labels) for where, labels in running)

    for document in of_kind(documents, "Service"):
        assert matches(document["metadata"]["namespace"], {"matchLabels": document["spec"]["selector"]}), document[
            "metadata"
        ]
    for document in of_kind(documents, "PodDisruptionBudget", "PodMonitor"):
        assert matches(document["metadata"]["namespace"], document["spec"]["selector"]), document["metadata"]
    for where, metadata, spec in pods(documents):
        for constraint in spec.get("topologySpreadConstraints", []):
            assert selects(constraint["labelSelector"], metadata["labels"]), where
    for document in of_kind(documents, "NetworkPolicy"):
        namespace, spec = document["metadata"]["namespace"], document["spec"]
        assert matches(namespace, spec["podSelector"]), document["metadata"]


@every_overlay
def test_network_is_closed_but_for_named_openings(render: Render, overlay: str) -> None:
    documents = render(overlay)
    policies = of_kind(documents, "NetworkPolicy")
    ours = {document["metadata"]["name"] for document in of_kind(documents, "Namespace")}
    for namespace in ours:
        dns = next(p for p in policies if p["metadata"] == {"name": "allow-dns", "namespace": namespace})
        (opening,) = dns["spec"]["egress"]
        # The cluster's DNS, and a node's own cache of it, which no selector of pods meets.
        assert [set(peer) for peer in opening["to"]] == [{"namespaceSelector", "podSelector"}, {"ipBlock"}]
        assert {(port["protocol"], port["port"]) for port in opening["ports"]} == {("UDP", 53), ("TCP", 53)}
        assert any(
            policy["metadata"]["namespace"] == namespace
            and policy["spec"]["podSelector"] == {}
            and sorted(policy["spec"]["policyTypes"]) == ["Egress", "Ingress"]
            and not policy["spec"].get("ingress")
            and not policy["spec"].get("egress")
            for policy in policies
        ), namespace
    present = {(metadata["namespace"], frozenset(metadata["labels"].items())) for _, metadata, _ in pods(documents)}
    optional = {"object-store", "postgres", "postgres-backup"}  # left out where they are managed services
    for policy in policies:
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
            assert rule.get("ports"), policy["metadata"]["name"]
            peers = rule.get("from", []) + rule.get("to", [])
            assert peers, policy["metadata"]["name"]
            for peer in peers:
                pod_selector = peer.get("podSelector")
                where = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
                namespace = where or policy["metadata"]["namespace"]
                if pod_selector is None or namespace not in ours:
                    continue
                named = set(pod_selector.get("matchLabels", {}).values())
                assert named & optional or any(
                    place == namespace and selects(pod_selector, dict(labels)) for place, labels in present
                ), (policy["metadata"]["name"], peer)


@every_overlay
def test_only_what_talks_to_the_api_has_a_token(render: Render, overlay: str) -> None:
    with_token = {
        where for where, _, spec in pods(render(overlay)) if spec.get("automountServiceAccountToken") is not False
    }
    assert with_token == {"Deployment tenure/tenure-rollout", "StatefulSet tenure-platform/prometheus"}
    for account in of_kind(render(overlay), "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


WRITES_WITHOUT_NAMES = {
    ("tenure-rollout", "events", "create"),
    # The author of a request chooses its name; who may ask for what is held by the verb on the service's name.
    ("tenure-rollout", "rolloutrequests", "delete"),
    ("tenure-rollout", "rolloutrequests/status", "patch"),
    ("tenure-rollout-operator", "rolloutrequests", "create"),
    ("tenure-rollout-starter", "rolloutrequests", "create"),
}
"""Role, resource and verb."""


@every_overlay
def test_rights_are_the_least(render: Render, overlay: str) -> None:
    documents = render(overlay)
    assert not of_kind(documents, "ClusterRole", "ClusterRoleBinding")
    for role in of_kind(documents, "Role"):
        for rule in role["rules"]:
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]
            writes = set(rule["verbs"]) - {"get", "list", "watch"}
            if writes and not rule.get("resourceNames"):
                named = [
                    (role["metadata"]["name"], resource, verb) for resource in rule["resources"] for verb in writes
                ]
                assert set(named) <= WRITES_WITHOUT_NAMES
            assert "secrets" not in rule["resources"]
    rollout = next(role for role in of_kind(documents, "Role") if role["metadata"]["name"] == "tenure-rollout")
    patched = [
        (resource, name)
        for rule in rollout["rules"]
        if {"patch", "update", "delete", "create"} & set(rule["verbs"]) and rule.get("resourceNames")
        for resource in rule["resources"]
        for name in rule["resourceNames"]
    ]
    assert patched == [("inferenceservices", "churn"), ("configmaps", "churn-rollout"), ("leases", "churn-rollout")]
    records = {(item["kind"], item["metadata"]["name"]) for item in documents}
    assert {("ConfigMap", "churn-rollout"), ("Lease", "churn-rollout")} <= records


@every_overlay
def test_pipeline_steps_may_request_a_rollout_and_change_nothing_else(render: Render, overlay: str) -> None:
    """That these rights are enough, tests/integration/test_rollout_rights.py shows."""
    documents = render(overlay)
    (bound,) = [
        binding
        for binding in of_kind(documents, "RoleBinding")
        if {"kind": "ServiceAccount", "name": "pipeline-runner", "namespace": "kubeflow"} in binding["subjects"]
    ]
    (role,) = [
        role
        for role in of_kind(documents, "Role")
        if (role["metadata"]["name"], role["metadata"]["namespace"]) == (bound["roleRef"]["name"], "tenure")
    ]
    changes = {
        (verb, resource, *rule.get("resourceNames", []))
        for rule in role["rules"]
        for verb in set(rule["verbs"]) - {"get", "list", "watch"}
        for resource in rule["resources"]
    }
    requests = "rolloutrequests"
    assert changes == {("create", requests), ("start", requests, "churn"), ("replay", requests, "churn")}


@every_overlay
def test_only_the_controller_writes_the_rollout_s_state(render: Render, overlay: str) -> None:
    writing = {
        role["metadata"]["name"]
        for role in of_kind(render(overlay), "Role")
        for rule in role["rules"]
        if "configmaps" in rule["resources"] and set(rule["verbs"]) - {"get", "list", "watch"}
    }
    assert writing == {"tenure-rollout"}


@every_overlay
def test_the_author_of_a_request_is_checked_by_the_api_server(render: Render, overlay: str) -> None:
    """What the policy lets pass, tests/integration/test_rollout_admission.py tries on a real API server."""
    documents = render(overlay)
    name = "rolloutrequests.tenure.dev"
    (policy,) = [d for d in of_kind(documents, "ValidatingAdmissionPolicy") if d["metadata"]["name"] == name]
    (binding,) = [d for d in of_kind(documents, "ValidatingAdmissionPolicyBinding") if d["metadata"]["name"] == name]
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    assert policy["spec"]["failurePolicy"] == "Fail"
    expressions = [rule["expression"] for rule in policy["spec"]["validations"]]
    assert expressions[0] == "object.spec.requestedBy == request.userInfo.username"
    assert all("namespace" not in item["metadata"] for item in (policy, binding))


@every_overlay
def test_a_rollout_loads_from_the_registry_s_store_only(render: Render, overlay: str) -> None:
    (controller,) = [
        item for item in of_kind(render(overlay), "Deployment") if item["metadata"]["name"] == "tenure-rollout"
    ]
    sources = controller["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    (name,) = [source["configMapRef"]["name"] for source in sources if "configMapRef" in source]
    (settings,) = [item for item in of_kind(render(overlay), "ConfigMap") if item["metadata"]["name"] == name]
    root = next(
        item["data"]["MLFLOW_DEFAULT_ARTIFACT_ROOT"]
        for item in of_kind(render(overlay), "ConfigMap")
        if "MLFLOW_DEFAULT_ARTIFACT_ROOT" in item.get("data", {})
    )
    assert settings["data"]["TENURE_STORAGE_PREFIXES"] == f"{root}/"


@every_overlay
def test_the_server_scales_spreads_and_survives_a_drain(render: Render, overlay: str) -> None:
    documents = render(overlay)
    service = of_kind(documents, "InferenceService")[0]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    assert "serving.kserve.io/enable-prometheus-scraping" not in service["metadata"]["annotations"]
    predictor = service["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (2, 10)
    targets = {
        metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"]
        for metric in predictor["autoScaling"]["metrics"]
    }
    assert targets == {"cpu": 70, "memory": 80}
    assert predictor["model"]["storageUri"] == MODEL_URI
    runtime = of_kind(documents, "ServingRuntime")[0]["spec"]
    assert {"v2", "grpc-v2"} <= set(runtime["protocolVersions"])
    container = runtime["containers"][0]
    assert container["name"] == "kserve-container"
    # KServe maps port 80 to the first port, and finds gRPC by the port's name.
    assert [(port["name"], port["containerPort"]) for port in container["ports"]] == [("http", 8080), ("h2c", 8081)]
    for probe in ("startupProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] == "/v2/models/{{.Name}}/ready"
    assert runtime["annotations"]["prometheus.io/port"] == "8080"
    # In-flight requests end before the kill: the drain, then the longest request, which the server itself cuts off.
    given = arguments.parse(server_arguments(documents))
    assert given.drain_s >= 5
    assert given.admission.timeout_s == predictor["timeout"] <= given.grace_s
    assert given.drain_s + given.grace_s + 5 < predictor["terminationGracePeriodSeconds"]
    assert "lifecycle" not in container
    assert predictor["deploymentStrategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_canary_keeps_kserves_rules(render: Render) -> None:
    """As KServe's webhook checks them (inference_service_validation.go, validateCanarySpecs)."""
    service = of_kind(render("kind", "canary"), "InferenceService")[0]
    stable = service["spec"]["predictor"]
    (canary,) = service["spec"]["canary"]
    assert 0 <= canary["trafficPercent"] <= 100
    predictor = canary["predictor"]
    assert predictor["name"] not in ("", stable.get("name"))
    assert predictor["minReplicas"] <= stable["minReplicas"]
    assert not {"maxReplicas", "scaleTarget", "scaleMetric", "autoScaling", "workerSpec"} & set(predictor)
    assert predictor["model"]["name"] == ""
    assert predictor["model"]["runtime"] == stable["model"]["runtime"]


def test_knative_gets_its_own_canary_and_hpa(render: Render) -> None:
    documents = render("kind", "knative")
    service = of_kind(documents, "InferenceService")[0]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Knative"
    assert service["metadata"]["annotations"]["autoscaling.knative.dev/class"] == "hpa.autoscaling.knative.dev"
    assert service["spec"]["predictor"]["canaryTrafficPercent"] == 10
    assert "canary" not in service["spec"]
    runtime = of_kind(documents, "ServingRuntime")[0]["spec"]
    assert len(runtime["containers"][0]["ports"]) == 1


def test_tls_ends_at_the_gateway(render: Render) -> None:
    documents = render("production")
    listeners = {listener["name"]: listener for listener in of_kind(documents, "Gateway")[0]["spec"]["listeners"]}
    certificate = of_kind(documents, "Certificate")[0]
    assert listeners["https"]["tls"]["certificateRefs"][0]["name"] == certificate["spec"]["secretName"]
    assert certificate["metadata"]["namespace"] == of_kind(documents, "Gateway")[0]["metadata"]["namespace"]


def test_the_platform_folders_render(kubectl: str) -> None:
    for folder in ("gateway", "pipelines"):
        result = run(kubectl, "kustomize", str(K8S / "platform" / folder))
        assert result.returncode == 0, result.stderr
        assert list(yaml.safe_load_all(result.stdout))
