"""The objects of one InferenceService and its rollout: documents are read and written, and not interpreted.

Every write to an object that others write too carries the ``resourceVersion`` at which it was read, so that a change in
between is a ``Conflict`` and never lost.

State is kept in a ConfigMap that the InferenceService owns (deleted with it), not in its annotations: KServe copies
those into the pod template (``buildPredictorResources`` in its source), so each look would restart every serving pod,
unless the installation's ``serviceAnnotationDisallowedList`` happened to contain our keys.
"""

from __future__ import annotations

import contextlib

from rollout.policy.state import Plan
from rollout.traffic.api import Api
from rollout.traffic.connection import GATEWAY, KSERVE, Conflict
from rollout.traffic.inference_service import Document, predictor_object
from rollout.traffic.request_objects import RequestObjects
from rollout.traffic.view import Objects
from tenure.errors import InputError


class Cluster:
    """One InferenceService with its Deployments, pods and routes, and the rollout's own objects.

    requests: the request objects of the service.

    Methods raise the errors of ``rollout.traffic.api.Api``, and ``Conflict`` where documented.
    """

    def __init__(self, service: str, namespace: str | None = None, context: str | None = None) -> None:
        self._api = Api(namespace, context)
        self.service = service
        self.namespace = self._api.namespace
        self.host = self._api.host
        self.requests = RequestObjects(self._api, service)

    @property
    def record(self) -> str:
        """Name of the rollout's ConfigMap and Lease."""
        return f"{self.service}-rollout"

    def isvc(self) -> Document:
        """The InferenceService."""
        path = f"{KSERVE}/namespaces/{self.namespace}/inferenceservices/{self.service}"
        found = self._api.get(path, KSERVE)
        if found is None:
            raise InputError(f"no InferenceService {self.service} in namespace {self.namespace} of {self.host}")
        return found

    def patch_isvc(self, spec: Document, resource_version: str) -> None:
        """Change the InferenceService's ``spec`` by a merge patch.

        Raises:
            Conflict: it has changed since ``resource_version``.
        """
        body = {"metadata": {"resourceVersion": resource_version}, "spec": spec}
        self._api.call("PATCH", f"{KSERVE}/namespaces/{self.namespace}/inferenceservices/{self.service}", body)

    def objects(self, isvc: Document, plan: Plan) -> Objects:
        """The objects from which the progress of the rollout is determined."""
        canary = predictor_object(self.service, plan.canary)
        stable = predictor_object(self.service, plan.stable.name)
        selector = {"labelSelector": f"app=isvc.{canary}"}
        pods = self._api.get(f"/api/v1/namespaces/{self.namespace}/pods", query=selector) or {}
        return Objects(
            isvc=isvc,
            canary=self.deployment(canary),
            stable=self.deployment(stable),
            routes=self.routes(),
            canary_pods=pods.get("items", []),
            autoscaler=self.autoscaler(stable),
        )

    def routes(self) -> dict[str, Document | None]:
        """The HTTPRoutes that KServe writes for the service, by name."""
        path = f"{GATEWAY}/namespaces/{self.namespace}/httproutes"
        return {name: self._api.get(f"{path}/{name}", GATEWAY) for name in (self.service, f"{self.service}-predictor")}

    def stored(self) -> Document | None:
        """The ConfigMap that holds plan, state, history and the replay's outcome."""
        return self._api.get(f"/api/v1/namespaces/{self.namespace}/configmaps/{self.record}")

    def store(self, data: dict[str, str | None], before: Document | None, owner: Document | None = None) -> Document:
        """Write keys of the ConfigMap (None removes one) and return the new ConfigMap.

        Args:
            before: the ConfigMap as read; None creates it.
            owner: the InferenceService, when the ConfigMap is created.

        Raises:
            Conflict: it has changed since, or exists already.
        """
        path = f"/api/v1/namespaces/{self.namespace}/configmaps"
        if before is not None:
            body = {"metadata": {"resourceVersion": before["metadata"]["resourceVersion"]}, "data": data}
            return self._api.call("PATCH", f"{path}/{self.record}", body)
        metadata: Document = {"name": self.record, "labels": {"app.kubernetes.io/managed-by": "tenure-rollout"}}
        if owner is not None:
            metadata["ownerReferences"] = [_reference(owner)]
        body = {"metadata": metadata, "data": {key: value for key, value in data.items() if value is not None}}
        return self._api.call("POST", path, {"apiVersion": "v1", "kind": "ConfigMap", **body})

    def lease(self) -> Document | None:
        """The Lease, whose holder is the controller that acts."""
        return self._api.get(f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/{self.record}")

    def write_lease(self, spec: Document, before: Document | None) -> None:
        """Create the Lease, or replace its spec.

        Raises:
            Conflict: it has changed since ``before``, or exists already.
        """
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"
        kind = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
        if before is None:
            self._api.call("POST", path, {**kind, "metadata": {"name": self.record}, "spec": spec})
        else:
            self._api.call("PUT", f"{path}/{self.record}", {**kind, "metadata": before["metadata"], "spec": spec})

    def post_event(self, name: str, isvc: Document, *, warning: bool, reason: str, message: str, time: str) -> None:
        """An Event on the InferenceService; posting the same name again changes nothing."""
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name},
            "involvedObject": {
                **{
                    key: value
                    for key, value in _reference(isvc).items()
                    if key in ("apiVersion", "kind", "name", "uid")
                },
                "namespace": self.namespace,
                "resourceVersion": isvc["metadata"]["resourceVersion"],
            },
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": message[:1000],
            "source": {"component": "tenure-rollout"},
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
        }
        with contextlib.suppress(Conflict):
            self._api.call("POST", f"/api/v1/namespaces/{self.namespace}/events", body)

    def deployment(self, name: str) -> Document | None:
        """The Deployment of that name."""
        return self._api.get(f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{name}")

    def autoscaler(self, name: str) -> Document | None:
        """The HorizontalPodAutoscaler of that name, which KServe gives to a Deployment of the same name."""
        return self._api.get(f"/apis/autoscaling/v2/namespaces/{self.namespace}/horizontalpodautoscalers/{name}")


def _reference(isvc: Document) -> Document:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "name": isvc["metadata"]["name"],
        "uid": isvc["metadata"]["uid"],
    }
