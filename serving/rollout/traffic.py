"""The cluster: the only file that talks to it. Documents go in and out as they are; what they mean is known elsewhere.

Every write to an object that others write too carries the ``resourceVersion`` it was read at, so that a change in
between is a ``Conflict`` and never lost.

State lies in a ConfigMap of the InferenceService (owned by it, deleted with it), not in its annotations: KServe copies
those into the pod template (``buildPredictorResources`` in its source), so each look would restart every pod that
serves, unless the installation's ``serviceAnnotationDisallowedList`` happened to name our keys.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from serving.rollout.spec import Document, predictor_object
from serving.rollout.state import Plan
from serving.rollout.view import Objects
from tenure.errors import InputError, SourceError

KSERVE = "/apis/serving.kserve.io/v1beta1"
GATEWAY = "/apis/gateway.networking.k8s.io/v1"
INSTALL = {
    KSERVE: "KServe's CRDs are not installed: kubectl apply --server-side -f "
    "https://github.com/kserve/kserve/releases/download/v0.21.0/kserve.yaml, or make kind-up",
    GATEWAY: "the Gateway API's CRDs are not installed: kubectl apply --server-side -f "
    "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml, or make kind-up",
}
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TIMEOUT_S = (5.0, 15.0)
"""To connect, and to be answered."""


class Conflict(Exception):  # noqa: N818 (it is what HTTP calls it)
    """Somebody else wrote first; read again."""


class Cluster:
    """One InferenceService's surroundings: itself, its Deployments, pods and routes, and the rollout's own objects.

    Methods raise ``Conflict`` where said, and beyond that

        InputError      what is asked for does not exist or is refused as invalid: service, CRD, name, context
        SourceError     the cluster cannot be reached, forbids, or is out of quota
    """

    def __init__(self, service: str, namespace: str | None = None, context: str | None = None) -> None:
        settings = client.Configuration()
        home = _connect(settings, context)
        # The loop repeats what failed, on a fresh read; hidden retries would only hold up its lease.
        settings.retries = False
        self.service = service
        self.namespace = namespace or home
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
            Conflict: if it has changed since ``resource_version``.
        """
        body = {"metadata": {"resourceVersion": resource_version}, "spec": spec}
        self._call("PATCH", f"{KSERVE}/namespaces/{self.namespace}/inferenceservices/{self.service}", body)

    def objects(self, isvc: Document, plan: Plan) -> Objects:
        """All that tells how far the cluster has followed."""
        canary = predictor_object(self.service, plan.canary)
        stable = predictor_object(self.service, plan.stable.name)
        selector = {"labelSelector": f"app=isvc.{canary}"}
        pods = self._get(f"/api/v1/namespaces/{self.namespace}/pods", query=selector) or {}
        return Objects(
            isvc=isvc,
            canary=self._deployment(canary),
            stable=self._deployment(stable),
            routes=self.routes(),
            canary_pods=pods.get("items", []),
        )

    def routes(self) -> dict[str, Document | None]:
        """The HTTPRoutes that KServe keeps for the service, by name."""
        path = f"{GATEWAY}/namespaces/{self.namespace}/httproutes"
        return {name: self._get(f"{path}/{name}", GATEWAY) for name in (self.service, f"{self.service}-predictor")}

    def stored(self) -> Document | None:
        """The ConfigMap that holds plan, state, history and requests."""
        return self._get(f"/api/v1/namespaces/{self.namespace}/configmaps/{self.record}")

    def store(self, data: dict[str, str | None], before: Document | None, owner: Document | None = None) -> Document:
        """Write keys of the ConfigMap (None removes one) and return it as it is then.

        Args:
            before: the ConfigMap as read; None creates it.
            owner: the InferenceService, when it is created.

        Raises:
            Conflict: if it has changed since.
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
            SourceError: if it cannot be watched.
        """
        query = {
            "watch": "true",
            "fieldSelector": f"metadata.name={self.record}",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(max(1, round(timeout_s))),
        }
        path = f"/api/v1/namespaces/{self.namespace}/configmaps"
        with self._translated(path):
            answer = self._request("GET", path, None, query, stream=True, timeout=(5.0, timeout_s + 5.0))
            with contextlib.closing(answer), contextlib.suppress(urllib3.exceptions.HTTPError):
                next(iter(answer.stream(1024)), None)

    def lease(self) -> Document | None:
        """The Lease that says which controller acts."""
        return self._get(f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/{self.record}")

    def write_lease(self, spec: Document, before: Document | None) -> None:
        """Create the Lease, or replace its spec.

        Raises:
            Conflict: if it has changed since ``before``, or exists by now.
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

    def _deployment(self, name: str) -> Document | None:
        return self._get(f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{name}")

    def _get(self, path: str, group: str = "", query: dict[str, str] | None = None) -> Document | None:
        """The object, None if there is none of that name."""
        with self._translated(path):
            try:
                answer = self._request("GET", path, None, query)
            except ApiException as error:
                if error.status != 404:
                    raise
                # A missing object is a Status; a group or resource that nobody serves is plain text.
                if group and _status(error).get("kind") != "Status":
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
        stream: bool = False,
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
            raise _error(error, path, self.host) from error
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise SourceError(f"the cluster at {self.host} cannot be reached: {_line(str(reason))}") from error
        except ConfigException as error:
            raise SourceError(f"no credentials for the cluster at {self.host}: {_line(str(error))}") from error


def _connect(settings: client.Configuration, context: str | None) -> str:
    """Fill in where the cluster is and how to log in; the namespace to use where none is named.

    Raises:
        InputError: if there is no cluster to be found, or no such context.
    """
    inside = SERVICE_ACCOUNT / "namespace"
    if context is None and not os.environ.get("KUBECONFIG") and inside.exists():
        config.load_incluster_config(client_configuration=settings)
        return inside.read_text(encoding="utf-8").strip()
    try:
        contexts, active = config.list_kube_config_contexts()
        if context is not None:
            active = next((item for item in contexts if item["name"] == context), None)
            if active is None:
                known = ", ".join(sorted(item["name"] for item in contexts)) or "none"
                raise InputError(f"no context {context!r} in the kubeconfig (there: {known})")
        config.load_kube_config(context=context, client_configuration=settings)
    except ConfigException as error:
        raise InputError(
            f"no cluster: set KUBECONFIG, or run inside a pod with a service account ({_line(str(error))})"
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"the kubeconfig cannot be read: {_line(str(error))}") from error
    return str(active["context"].get("namespace") or "default")


def _error(error: ApiException, path: str, host: str) -> Exception:
    status = _status(error)
    message = _line(str(status.get("message") or error.reason or ""))
    what = f"{host}{path}"
    if error.status == 409:
        return Conflict(message)
    if error.status == 401:
        return SourceError(f"{host}: the credentials are not accepted (401); log in again or pass --context")
    if error.status == 403 and "exceeded quota" in message:
        return SourceError(f"quota: {message}")
    if error.status == 403 and "admission webhook" in message:
        return InputError(f"refused: {message}")
    if error.status == 403:
        return SourceError(f"forbidden: {message}; k8s/base/rollout has the Role that allows it")
    if error.status in (400, 422):
        return InputError(f"refused: {message}")
    if error.status == 404:
        return InputError(f"{what} does not exist: {message}")
    return SourceError(f"{what}: HTTP {error.status}: {message}")


def _status(error: ApiException) -> Document:
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body
    try:
        document = json.loads(body or "")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _reference(isvc: Document) -> Document:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "name": isvc["metadata"]["name"],
        "uid": isvc["metadata"]["uid"],
    }


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"{line[:399]}…"
