"""An API server in memory, spoken to over real HTTP, and KServe's controller as far as a rollout meets it.

What it keeps of Kubernetes: resourceVersion (409 on a stale one), generation, status subresources, merge patches, list
and watch from a resourceVersion, Status objects for errors, plain-text 404 for an API group that nobody serves.
What it keeps of KServe 0.21 in Standard mode: its definition's schema, its validator's rules on canaries, Deployments
with their pod templates (which carry the InferenceService's annotations), replica numbers, HTTPRoutes with weights that
leave unready canaries out, canaryStatuses and CanaryPredictorReady, the removal of what is not wanted any more.
"""

from __future__ import annotations

import contextlib
import copy
import json
import math
import re
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kserve_crds

Document = dict[str, Any]

GROUPS = {
    "/api/v1": {"configmaps", "events", "pods"},
    "/apis/apps/v1": {"deployments"},
    "/apis/autoscaling/v2": {"horizontalpodautoscalers"},
    "/apis/coordination.k8s.io/v1": {"leases"},
    "/apis/gateway.networking.k8s.io/v1": {"httproutes"},
    "/apis/serving.kserve.io/v1beta1": {"inferenceservices"},
    "/apis/tenure.dev/v1alpha1": {"rolloutrequests"},
}
WITH_STATUS = {"deployments", "httproutes", "inferenceservices", "rolloutrequests"}
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
PATH = re.compile(
    r"(?P<group>/apis?(/[^/]+)+?)/namespaces/(?P<namespace>[^/]+)/(?P<plural>[^/]+)(/(?P<name>[^/]+))?(?P<sub>/status)?"
)


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that leave in the middle of a watch."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Refused(Exception):
    """An error answer."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason = code, reason


class ApiServer:
    """The store and its HTTP door. ``url`` is where it listens.

    groups: API groups that are served. forbidden: (verb, plural) that answer 403. down: everything answers 503.
    conflicts: (verb, plural) → how many more times somebody else writes just before. log: (verb, plural) of all writes.
    users: name by token. Request objects are admitted as by k8s/base/rollout-requests, whose real policy
    tests/integration/test_rollout_admission.py tries on a real API server.
    """

    def __init__(self) -> None:
        self.groups = dict(GROUPS)
        self.forbidden: set[tuple[str, str]] = set()
        self.conflicts: dict[tuple[str, str], int] = {}
        self.quota_message = ""
        self.down = False
        self.log: list[tuple[str, str]] = []
        self.users = {"not-a-secret": "tester"}
        self._caller = threading.local()
        self.changed = threading.Condition(threading.RLock())
        self._objects: dict[tuple[str, str, str], Document] = {}
        self._events: list[tuple[int, str, tuple[str, str, str], Document]] = []
        self._version = 100
        self._http = _Quiet(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def user(self) -> str:
        """Who makes the request that is being served."""
        return getattr(self._caller, "user", "")

    def authenticate(self, authorization: str) -> None:
        """Note who makes the request that this thread serves, from its header."""
        self._caller.user = self.users.get(authorization.removeprefix("Bearer "), "")

    def kubeconfig(self, folder: Path, namespace: str = "tenure", token: str = "not-a-secret") -> Path:
        """A kubeconfig that leads here, with a second context that does not."""
        path = folder / "kubeconfig"
        context = {"cluster": "double", "user": "tester", "namespace": namespace}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "double",
            "clusters": [
                {"name": "double", "cluster": {"server": self.url}},
                {"name": "gone", "cluster": {"server": "http://127.0.0.1:9"}},
            ],
            "users": [{"name": "tester", "user": {"token": token}}],
            "contexts": [
                {"name": "double", "context": context},
                {"name": "gone", "context": {**context, "cluster": "gone"}},
            ],
        }
        path.write_text(json.dumps(document))
        return path

    # What the tests and the controllers below do, without HTTP.

    def get(self, plural: str, name: str, namespace: str = "tenure") -> Document | None:
        with self.changed:
            return copy.deepcopy(self._objects.get((namespace, plural, name)))

    def names(self, plural: str, namespace: str = "tenure") -> list[str]:
        with self.changed:
            return sorted(name for space, kind, name in self._objects if (space, kind) == (namespace, plural))

    def items(self, plural: str, namespace: str = "tenure") -> list[Document]:
        return [found for name in self.names(plural, namespace) if (found := self.get(plural, name, namespace))]

    def put(self, plural: str, document: Document, namespace: str = "tenure") -> Document:
        """Create or replace, without questions asked; nothing happens if nothing changes."""
        with self.changed:
            key = (namespace, plural, document["metadata"]["name"])
            before = self._objects.get(key)
            return self._store(key, before, copy.deepcopy(document), status_too=True)

    def delete(self, plural: str, name: str, namespace: str = "tenure") -> None:
        with self.changed:
            document = self._objects.pop((namespace, plural, name))
            self._version += 1
            self._events.append((self._version, "DELETED", (namespace, plural, name), document))
            self.changed.notify_all()

    # What HTTP does.

    def serve(self, verb: str, group: str, key: tuple[str, str, str], sub: str, body: Document) -> Document:
        namespace, plural, name = key
        with self.changed:
            self._admit(verb, group, plural + sub, name)
            if verb == "GET":
                return self._found(key)
            self.log.append((verb, plural))
            if verb == "DELETE":
                self._found(key)
                self.delete(plural, name, namespace)
                return {"kind": "Status", "status": "Success"}
            if verb == "POST":
                metadata = body["metadata"]
                if "generateName" in metadata:
                    metadata["name"] = f"{metadata['generateName']}{uuid.uuid4().hex[:5]}"
                metadata["creationTimestamp"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
                if plural == "rolloutrequests":
                    self._admit_request(body)
                key = (namespace, plural, metadata["name"])
                if key in self._objects:
                    raise Refused(409, "AlreadyExists", f'{plural} "{key[2]}" already exists')
                return self._validated(key, None, body, status_too=False)
            before = self._found(key)
            if self.conflicts.get((verb, plural), 0) > 0:
                self.conflicts[(verb, plural)] -= 1
                before = self._touch(key)
            given = (body.get("metadata") or {}).get("resourceVersion")
            if given is not None and given != before["metadata"]["resourceVersion"]:
                text = "the object has been modified; please apply your changes to the latest version and try again"
                raise Refused(409, "Conflict", f'Operation cannot be fulfilled on {plural} "{name}": {text}')
            after = _merged(before, body) if verb == "PATCH" else copy.deepcopy(body)
            if sub:
                after = {**before, "status": after.get("status", {})}
            return self._validated(key, before, after, status_too=bool(sub) or plural not in WITH_STATUS)

    def list(self, group: str, namespace: str, plural: str, query: dict[str, str]) -> Document:
        with self.changed:
            self._admit("LIST", group, plural, "")
            labels = dict(part.split("=") for part in query.get("labelSelector", "").split(",") if part)
            items = [
                item
                for item in self.items(plural, namespace)
                if labels.items() <= item["metadata"].get("labels", {}).items()
            ]
            return {"kind": "List", "metadata": {"resourceVersion": str(self._version)}, "items": items}

    def watch(self, group: str, namespace: str, plural: str, query: dict[str, str]) -> Any:
        """Events after ``resourceVersion``, until the time is up."""
        with self.changed:
            self._admit("WATCH", group, plural, "")
        wanted = query.get("fieldSelector", "").removeprefix("metadata.name=")
        since = int(query.get("resourceVersion") or 0)
        ends = time.monotonic() + float(query.get("timeoutSeconds", "30"))
        while True:
            with self.changed:
                fresh = [event for event in self._events if event[0] > since]
                for version, kind, (space, what, name), document in fresh:
                    since = version
                    if (space, what) == (namespace, plural) and wanted in ("", name):
                        yield {"type": kind, "object": document}
                left = ends - time.monotonic()
                if left <= 0:
                    return
                if not fresh:
                    self.changed.wait(min(left, 0.2))

    def _admit(self, verb: str, group: str, plural: str, name: str) -> None:
        if self.down:
            raise Refused(503, "ServiceUnavailable", "the server is currently unable to handle the request")
        if plural.partition("/")[0] not in self.groups.get(group, set()):
            raise Refused(404, "", "404 page not found\n")
        if (verb, plural) in self.forbidden:
            who = 'User "system:serviceaccount:tenure:rollout" cannot'
            verb = {"GET": "get", "POST": "create", "PATCH": "patch", "PUT": "update"}.get(verb, verb.lower())
            raise Refused(403, "Forbidden", f'{plural} "{name}" is forbidden: {who} {verb} resource "{plural}"')

    def _admit_request(self, body: Document) -> None:
        fault = next(kserve_crds.validator("RolloutRequest").iter_errors(body), None)
        if fault is not None:
            raise Refused(422, "Invalid", f"{'.'.join(map(str, fault.path))}: {fault.message}")
        user = self.user
        if body["spec"]["requestedBy"] != user:
            policy = "ValidatingAdmissionPolicy 'rolloutrequests.tenure.dev' denied request"
            raise Refused(403, "Forbidden", f"{policy}: spec.requestedBy is not {user}, who makes the request")

    def _found(self, key: tuple[str, str, str]) -> Document:
        found = self._objects.get(key)
        if found is None:
            raise Refused(404, "NotFound", f'{key[1]} "{key[2]}" not found')
        return found

    def _touch(self, key: tuple[str, str, str]) -> Document:
        document = copy.deepcopy(self._objects[key])
        document["metadata"].setdefault("managedFields", []).append({"manager": "somebody else"})
        return self._store(key, self._objects[key], document, status_too=True)

    def _validated(
        self, key: tuple[str, str, str], before: Document | None, after: Document, *, status_too: bool
    ) -> Document:
        if key[1] == "inferenceservices":
            fault = next(kserve_crds.validator("InferenceService").iter_errors(after), None)
            if fault is not None:
                raise Refused(422, "Invalid", f"{'.'.join(map(str, fault.path))}: {fault.message}")
            fault_text = validate(before, after)
            if fault_text:
                hook = 'admission webhook "inferenceservice.kserve-webhook-server.validator" denied the request'
                raise Refused(403, "Forbidden", f"{hook}: {fault_text}")
        return self._store(key, before, copy.deepcopy(after), status_too=status_too)

    def _store(
        self, key: tuple[str, str, str], before: Document | None, after: Document, *, status_too: bool
    ) -> Document:
        metadata = after["metadata"]
        if before is not None and not status_too:
            after["status"] = copy.deepcopy(before.get("status", {}))
        old = (before or {}).get("metadata", {})
        metadata["uid"] = old.get("uid") or str(uuid.uuid4())
        metadata["namespace"] = key[0]
        metadata["generation"] = old.get("generation", 0) + (
            1 if after.get("spec") != (before or {}).get("spec") else 0
        )
        metadata["resourceVersion"] = old.get("resourceVersion", "")
        if after == before:
            return copy.deepcopy(after)
        self._version += 1
        metadata["resourceVersion"] = str(self._version)
        self._objects[key] = after
        kind = "ADDED" if before is None else "MODIFIED"
        self._events.append((self._version, kind, key, copy.deepcopy(after)))
        self.changed.notify_all()
        return copy.deepcopy(after)


def validate(before: Document | None, after: Document) -> str:
    """KServe's validator (inference_service_validation.go) on canaries; "" if it lets pass."""
    predictor, canaries = after["spec"]["predictor"], after["spec"].get("canary") or []
    if before is not None:
        old = before["spec"]["predictor"]
        renamed = old.get("name", "") != predictor.get("name", "")
        if renamed and old["model"].get("storageUri") == predictor["model"].get("storageUri"):
            return "predictor.name change requires a model change (e.g. storageUri)"
    low, high = predictor.get("minReplicas", 1), predictor.get("maxReplicas", 0)
    if high and low > high:
        return "MinReplicas cannot be greater than MaxReplicas"
    if predictor["model"].get("name"):
        return "the 'name' field is not allowed in standard predictor"
    if not canaries:
        return ""
    if after["metadata"].get("annotations", {}).get("serving.kserve.io/deploymentMode") != "Standard":
        return "canary is only supported in Standard deployment mode"
    names = [entry["predictor"].get("name", "") for entry in canaries]
    if "" in names or len(set(names)) < len(names) or predictor.get("name", "") in names:
        return f"canary predictor.name is required, single and not stable's: {names}"
    for entry in canaries:
        for key in ("maxReplicas", "scaleTarget", "scaleMetric", "autoScaling"):
            if entry["predictor"].get(key):
                return f'canary "{entry["predictor"]["name"]}" must not set {key} (canary uses fixed replicas)'
        if entry["predictor"].get("minReplicas", 0) > low:
            return f"canary minReplicas must not exceed stable predictor minReplicas ({low})"
    total = sum(entry["trafficPercent"] for entry in canaries)
    return f"sum of canary trafficPercent values ({total}) must be <= 100" if total > 100 else ""


@dataclass
class KServe:
    """KServe's controller, the Deployment controller, the HPA and the gateway; ``step`` lets each do a little.

    broken: Deployments whose pods do not become ready, with the container's waiting reason and message.
    load_replicas: pods that the HPA would give to all of the traffic.
    autoscaler_minimum: of stable's HPA whatever the spec says, as of a KServe that lowers it while a canary is out.
    impatient: the HPA takes pods away at once where the load allows it, as it does when its minimum falls.
    restarts: how often a Deployment's pod template was changed under running pods.
    fewest_stable: the smallest number of stable's pods while a canary was out.
    """

    server: ApiServer
    service: str = "churn"
    namespace: str = "tenure"
    broken: dict[str, tuple[str, str]] = field(default_factory=dict)
    quota: str = ""
    load_replicas: int = 1
    autoscaler_minimum: int | None = None
    impatient: bool = False
    fewest_stable: float = math.inf
    restarts: dict[str, int] = field(default_factory=dict)
    frozen: bool = False
    most_canaries: int = 0
    shares: list[dict[str, int]] = field(default_factory=list)

    def step(self) -> None:
        if self.frozen:
            return
        isvc = self.server.get("inferenceservices", self.service, self.namespace)
        if isvc is None:
            return
        with self.server.changed:
            self._deployments_follow()
            self._predictors(isvc)
            self._gateway_follows()
            self._routes(isvc)

    def route(self) -> dict[str, int]:
        """Percent by Service, as the gateway sends it: only what it has taken in."""
        route = self.server.get("httproutes", self.service, self.namespace)
        if route is None:
            return {}
        taken = route["status"].get("taken", [])
        total = sum(backend.get("weight", 1) for backend in taken) or 1
        return {backend["name"]: round(100 * backend.get("weight", 1) / total) for backend in taken}

    def _predictors(self, isvc: Document) -> None:
        spec = isvc["spec"]
        canaries = spec.get("canary") or []
        self.most_canaries = max(self.most_canaries, len(canaries))
        wanted = {}
        statuses = []
        ready_replicas = 0
        for entry in canaries:
            name = entry["predictor"]["name"]
            stable_low = spec["predictor"].get("minReplicas", 1)
            replicas = entry["predictor"].get("minReplicas", math.ceil(stable_low * entry["trafficPercent"] / 100))
            merged = {**spec["predictor"], **entry["predictor"]}
            wanted[f"{self.service}-{name}-predictor"] = (merged, replicas, replicas)
            found = self.server.get("deployments", f"{self.service}-{name}-predictor", self.namespace)
            ready = bool(found) and found["status"].get("availableReplicas", 0) > 0
            ready_replicas += replicas if ready else 0
            statuses.append({"name": name, "ready": ready, "trafficPercent": entry["trafficPercent"]})
        low = spec["predictor"].get("minReplicas", 1)
        low = max(low - ready_replicas, 1) if ready_replicas else low
        if canaries and self.autoscaler_minimum is not None:
            low = self.autoscaler_minimum
        self._autoscaler(_object(self.service, spec["predictor"]), low)
        wanted[_object(self.service, spec["predictor"])] = (
            spec["predictor"],
            low,
            max(low, spec["predictor"].get("maxReplicas", 0)),
        )
        for name, (predictor, least, most) in wanted.items():
            self._deployment(isvc, name, predictor, least, most)
        for name in self.server.names("deployments", self.namespace):
            if name not in wanted:
                self.server.delete("deployments", name, self.namespace)
        stable = self.server.get("deployments", _object(self.service, spec["predictor"]), self.namespace)
        pods = stable["status"].get("availableReplicas", 0) if stable else 0
        up = pods > 0
        if ready_replicas:
            self.fewest_stable = min(self.fewest_stable, pods)
        conditions = [{"type": "Ready", "status": "True" if up else "False"}]
        if canaries:
            all_ready = all(item["ready"] for item in statuses)
            conditions.append({"type": "CanaryPredictorReady", "status": "True" if all_ready else "False"})
        isvc["status"] = {"canaryStatuses": statuses, "conditions": conditions, "deploymentMode": "Standard"}
        self.server.put("inferenceservices", isvc, self.namespace)

    def _autoscaler(self, name: str, low: int) -> None:
        """Stable's HPA. KServe leaves that of a predictor that is gone."""
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        spec = {"scaleTargetRef": target, "minReplicas": low, "maxReplicas": max(low, 10)}
        self.server.put("horizontalpodautoscalers", {"metadata": {"name": name}, "spec": spec}, self.namespace)

    def _deployment(self, isvc: Document, name: str, predictor: Document, least: int, most: int) -> None:
        scaling = {"minReplicas", "maxReplicas", "scaleTarget", "scaleMetric", "autoScaling"}
        template = {
            "annotations": isvc["metadata"].get("annotations", {}),
            "labels": {"app": f"isvc.{name}"},
            "predictor": {key: value for key, value in predictor.items() if key not in scaling},
        }
        before = self.server.get("deployments", name, self.namespace)
        # The HPA follows this side's share of the load, between least and most.
        load = math.ceil(self.load_replicas * self.route().get(name, 100 if before is None else 0) / 100)
        # It takes pods away only after five quiet minutes, longer than a step here: a raised minimum stays for a while.
        held = before["spec"]["replicas"] if before and isvc["spec"].get("canary") and not self.impatient else 0
        replicas = min(max(least, load, held), most)
        spec = {"replicas": replicas, "template": template}
        status = before["status"] if before else {}
        if before and before["spec"]["template"] != template:
            self.restarts[name] = self.restarts.get(name, 0) + 1
            status = {**status, "availableReplicas": 0, "updatedReplicas": 0}
        self.server.put("deployments", {"metadata": {"name": name}, "spec": spec, "status": status}, self.namespace)

    def _deployments_follow(self) -> None:
        for deployment in self.server.items("deployments", self.namespace):
            name, replicas = deployment["metadata"]["name"], deployment["spec"]["replicas"]
            status = {
                "observedGeneration": deployment["metadata"]["generation"],
                "replicas": replicas,
                "updatedReplicas": replicas,
            }
            reason = self.broken.get(name)
            status["availableReplicas"] = 0 if reason else replicas
            if self.quota and deployment["status"].get("availableReplicas", 0) < replicas:
                status["availableReplicas"] = deployment["status"].get("availableReplicas", 0)
                status["replicas"] = status["updatedReplicas"] = status["availableReplicas"]
                status["conditions"] = [{"type": "ReplicaFailure", "status": "True", "message": self.quota}]
            self.server.put("deployments", {**deployment, "status": status}, self.namespace)
            self._pods(name, reason)

    def _pods(self, name: str, reason: tuple[str, str] | None) -> None:
        pod = f"{name}-7d4f9-x2k8p"
        if reason is None:
            if self.server.get("pods", pod, self.namespace):
                self.server.delete("pods", pod, self.namespace)
            return
        waiting = {"name": "kserve-container", "state": {"waiting": {"reason": reason[0], "message": reason[1]}}}
        metadata = {"name": pod, "labels": {"app": f"isvc.{name}"}}
        self.server.put("pods", {"metadata": metadata, "status": {"containerStatuses": [waiting]}}, self.namespace)

    def _routes(self, isvc: Document) -> None:
        ready = {item["name"]: item["ready"] for item in isvc["status"]["canaryStatuses"]}
        canaries = [entry for entry in isvc["spec"].get("canary") or [] if ready[entry["predictor"]["name"]]]
        stable = {"name": _object(self.service, isvc["spec"]["predictor"])}
        if isvc["spec"].get("canary"):
            stable["weight"] = 100 - sum(entry["trafficPercent"] for entry in canaries)
        others = [
            {"name": f"{self.service}-{entry['predictor']['name']}-predictor", "weight": entry["trafficPercent"]}
            for entry in canaries
        ]
        for name in (self.service, f"{self.service}-predictor"):
            before = self.server.get("httproutes", name, self.namespace) or {"status": {}}
            spec = {"rules": [{"backendRefs": [stable, *others]}]}
            self.server.put(
                "httproutes",
                {**before, "metadata": before.get("metadata", {"name": name}), "spec": spec},
                self.namespace,
            )

    def _gateway_follows(self) -> None:
        for route in self.server.items("httproutes", self.namespace):
            generation = route["metadata"]["generation"]
            conditions = [
                {"type": kind, "status": "True", "observedGeneration": generation}
                for kind in ("Accepted", "ResolvedRefs")
            ]
            route["status"] = {
                "parents": [{"conditions": conditions}],
                "taken": route["spec"]["rules"][0]["backendRefs"],
            }
            self.server.put("httproutes", route, self.namespace)
        self.shares.append(self.route())


def inference_service(name: str = "churn", **predictor: Any) -> Document:
    """A stable service in version 6."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "annotations": {"serving.kserve.io/deploymentMode": "Standard"}},
        "spec": {
            "predictor": {
                "minReplicas": 2,
                "maxReplicas": 10,
                "autoScaling": {
                    "metrics": [
                        {
                            "type": "Resource",
                            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                        }
                    ]
                },
                "serviceAccountName": "churn",
                "model": {
                    "modelFormat": {"name": "tenure"},
                    "runtime": "tenure",
                    "protocolVersion": "v2",
                    "storageUri": "s3://models/churn/6/data/bundle",
                },
                **predictor,
            }
        },
    }


def _object(service: str, predictor: Document) -> str:
    return f"{service}-{predictor['name']}-predictor" if predictor.get("name") else f"{service}-predictor"


def _merged(before: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def _handler(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # headers and body in one packet: two of them wait for a delayed acknowledgement

        def _do(self) -> None:
            parts = urlsplit(self.path)
            match = PATH.fullmatch(parts.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            server.authenticate(self.headers.get("Authorization") or "")
            try:
                if parts.path == REVIEWS:
                    self._send(201, json.dumps({"status": {"userInfo": {"username": server.user}}}), "application/json")
                    return
                if match is None:
                    raise Refused(404, "", "404 page not found\n")  # noqa: TRY301
                group, namespace, plural = match["group"], match["namespace"], match["plural"]
                if self.command == "GET" and not match["name"]:
                    if query.get("watch") == "true":
                        self._stream(server.watch(group, namespace, plural, query))
                        return
                    answer = server.list(group, namespace, plural, query)
                else:
                    key = (namespace, plural, match["name"] or "")
                    answer = server.serve(self.command, group, key, match["sub"] or "", body)
                self._send(200, json.dumps(answer), "application/json")
            except Refused as refused:
                if not refused.reason:
                    self._send(refused.code, str(refused), "text/plain")
                    return
                status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": refused.code}
                text = json.dumps({**status, "reason": refused.reason, "message": str(refused)})
                self._send(refused.code, text, "application/json")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do

        def _send(self, code: int, text: str, kind: str) -> None:
            content = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, events: Any) -> None:
            first = next(events, None)  # a refusal comes before the headers
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with contextlib.suppress(OSError):
                while first is not None:
                    line = json.dumps(first).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    self.wfile.flush()
                    first = next(events, None)
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_arguments: Any) -> None:
            pass

    return Handler
