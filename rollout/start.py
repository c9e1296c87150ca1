"""Beginning a rollout: is what is asked for possible, and written down as a plan."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rollout import spec
from rollout.connection import GATEWAY, INSTALL, Conflict
from rollout.limits import Limits
from rollout.record import HISTORY_KEY, REPLAY_KEY, REQUEST_KEY, STATE_KEY, Stored
from rollout.spec import Document, predictor_object
from rollout.state import Phase, Plan, State, dump
from rollout.traffic import Cluster
from tenure.errors import BusyError, InputError, VerdictError

LONGEST_NAME = 63 - len("isvc.")
"""Of a Deployment: KServe puts ``isvc.`` before it in a label, and labels end at 63 characters."""

READY_PATIENCE_S = 90.0
"""A pod is ready within ten seconds of its start, and a node may have to be found for it."""
READY_POLL_S = 2.0

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True)
class Wish:
    """What an operator or the deploy step asks for.

    version: the registry's number, or any text that names the version. canary: the canary predictor's name.
    storage_uri: the bundle of that exact version. once: not if its last rollout was rolled back.
    """

    version: str
    canary: str
    storage_uri: str
    model: str
    limits: Limits
    shadow: bool
    who: str
    why: str
    once: bool = False


def begin(cluster: Cluster, wish: Wish, tell: Callable[[str], None] = print) -> Plan | None:
    """Write the plan down for the controller; None if that version serves already.

    Asking again for the version that is under way changes nothing, so a repeated step is safe.

    Args:
        cluster: of the service.
        wish: what is asked for.
        tell: gets a line if the service has to be waited for.

    Raises:
        InputError: if the service, the name or the version makes a rollout impossible, or the service is not ready
            for ``READY_PATIENCE_S``.
        BusyError: if another version is being rolled out.
        SourceError: if the cluster refuses or is away.
        VerdictError: if it was rolled back before, and is to be tried once.
    """
    isvc = cluster.isvc()
    stored = Stored.read(document := cluster.stored())
    if stored is not None and not stored.state.phase.ended:
        under_way = stored.plan
        if (under_way.version, under_way.storage_uri) == (wish.version, wish.storage_uri):
            return under_way
        raise BusyError(
            f"{cluster.service}: version {under_way.version} is being rolled out ({stored.state.phase}); "
            f"wait, or abort it first"
        )
    if spec.storage_uri(isvc["spec"]["predictor"]) == wish.storage_uri:
        return None
    if wish.once and stored is not None:
        _check_not_rolled_back(cluster.service, stored, wish)
    check(isvc, cluster.routes(), wish)
    isvc, deployment = _ready(cluster, isvc, tell)
    started_at = round(time.time(), 3)
    plan = Plan(
        rollout=f"{cluster.service}-{wish.canary}-{started_at:.0f}",
        canary=wish.canary,
        model=wish.model,
        version=wish.version,
        storage_uri=wish.storage_uri,
        stable=spec.stable_of(isvc),
        limits=wish.limits,
        shadow=wish.shadow,
        who=wish.who,
        why=wish.why,
        started_at=started_at,
    )
    state = State.first(plan, capacity=_capacity(deployment, plan))
    data: dict[str, str | None] = {STATE_KEY: dump(plan, state)}
    if document is not None:
        data |= {REQUEST_KEY: None, REPLAY_KEY: None, HISTORY_KEY: stored.history if stored else None}
    try:
        cluster.store(data, document, owner=isvc)
    except Conflict as conflict:
        raise BusyError(f"{cluster.service}: another rollout was started at the same moment: {conflict}") from conflict
    return plan


def check(isvc: Document, routes: Mapping[str, Document | None], wish: Wish) -> None:
    """Raise InputError, with what to do, if KServe would refuse the rollout or silently not split traffic.

    Args:
        isvc: the InferenceService.
        routes: its HTTPRoutes by name, None for one that does not exist.
        wish: what is asked for.
    """
    name = isvc["metadata"]["name"]
    mode = isvc["metadata"].get("annotations", {}).get("serving.kserve.io/deploymentMode")
    predictor = isvc["spec"]["predictor"]
    absent = sorted(route for route, found in routes.items() if found is None)
    longest = predictor_object(name, wish.canary)
    faults = (
        (
            not _NAME.fullmatch(wish.canary) or len(longest) > LONGEST_NAME,
            f"canary name {wish.canary!r}: lower-case letters, digits and '-', a letter first, and "
            f"{longest!r} at most {LONGEST_NAME} characters; choose one with --name",
        ),
        (
            wish.canary == predictor.get("name", ""),
            f"the stable predictor is called {wish.canary!r} already; choose another name with --name",
        ),
        (not re.match(r"[a-z][a-z0-9+.-]*://\S+$", wish.storage_uri), f"storage URI {wish.storage_uri!r} is none"),
        (
            mode != "Standard",
            f"{name} runs in deployment mode {mode or 'unset'}: a canary needs the annotation "
            f"serving.kserve.io/deploymentMode: Standard (Knative splits by canaryTrafficPercent instead)",
        ),
        (
            "model" not in predictor,
            f"{name}: spec.predictor has no 'model' (a canary needs it; shorthands such as 'xgboost:' cannot be split)",
        ),
        (
            bool(absent),
            f"{name} has no HTTPRoute {', '.join(absent)}: KServe must run with enableGatewayApi=true and a gateway, "
            f"or no traffic is split; {INSTALL[GATEWAY]}",
        ),
        (bool(isvc["spec"].get("canary")), f"{name} has a canary that no rollout of ours put there; take it out first"),
    )
    for wrong, words in faults:
        if wrong:
            raise InputError(words)


def _check_not_rolled_back(service: str, stored: Stored, wish: Wish) -> None:
    """A schedule that makes the same model every night must not give it to customers every night."""
    if stored.state.phase is Phase.ROLLED_BACK and stored.plan.storage_uri == wish.storage_uri:
        raise VerdictError(
            f"{service}: version {wish.version} was rolled back ({stored.state.reason}) and is tried once; "
            f"to try it again: tenure rollout start {service} --version {wish.version} --model {wish.model}"
        )


def lacks(isvc: Document, stable: Document | None) -> str:
    """Why the service is not ready to be compared with; "" if it is.

    KServe calls a service that is being scaled out not ready, as if its load were a fault: the least number of pods is
    enough.
    """
    conditions = {item["type"]: item for item in isvc.get("status", {}).get("conditions") or []}
    ready = conditions.get("Ready", {})
    available = int((stable or {}).get("status", {}).get("availableReplicas", 0))
    if ready.get("status") == "True" or available >= max(1, isvc["spec"]["predictor"].get("minReplicas") or 1):
        return ""
    return str(ready.get("message") or ready.get("reason") or "no Ready condition")


def _ready(cluster: Cluster, isvc: Document, tell: Callable[[str], None]) -> tuple[Document, Document | None]:
    """The service and the Deployment that serves, once it does: after a promotion it is short of pods for seconds."""
    ends = time.monotonic() + READY_PATIENCE_S
    told = ""
    while True:
        deployment = cluster.deployment(predictor_object(cluster.service, spec.stable_of(isvc).name))
        lacking = lacks(isvc, deployment)
        if not lacking:
            return isvc, deployment
        if time.monotonic() >= ends:
            raise InputError(f"{cluster.service} is not ready, so there is nothing to compare with: {lacking}")
        if lacking != told:
            tell(f"waiting for {cluster.service}: {lacking}")
            told = lacking
        time.sleep(READY_POLL_S)
        isvc = cluster.isvc()


def _capacity(stable: Document | None, plan: Plan) -> int:
    """Pods that carry all of the traffic now."""
    running = int((stable or {}).get("status", {}).get("replicas", 0))
    return max(running, plan.stable.min_replicas or 1, 1)
