"""The cluster's objects that the tests look at and push around."""

from __future__ import annotations

import base64
import datetime
import subprocess
import sys
from typing import Any

from e2e_gateway import until
from e2e_settings import ROOT, Settings
from kubernetes import client, config

from rollout.traffic.inference_service import predictor_object

KSERVE = {"group": "serving.kserve.io", "version": "v1beta1", "plural": "inferenceservices"}
ROUTES = {"group": "gateway.networking.k8s.io", "version": "v1", "plural": "httproutes"}


class Cluster:
    """One InferenceService and what stands around it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._client = config.new_client_from_config(context=settings.context)
        self.core = client.CoreV1Api(self._client)
        self.apps = client.AppsV1Api(self._client)
        self.autoscaling = client.AutoscalingV2Api(self._client)
        self._custom = client.CustomObjectsApi(self._client)

    def service(self) -> dict[str, Any]:
        where = {"namespace": self.settings.namespace, "name": self.settings.service}
        return self._custom.get_namespaced_custom_object(**KSERVE, **where)

    def patch_service(self, spec: dict[str, Any]) -> None:
        """A merge patch: None removes."""
        where = {"namespace": self.settings.namespace, "name": self.settings.service}
        self._custom.patch_namespaced_custom_object(**KSERVE, **where, body={"spec": spec})

    def route_weights(self) -> dict[str, int]:
        """Weight by backend, of the route that clients' requests take."""
        where = {"namespace": self.settings.namespace, "name": self.settings.service}
        route = self._custom.get_namespaced_custom_object(**ROUTES, **where)
        backends = route["spec"]["rules"][-1]["backendRefs"]
        return {backend["name"]: backend.get("weight", 1) for backend in backends}

    def ready(self) -> bool:
        conditions = self.service().get("status", {}).get("conditions", [])
        return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)

    def deployment(self, predictor: str = "") -> client.V1Deployment | None:
        name = predictor_object(self.settings.service, predictor)
        try:
            return self.apps.read_namespaced_deployment(name, self.settings.namespace)
        except client.ApiException as error:
            if error.status == 404:
                return None
            raise

    def secret(self, namespace: str, name: str, key: str) -> bytes | None:
        """A value of a Secret; None if there is no such Secret."""
        try:
            found = self.core.read_namespaced_secret(name, namespace)
        except client.ApiException as error:
            if error.status != 404:
                raise
            return None
        return base64.b64decode(found.data[key])

    def pods(self, selector: str, namespace: str | None = None) -> list[client.V1Pod]:
        return self.core.list_namespaced_pod(namespace or self.settings.namespace, label_selector=selector).items

    def predictor_pods(self, predictor: str = "") -> list[client.V1Pod]:
        name = predictor_object(self.settings.service, predictor)
        return [pod for pod in self.pods(f"app=isvc.{name}") if pod.metadata.deletion_timestamp is None]

    def kill(self, pod: client.V1Pod, grace_s: int = 0) -> None:
        self.core.delete_namespaced_pod(pod.metadata.name, pod.metadata.namespace, grace_period_seconds=grace_s)

    def restart(self, workload: str, namespace: str) -> None:
        """As ``kubectl rollout restart KIND/NAME`` does, and wait until it is back."""
        kind, _, name = workload.partition("/")
        stamp = datetime.datetime.now(datetime.UTC).isoformat()
        template = {"metadata": {"annotations": {"tenure.dev/restarted-at": stamp}}}
        patch = getattr(self.apps, f"patch_namespaced_{'stateful_set' if kind == 'statefulset' else kind}")
        read = getattr(self.apps, f"read_namespaced_{'stateful_set' if kind == 'statefulset' else kind}")
        generation = patch(name, namespace, {"spec": {"template": template}}).metadata.generation

        def back() -> bool:
            found = read(name, namespace)
            status = found.status
            current = (status.observed_generation or 0) >= generation
            return current and (status.updated_replicas or 0) == (status.ready_replicas or 0) == found.spec.replicas

        until(f"{workload} is back", back, 300)

    def settled(self, predictor: str = "") -> bool:
        """All replicas of the Deployment are new and available."""
        found = self.deployment(predictor)
        if found is None:
            return False
        status, wanted = found.status, found.spec.replicas
        current = (status.observed_generation or 0) >= found.metadata.generation
        return current and (status.updated_replicas or 0) == (status.available_replicas or 0) == wanted


def rollout(
    settings: Settings, command: str, *arguments: str, timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """``python -m rollout COMMAND SERVICE …``"""
    where = ["--namespace", settings.namespace, *(["--context", settings.context] if settings.context else [])]
    return subprocess.run(
        [sys.executable, "-m", "rollout", command, settings.service, *where, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        cwd=ROOT,
    )
