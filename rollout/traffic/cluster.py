"""The only file that makes requests to the cluster. It reads and writes documents and does not interpret them.

Every write to an object that others write too carries the ``resourceVersion`` at which it was read, so that a change in
between is a ``Conflict`` and never lost.

State is kept in a ConfigMap that the InferenceService owns (deleted with it), not in its annotations: KServe copies
those into the pod template (``buildPredictorResources`` in its source), so each look would restart every serving pod,
unless the installation's ``serviceAnnotationDisallowedList`` happened to contain our keys.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from rollout.policy.state import Plan
from rollout.traffic.connection import GATEWAY, INSTALL, KSERVE, Conflict, connect, one_line, status_of, translated
from rollout.traffic.inference_service import Document, predictor_object
from rollout.traffic.view import Objects
from tenure.errors import InputError, SourceError

TIMEOUT_S = (5.0, 15.0)
"""To connect, and to read the response."""


class Cluster:
    """One InferenceService with its Deployments, pods and routes, and the rollout's own objects.

    Methods raise ``Conflict`` where documented, and

        InputError      a service, CRD, name or context does not exist, or an object is invalid
        SourceError     the cluster cannot be reached, forbids the request, or a quota is exceeded
    """

    def __init__(self, service: str, namespace: str | None = None, context: str | None = None) -> None:
        settings = client.Configuration()
        default_namespace = connect(settings, context)
        # The loop retries on a fresh read; retries of the client would only delay the renewal of its Lease.
        settings.retries = False
        self.service = service
        self.namespace = namespace or default_namespace
        self.host = settings.host
        self._api = client.ApiClient(settings)

    @property
    def record(self) -> str:
        """Name of the rollout's ConfigMap and Lease."""
        return f"{self.service}-rollout"

    def isvc(self) -> Document:
        """The InferenceService."""
        path = f"{KSERVE}/namespaces/{self.namespace}/inferenceservices/{self.service}"
        found = self._get(path, KSERVE)
        if found is None:
            raise InputError(f"no InferenceService {self.service} in namespace {self.namespace} of {self.host}")
        return found

    def patch_isvc(self, spec: Document, resource_version: str) -> None:
        """Change the InferenceService's ``spec`` by a merge patch.

        Raises:
            Conflict: it has changed since ``resource_version``.
        """
        body = {"metadata": {"resourceVersion": resource_version}, "spec": spec}
        self._call("PATCH", f"{KSERVE}/namespaces/{self.namespace}/inferenceservices/{self.service}", body)

    def objects(self, isvc: Document, plan: Plan) -> Objects:
        """The objects from which the progress of the rollout is determined."""
        canary = predictor_object(self.service, plan.canary)
        stable = predictor_object(self.service, plan.stable.name)
        selector = {"labelSelector": f"app=isvc.{canary}"}
        pods = self._get(f"/api/v1/namespaces/{self.namespace}/pods", query=selector) or {}
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
        return {name: self._get(f"{path}/{name}", GATEWAY) for name in (self.service, f"{self.service}-predictor")}

    def stored(self) -> Document | None:
        """The ConfigMap that holds plan, state, history and requests."""
        return self._get(f"/api/v1/namespaces/{self.namespace}/configmaps/{self.record}")

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
            return self._call("PATCH", f"{path}/{self.record}", body)
        metadata: Document = {"name": self.record, "labels": {"app.kubernetes.io/managed-by": "tenure-rollout"}}
        if owner is not None:
            metadata["ownerReferences"] = [_reference(owner)]
        body = {"metadata": metadata, "data": {key: value for key, value in data.items() if value is not None}}
        return self._call("POST", path, {"apiVersion": "v1", "kind": "ConfigMap", **body})

    def wait_for_store(self, resource_version: str, timeout_s: float) -> None:
        """Return when the ConfigMap changes after ``resource_version``, or after ``timeout_s``, or when watching fails.

        Raises:
            SourceError: it cannot be watched.
        """
        query = {
            "watch": "true",
            "fieldSelector": f"metadata.name={self.record}",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(max(1, round(timeout_s))),
        }
        path = f"/api/v1/namespaces/{self.namespace}/configmaps"
        with self._translated(path):
            answer = self._request("GET", path, None, query, timeout=(5.0, timeout_s + 5.0))
            with contextlib.closing(answer), contextlib.suppress(urllib3.exceptions.HTTPError):
                next(iter(answer.stream(1024)), None)

    def lease(self) -> Document | None:
        """The Lease, whose holder is the controller that acts."""
        return self._get(f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/{self.record}")

    def write_lease(self, spec: Document, before: Document | None) -> None:
        """Create the Lease, or replace its spec.

        Raises:
            Conflict: it has changed since ``before``, or exists already.
        """
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"
        kind = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
        if before is None:
            self._call("POST", path, {**kind, "metadata": {"name": self.record}, "spec": spec})
        else:
            self._call("PUT", f"{path}/{self.record}", {**kind, "metadata": before["metadata"], "spec": spec})

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
            self._call("POST", f"/api/v1/namespaces/{self.namespace}/events", body)

    def deployment(self, name: str) -> Document | None:
        """The Deployment of that name."""
        return self._get(f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{name}")

    def autoscaler(self, name: str) -> Document | None:
        """The HorizontalPodAutoscaler of that name, which KServe gives to a Deployment of the same name."""
        return self._get(f"/apis/autoscaling/v2/namespaces/{self.namespace}/horizontalpodautoscalers/{name}")

    def _get(self, path: str, group: str = "", query: dict[str, str] | None = None) -> Document | None:
        """The object; None if it does not exist."""
        with self._translated(path):
            try:
                answer = self._request("GET", path, None, query)
            except ApiException as error:
                if error.status != 404:
                    raise
                # The error of a missing object is a Status; that of an API group which is not installed is plain text.
                if group and status_of(error).get("kind") != "Status":
                    raise InputError(f"{self.host}: {INSTALL[group]}") from error
                return None
            return json.loads(answer.data)

    def _call(self, method: str, path: str, body: Document) -> Document:
        with self._translated(path):
            return json.loads(self._request(method, path, body).data)

    def _request(
        self,
        method: str,
        path: str,
        body: Document | None,
        query: dict[str, str] | None = None,
        *,
        timeout: tuple[float, float] = TIMEOUT_S,
    ) -> Any:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        return self._api.call_api(
            path,
            method,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": kind},
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _return_http_data_only=True,
            _request_timeout=timeout,
        )

    @contextlib.contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        """The client's errors as ours, in one line."""
        try:
            yield
        except ApiException as error:
            raise translated(error, path, self.host) from error
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise SourceError(f"the cluster at {self.host} cannot be reached: {one_line(str(reason))}") from error
        except ConfigException as error:
            raise SourceError(f"no credentials for the cluster at {self.host}: {one_line(str(error))}") from error


def _reference(isvc: Document) -> Document:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "name": isvc["metadata"]["name"],
        "uid": isvc["metadata"]["uid"],
    }
