"""The InferenceService's spec that a state requires: pure functions over its document.

KServe's rules behind it (Standard mode, from the source of 0.21):

- a canary has fixed replicas, no autoscaling fields, and at most as many replicas as stable's ``minReplicas``;
- stable's autoscaler gets the minimum ``minReplicas`` less the replicas of canaries that have a ready pod, at least 1
  (``adjustStableMinReplicasForCanaries``). So stable would shrink to one pod while a canary is out, too few to serve
  and to take the traffic back in a rollback. Therefore ``minReplicas`` is raised to floor + canary's replicas before
  the canary's first pod starts, and restored at the rollout's end. ``rollout.traffic.view`` checks the autoscaler;
- promotion without a restart: the predictor becomes the canary's spec under the canary's name, in one write with the
  removal of the entry. Both pod templates are then equal, because the canary's spec is a full copy of stable's.
"""

from __future__ import annotations

import copy
from typing import Any

from rollout.policy.decide import required_replicas
from rollout.policy.state import Phase, Plan, Stable, State

Document = Any
"""A Kubernetes object as JSON; the API server validates it."""

SCALING = ("minReplicas", "maxReplicas", "scaleTarget", "scaleMetric", "scaleMetricType", "autoScaling")


def predictor_object(service: str, predictor_name: str) -> str:
    """Name of the Deployment and Service of a predictor."""
    return f"{service}-{predictor_name}-predictor" if predictor_name else f"{service}-predictor"


def stable_of(isvc: Document) -> Stable:
    """The stable predictor of an InferenceService."""
    predictor = isvc["spec"]["predictor"]
    return Stable(
        name=predictor.get("name", ""),
        storage_uri=storage_uri(predictor),
        min_replicas=predictor.get("minReplicas"),
        max_replicas=predictor.get("maxReplicas"),
    )


def storage_uri(predictor: Document) -> str:
    return str(predictor.get("model", {}).get("storageUri", ""))


def canary_of(isvc: Document, name: str) -> Document | None:
    """The canary entry of that name; None if there is none."""
    return next((entry for entry in isvc["spec"].get("canary") or [] if entry["predictor"].get("name") == name), None)


def required_spec(isvc: Document, plan: Plan, state: State) -> Document:
    """``spec`` as the state requires it; equal to the present one when there is nothing to change."""
    spec = copy.deepcopy(isvc["spec"])
    promoted = spec["predictor"].get("name", "") == plan.canary
    if state.phase in (Phase.PROMOTING, Phase.PROMOTED):
        # Without the entry there is nothing to promote: somebody else changed the service, which is not undone.
        return spec if promoted or canary_of(isvc, plan.canary) is None else _promoted(spec, plan)
    if promoted:
        return spec
    present = canary_of(isvc, plan.canary)
    if state.phase in (Phase.REMOVING, Phase.ROLLED_BACK):
        _without_canary(spec, plan.canary)
        _set_replicas(spec["predictor"], plan.stable.min_replicas, plan.stable.max_replicas)
        return spec
    if present is None and state.phase is not Phase.PREPARING:
        return spec  # somebody else removed the entry, which is not undone
    entry = present["predictor"] if present else _canary_predictor(spec["predictor"], plan)
    # Never fewer than before: requests to pods that are removed before the route has changed would fail.
    replicas = max(entry.get("minReplicas", 1), required_replicas(state))
    spec["canary"] = [{"predictor": {**entry, "minReplicas": replicas}, "trafficPercent": state.percent}]
    _set_replicas(spec["predictor"], *_stable_replicas(plan.stable, state, replicas))
    return spec


def merge_patch(before: Document, after: Document) -> Document:
    """The JSON merge patch (RFC 7396) that turns ``before`` into ``after``; empty if they are equal."""
    patch: Document = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key in before and before[key] == value:
            continue
        nested = isinstance(value, dict) and isinstance(before.get(key), dict)
        patch[key] = merge_patch(before[key], value) if nested else value
    return patch


def _canary_predictor(stable: Document, plan: Plan) -> Document:
    predictor = {key: copy.deepcopy(value) for key, value in stable.items() if key not in SCALING}
    predictor.pop("canaryTrafficPercent", None)
    predictor["name"] = plan.canary
    # The CRD requires model.name under a canary; KServe's validator requires it to be empty.
    predictor["model"] = {**predictor["model"], "name": "", "storageUri": plan.storage_uri}
    return predictor


def _promoted(spec: Document, plan: Plan) -> Document:
    entry = next(item for item in spec["canary"] if item["predictor"].get("name") == plan.canary)
    scaling = {key: value for key, value in spec["predictor"].items() if key in SCALING}
    predictor = {key: value for key, value in entry["predictor"].items() if key not in SCALING} | scaling
    _set_replicas(predictor, plan.stable.min_replicas, plan.stable.max_replicas)
    spec["predictor"] = predictor
    _without_canary(spec, plan.canary)
    return spec


def _without_canary(spec: Document, name: str) -> None:
    left = [entry for entry in spec.pop("canary", None) or [] if entry["predictor"].get("name") != name]
    if left:
        spec["canary"] = left


def floor(stable: Stable, state: State) -> int:
    """Number of stable's pods that must stay while a canary is out: they take all of the traffic back in a rollback."""
    return max(stable.min_replicas if stable.min_replicas is not None else 1, state.capacity)


def _stable_replicas(stable: Stable, state: State, canary_replicas: int) -> tuple[int, int | None]:
    low = floor(stable, state) + canary_replicas
    high = stable.max_replicas
    return low, (max(high, low) if high else high)


def _set_replicas(predictor: Document, low: int | None, high: int | None) -> None:
    for key, value in (("minReplicas", low), ("maxReplicas", high)):
        if value is None:
            predictor.pop(key, None)
        else:
            predictor[key] = value
