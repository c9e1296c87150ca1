"""How far Deployments, pods, routes and the InferenceService have followed: pure functions over their documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout.policy.decide import required_replicas
from rollout.policy.observation import View
from rollout.policy.state import Phase, Plan, State
from rollout.traffic import inference_service as spec
from rollout.traffic.inference_service import Document, predictor_object
from tenure.errors import one_line

_MAX_END = 200
"""Characters of a container's last message."""


@dataclass(frozen=True)
class Objects:
    """The cluster's objects of a rollout, None where one does not exist.

    routes: the HTTPRoutes that KServe writes for the service, by name. canary_pods: those of the canary's Deployment.
    autoscaler: stable's HorizontalPodAutoscaler.
    """

    isvc: Document
    canary: Document | None
    stable: Document | None
    routes: Mapping[str, Document | None]
    canary_pods: Sequence[Document] = ()
    autoscaler: Document | None = None


def view(objects: Objects, plan: Plan, state: State) -> View:
    """The objects compared with what plan and state require."""
    change = _external_change(objects.isvc, plan, state)
    problem = change or _unsettled(objects, plan, state)
    stable = objects.stable or {}
    replicas = int(stable.get("status", {}).get("replicas", 0))
    return View(
        settled=not problem,
        problem=problem,
        external_change=change,
        stable_replicas=max(1, replicas),
        floor=spec.floor(plan.stable, state),
        autoscaler_minimum=_minimum(objects.autoscaler),
    )


def _external_change(isvc: Document, plan: Plan, state: State) -> str:  # noqa: PLR0911 (a return for each change)
    """What somebody else changed under the rollout, in one line; "" if nothing."""
    predictor = isvc["spec"]["predictor"]
    others = [entry["predictor"].get("name", "") for entry in isvc["spec"].get("canary") or []]
    others = [name for name in others if name != plan.canary]
    present = spec.canary_of(isvc, plan.canary)
    uri, name = spec.storage_uri(predictor), predictor.get("name", "")
    if state.phase is Phase.PROMOTED:
        return ""
    if state.phase is Phase.PROMOTING:
        kept = present is not None or (uri, name) == (plan.storage_uri, plan.canary)
        return "" if kept else f"the service was changed to {uri} during the promotion"
    if isvc["metadata"].get("deletionTimestamp"):
        return "the InferenceService is being deleted"
    if others:
        return f"another canary appeared: {', '.join(others)}"
    if (uri, name) != (plan.stable.storage_uri, plan.stable.name):
        return f"the stable predictor was changed to {uri}"
    if present is None and state.phase in (Phase.SHADOW, Phase.RAMPING, Phase.ANALYSING):
        return f"the canary entry {plan.canary} was removed from the spec"
    if present is not None and spec.storage_uri(present["predictor"]) != plan.storage_uri:
        return f"the canary {plan.canary} was changed to {spec.storage_uri(present['predictor'])}"
    return ""


def _unsettled(objects: Objects, plan: Plan, state: State) -> str:
    """What is not yet as required, in one line; "" if everything is."""
    if spec.required_spec(objects.isvc, plan, state) != objects.isvc["spec"]:
        return "the InferenceService's spec has not been updated yet"
    service = objects.isvc["metadata"]["name"]
    canary = predictor_object(service, plan.canary)
    stable = predictor_object(service, plan.stable.name)
    if state.phase in (Phase.PROMOTING, Phase.PROMOTED):
        least = max(1, plan.stable.min_replicas or 1)
        return _pods(objects, least) or _routes(objects.routes, {canary: 100})
    if state.phase is Phase.DRAINING:
        return _routes(objects.routes, {stable: 100})
    if state.phase in (Phase.REMOVING, Phase.ROLLED_BACK):
        return (
            f"Deployment {canary} has not been deleted yet"
            if objects.canary
            else _routes(objects.routes, {stable: 100})
        )
    not_ready = (
        _pods(objects, required_replicas(state))
        or _status(objects.isvc, plan.canary)
        or _below_floor(objects.autoscaler, spec.floor(plan.stable, state))
    )
    shares = {stable: 100 - state.percent, canary: state.percent}
    return not_ready or _routes(objects.routes, {name: share for name, share in shares.items() if share})


def _minimum(autoscaler: Document | None) -> int | None:
    """The number of pods below which the autoscaler does not go; None without an autoscaler."""
    return None if autoscaler is None else int(autoscaler["spec"].get("minReplicas", 1))


def _below_floor(autoscaler: Document | None, floor: int) -> str:
    """That the autoscaler may take pods of stable that a rollback needs, in one line; "" if it may not."""
    minimum = _minimum(autoscaler)
    if autoscaler is None or minimum is None or minimum >= floor:
        return ""
    return (
        f"HorizontalPodAutoscaler {autoscaler['metadata']['name']} has minReplicas {minimum}, "
        f"and a rollback needs {floor} pods of stable"
    )


def _pods(objects: Objects, required: int) -> str:
    deployment = objects.canary
    if deployment is None:
        return "the canary's Deployment does not exist yet"
    status = deployment.get("status", {})
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return "the canary's Deployment has not been processed by its controller yet"
    available, updated = status.get("availableReplicas", 0), status.get("updatedReplicas", 0)
    if available >= required and updated >= required and updated == status.get("replicas", 0):
        return ""
    cause = _cause(objects)
    return f"{available} of {required} canary pods are available" + (f": {cause}" if cause else "")


def _cause(objects: Objects) -> str:
    """Why pods do not start (no node, image, bundle, crash, quota), from their status; "" if it is unknown."""
    for pod in objects.canary_pods:
        status = pod.get("status", {})
        for condition in status.get("conditions", []):
            if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
                return _line(f"{pod['metadata']['name']} cannot be scheduled: {condition.get('message', '')}")
        for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
            waiting = container.get("state", {}).get("waiting") or {}
            ended = (
                container.get("lastState", {}).get("terminated") or container.get("state", {}).get("terminated")
            ) or {}
            if waiting.get("reason") in ("PodInitializing", "ContainerCreating", None) and not ended.get("exitCode"):
                continue
            message = waiting.get("message", "") if "Image" in waiting.get("reason", "") else ended.get("message", "")
            reason = waiting.get("reason") or ended.get("reason", "failed")
            message = _end(message or waiting.get("message", ""))
            return _line(f"{pod['metadata']['name']}, container {container['name']}: {reason}: {message}")
    for condition in (objects.canary or {}).get("status", {}).get("conditions", []):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return _line(f"pods cannot be created: {condition.get('message', '')}")
        if condition["type"] == "Progressing" and condition["status"] == "False":
            return _line(condition.get("message", "the canary's Deployment does not progress"))
    return ""


def _status(isvc: Document, name: str) -> str:
    status = isvc.get("status", {})
    entry = next((item for item in status.get("canaryStatuses") or [] if item["name"] == name), None)
    if entry is None or not entry["ready"]:
        return f"KServe does not report canary {name} as ready"
    ready = next((item for item in status.get("conditions") or [] if item["type"] == "CanaryPredictorReady"), None)
    if ready is None or ready["status"] != "True":
        return "CanaryPredictorReady is not true"
    return ""


def _routes(routes: Mapping[str, Document | None], shares: Mapping[str, int]) -> str:
    """Why not every rule of every route sends these shares (percent by Service) yet, in one line; "" if all do."""
    for name, route in routes.items():
        if route is None:
            return f"HTTPRoute {name} does not exist"
        for rule in route["spec"].get("rules", []):
            sent = _shares(rule.get("backendRefs", []))
            if sent != dict(shares):
                return f"HTTPRoute {name} sends {_words(sent)}, not yet {_words(shares)}"
        parents = route.get("status", {}).get("parents", [])
        if not parents:
            return f"HTTPRoute {name}: no gateway has accepted it"
        for condition in (condition for parent in parents for condition in parent.get("conditions", [])):
            if condition.get("observedGeneration", 0) < route["metadata"].get("generation", 0):
                return f"HTTPRoute {name}: the gateway has not processed its last change"
            if condition["type"] in ("Accepted", "ResolvedRefs") and condition["status"] != "True":
                return _line(f"HTTPRoute {name}: {condition.get('reason', '')}: {condition.get('message', '')}")
    return ""


def _shares(backends: Sequence[Document]) -> dict[str, int]:
    """Percent by Service, without those of weight 0. The default weight is 1."""
    weights = {backend["name"]: int(backend.get("weight", 1)) for backend in backends}
    total = sum(weights.values()) or 1
    return {name: round(100 * weight / total) for name, weight in weights.items() if weight}


def _words(shares: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {share} %" for name, share in sorted(shares.items())) or "nothing"


def _end(text: str) -> str:
    """The end of a container's last message: of a traceback, the error."""
    line = one_line(text)
    return line if len(line) <= _MAX_END else f"…{line[-_MAX_END:]}"


def _line(text: str) -> str:
    return one_line(text, 300).rstrip(": ")
