"""What the spec is to look like, and what the cluster's objects say: pure functions over documents."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import kserve_crds
import pytest

from rollout.limits import Limits
from rollout.loop.start import NotReady, begin, check, not_ready
from rollout.policy.request import StartRequest
from rollout.policy.state import Phase, Plan, State, dump, load
from rollout.traffic import inference_service as spec
from rollout.traffic.view import Objects, view
from tenure.errors import DataError, InputError

LIMITS = Limits()
ISVC: dict[str, Any] = {
    "metadata": {"name": "churn", "annotations": {"serving.kserve.io/deploymentMode": "Standard"}},
    "spec": {
        "predictor": {
            "minReplicas": 2,
            "maxReplicas": 10,
            "scaleTarget": 70,
            "model": {
                "modelFormat": {"name": "tenure"},
                "storageUri": "s3://m/6",
                "env": [{"name": "A", "value": "1"}],
            },
        }
    },
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}
PLAN = Plan("r", "v7", "churn", "7", "s3://m/7", spec.stable_of(ISVC), LIMITS, False, "ada", "", 1000.0)
STATE = State.first(PLAN, capacity=4)
ROUTES: dict[str, Any] = {"churn": {}, "churn-predictor": {}}


def in_phase(phase: Phase, percent: int = 0) -> State:
    return replace(STATE, phase=phase, percent=percent)


def applied(isvc: dict[str, Any], state: State) -> dict[str, Any]:
    return {**isvc, "spec": spec.required_spec(isvc, PLAN, state)}


def test_the_canary_is_a_copy_of_stable_without_its_scaling() -> None:
    entry = spec.required_spec(ISVC, PLAN, STATE)["canary"]
    model = {**ISVC["spec"]["predictor"]["model"], "name": "", "storageUri": "s3://m/7"}
    assert entry == [{"predictor": {"name": "v7", "model": model, "minReplicas": 1}, "trafficPercent": 0}]


def test_stable_keeps_its_pods_beside_the_canarys() -> None:
    isvc = applied(ISVC, STATE)
    # KServe takes the canary's pod off as soon as it is ready, and the autoscaler follows within seconds.
    assert isvc["spec"]["predictor"]["minReplicas"] == 5, "the floor is there before the canary has a pod"
    at_half = applied(isvc, in_phase(Phase.RAMPING, 50))
    assert at_half["spec"]["canary"][0]["predictor"]["minReplicas"] == 2
    # KServe takes the canary's ready pods off stable's number: 6 - 2 = the 4 that carry everything.
    assert at_half["spec"]["predictor"]["minReplicas"] == 6
    full = spec.required_spec(at_half, PLAN, replace(in_phase(Phase.RAMPING, 100), capacity=9))
    assert full["canary"][0]["predictor"]["minReplicas"] == 9
    assert (full["predictor"]["minReplicas"], full["predictor"]["maxReplicas"]) == (18, 18)


def test_promotion_is_the_canarys_spec_with_stables_scaling() -> None:
    isvc = applied(applied(ISVC, STATE), in_phase(Phase.RAMPING, 100))
    promoted = spec.required_spec(isvc, PLAN, in_phase(Phase.PROMOTING, 100))
    before = ISVC["spec"]["predictor"]
    assert promoted == {
        "predictor": {**before, "name": "v7", "model": {**before["model"], "name": "", "storageUri": "s3://m/7"}}
    }
    assert spec.required_spec({**isvc, "spec": promoted}, PLAN, in_phase(Phase.PROMOTING, 100)) == promoted


@pytest.mark.parametrize("percent", [0, 1, 50, 100])
@pytest.mark.parametrize("phase", Phase)
def test_kserves_crd_takes_the_spec_of_every_phase(phase: Phase, percent: int) -> None:
    service = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", **ISVC}
    for before in (service, applied(service, STATE)):
        assert kserve_crds.errors(applied(before, in_phase(phase, percent))) == []


@pytest.mark.parametrize("phase", [Phase.PROMOTING, Phase.PROMOTED])
def test_what_somebody_put_in_the_place_of_the_promoted_stands(phase: Phase) -> None:
    assert spec.required_spec(ISVC, PLAN, in_phase(phase, 100)) == ISVC["spec"]


def test_rollback_restores_what_was() -> None:
    isvc = applied(applied(ISVC, STATE), in_phase(Phase.RAMPING, 50))
    drained = applied(isvc, in_phase(Phase.DRAINING))
    assert drained["spec"]["canary"][0]["trafficPercent"] == 0
    assert drained["spec"]["canary"][0]["predictor"]["minReplicas"] == 2, "pods stay while requests drain"
    assert spec.required_spec(drained, PLAN, in_phase(Phase.REMOVING)) == ISVC["spec"]


def test_replica_numbers_that_were_not_set_are_not_set_again() -> None:
    bare = copy.deepcopy(ISVC)
    for key in ("minReplicas", "maxReplicas"):
        del bare["spec"]["predictor"][key]
    plan = replace(PLAN, stable=spec.stable_of(bare))
    isvc = {**bare, "spec": spec.required_spec(bare, plan, STATE)}
    isvc["spec"] = spec.required_spec(isvc, plan, in_phase(Phase.RAMPING, 50))
    assert isvc["spec"]["predictor"]["minReplicas"] == 6 and "maxReplicas" not in isvc["spec"]["predictor"]
    assert spec.required_spec(isvc, plan, in_phase(Phase.REMOVING)) == bare["spec"]


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 3}}, {"a": None, "b": {"c": 3, "d": None}}),
        ({"l": [1]}, {"l": [1, 2], "n": {}}, {"l": [1, 2], "n": {}}),
    ],
)
def test_merge_patch(before: dict, after: dict, patch: dict) -> None:
    assert spec.merge_patch(before, after) == patch


def route(shares: dict[str, int], generation: int = 3, seen: int = 3, accepted: str = "True") -> dict[str, Any]:
    condition = {"type": "Accepted", "status": accepted, "observedGeneration": seen, "reason": "R", "message": "m"}
    return {
        "metadata": {"generation": generation},
        "spec": {"rules": [{"backendRefs": [{"name": name, "weight": weight} for name, weight in shares.items()]}]},
        "status": {"parents": [{"conditions": [condition]}]},
    }


def objects(**changes: Any) -> Objects:
    """At 25 %, everything as wanted."""
    isvc = applied(applied(ISVC, STATE), in_phase(Phase.RAMPING, 25))
    statuses = {"canaryStatuses": [{"name": "v7", "ready": True, "trafficPercent": 25}]}
    isvc["status"] = {**statuses, "conditions": [{"type": "CanaryPredictorReady", "status": "True"}]}
    shares = {"churn-predictor": 75, "churn-v7-predictor": 25}
    status = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    values: dict[str, Any] = {
        "isvc": isvc,
        "canary": {"metadata": {"generation": 2}, "status": status},
        "stable": {"status": {"replicas": 4}},
        "routes": {"churn": route(shares), "churn-predictor": route(shares)},
    }
    return Objects(**{**values, **changes})


def seen(found: Objects, state: State | None = None) -> str:
    return view(found, PLAN, state or in_phase(Phase.RAMPING, 25)).problem


def deployment(**status: Any) -> dict[str, Any]:
    values = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, **status}
    return {"metadata": {"generation": 2}, "status": values}


def test_settled_when_everything_is_as_wanted() -> None:
    found = view(objects(), PLAN, in_phase(Phase.RAMPING, 25))
    assert (found.settled, found.problem, found.stable_replicas) == (True, "", 4)


SHARES = {"churn-predictor": 75, "churn-v7-predictor": 25}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"canary": None}, "does not exist yet"),
        ({"canary": deployment(observedGeneration=1)}, "not been processed by its controller"),
        ({"canary": deployment(availableReplicas=0)}, "0 of 1 canary pods are available"),
        ({"canary": deployment(replicas=2)}, "canary pods"),
        ({"routes": {"churn": None}}, "HTTPRoute churn does not exist"),
        (
            {"routes": {"churn": route({"churn-predictor": 100, "churn-v7-predictor": 0})}},
            "sends churn-predictor 100 %",
        ),
        ({"routes": {"churn": route(SHARES, seen=2)}}, "has not processed its last change"),
        ({"routes": {"churn": route(SHARES, accepted="False")}}, "HTTPRoute churn: R: m"),
        ({"routes": {"churn": route(SHARES) | {"status": {}}}}, "no gateway has accepted it"),
    ],
)
def test_what_is_not_settled_is_said(changes: dict[str, Any], words: str) -> None:
    assert words in seen(objects(**changes))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"canaryStatuses": []}, "does not report canary v7 as ready"),
        ({"canaryStatuses": [{"name": "v7", "ready": False}]}, "does not report canary v7 as ready"),
        ({"canaryStatuses": [{"name": "v7", "ready": True}], "conditions": []}, "CanaryPredictorReady is not true"),
    ],
)
def test_kserves_own_word_counts(status: dict[str, Any], words: str) -> None:
    found = objects()
    found.isvc["status"] = status
    assert words in seen(found)


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}, "ErrImagePull: not found"),
        (
            {
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
                "lastState": {"terminated": {"exitCode": 1, "message": "error: no bundle\nat /mnt/models"}},
            },
            "CrashLoopBackOff: error: no bundle at /mnt/models",
        ),
        (
            {
                "state": {
                    "terminated": {"exitCode": 1, "reason": "Error", "message": "at\n" * 500 + "No model in s3://m/7"}
                }
            },
            "at No model in s3://m/7",
        ),
        ({"state": {"waiting": {"reason": "ContainerCreating"}}}, "0 of 1 canary pods are available"),
        ({"state": {"running": {}}}, "0 of 1 canary pods are available"),
    ],
)
def test_why_pods_do_not_come_up(container: dict[str, Any], words: str) -> None:
    pod = {
        "metadata": {"name": "p"},
        "status": {"initContainerStatuses": [{"name": "storage-initializer", **container}]},
    }
    assert words in seen(objects(canary=deployment(availableReplicas=0), canary_pods=[pod]))


def test_a_pod_without_a_node_is_told() -> None:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "1 Insufficient cpu."}
    pod = {"metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions": [scheduled]}}
    told = seen(objects(canary=deployment(availableReplicas=0), canary_pods=[pod]))
    assert told == "0 of 1 canary pods are available: p cannot be scheduled: 1 Insufficient cpu."


def test_a_quota_is_told() -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: compute"}
    assert "exceeded quota: compute" in seen(objects(canary=deployment(availableReplicas=0, conditions=[failure])))


def request(**changes: Any) -> StartRequest:
    return replace(StartRequest("7", "v7", "s3://m/7", "churn", LIMITS, False, "ada", ""), **changes)


def changed(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(ISVC)
    at = document
    *parents, last = path.split("/")
    for key in parents:
        at = at[key]
    at[last] = value
    return document


@pytest.mark.parametrize(
    ("isvc", "routes", "asked", "words"),
    [
        (ISVC, ROUTES, request(canary="V7"), "lower-case"),
        (ISVC, ROUTES, request(canary="7up"), "a letter first"),
        (ISVC, ROUTES, request(canary="v" * 50), "at most 58 characters"),
        (changed("spec/predictor/name", "v7"), ROUTES, request(), "called 'v7' already"),
        (ISVC, ROUTES, request(storage_uri="models/7"), "'models/7' is not a storage URI"),
        (changed("metadata/annotations", {}), ROUTES, request(), "deploymentMode: Standard"),
        (changed("spec/predictor", {"xgboost": {"storageUri": "s3://m/6"}}), ROUTES, request(), "has no 'model'"),
        (ISVC, {"churn": None, "churn-predictor": {}}, request(), "enableGatewayApi"),
        (changed("spec/canary", [{"predictor": {"name": "x"}}]), ROUTES, request(), "not started by tenure rollout"),
    ],
)
def test_what_cannot_be_rolled_out_is_refused(isvc: dict, routes: dict, asked: StartRequest, words: str) -> None:
    with pytest.raises(InputError, match=".*" + words) as raised:
        check(isvc, routes, asked)
    assert "\n" not in str(raised.value)


def test_what_can_is_not() -> None:
    check(ISVC, ROUTES, request())


READY = {"conditions": [{"type": "Ready", "status": "True"}]}
UNREADY = {"conditions": [{"type": "Ready", "status": "False", "message": "no minimum"}]}


@pytest.mark.parametrize(
    ("status", "available", "lacking"),
    [
        (READY, 0, ""),
        (UNREADY, 1, "no minimum"),
        # KServe's Ready turns false while the autoscaler's new pods start; the least number serves all the same.
        (UNREADY, 2, ""),
        ({}, 0, "no Ready condition"),
    ],
)
def test_what_a_service_lacks(status: dict, available: int, lacking: str) -> None:
    isvc = changed("status", status)
    isvc["spec"]["predictor"]["minReplicas"] = 2
    assert not_ready(isvc, {"status": {"replicas": 4, "availableReplicas": available}}) == lacking
    assert not_ready(isvc, None) == ("" if status == READY else lacking or "no minimum")


class _Comes:
    """A service that is ready at the nth look."""

    service = "churn"

    def __init__(self, looks: int) -> None:
        self._looks = looks

    def isvc(self) -> dict:
        self._looks -= 1
        return changed("status", READY if self._looks <= 0 else UNREADY)

    def deployment(self, _name: str) -> None:
        return None

    def routes(self) -> dict:
        return ROUTES

    def stored(self) -> None:
        return None

    def store(self, _data: dict, _before: None, owner: dict) -> None:
        assert owner["status"] == READY


def test_a_service_that_is_not_ready_is_tried_again() -> None:
    """How long, tests/integration/test_rollout_requests.py shows."""
    service = _Comes(2)
    with pytest.raises(NotReady, match="no minimum"):
        begin(service, request())
    assert begin(service, request()) is not None


def test_state_comes_back_as_it_was_written() -> None:
    comparison = STATE.comparison
    state = replace(STATE, phase=Phase.ANALYSING, comparison=comparison, reason="a reason", forced=True)
    assert load(dump(PLAN, state)) == (PLAN, state)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 2}', dump(PLAN, STATE).replace('"phase"', '"fase"')])
def test_a_stored_rollout_that_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(DataError, match="stored rollout"):
        load(text)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"steps": (5, 25)}, "end with 100"),
        ({"steps": (50, 25, 100)}, "must grow"),
        ({"steps": ()}, "must grow"),
        ({"steps": (0, 100)}, "at least 1"),
        ({"step_time_s": 0.0}, "step_time_s"),
        ({"deadline_s": 2400.0}, "deadline of 2400 s"),
        ({"deadline_s": float("nan")}, "deadline_s"),
        ({"step_requests": 0}, "step_requests"),
        ({"false_rollback": 0.0}, "false_rollback"),
        ({"false_rollback": 0.6}, "false_rollback"),
        ({"error_share": -0.1}, "error_share"),
        ({"latency_ratio": 0.5}, "latency_ratio"),
        ({"look_s": 11.0}, "look_s"),
        ({"ready_s": float("inf")}, "ready_s"),
    ],
)
def test_limits_that_make_no_sense(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Limits(**values)


def test_limits_with_unknown_keys() -> None:
    with pytest.raises(InputError, match="'speed' is not a limit"):
        Limits.from_json({"speed": 1})
