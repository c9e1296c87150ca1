"""The start of a rollout: the request is checked, and the plan written."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from rollout.addresses import check_address
from rollout.policy.request import StartRequest
from rollout.policy.state import Phase, Plan, State, dump
from rollout.signatures import BundleCheck
from rollout.traffic import inference_service as spec
from rollout.traffic.cluster import Cluster
from rollout.traffic.connection import GATEWAY, INSTALL, Conflict
from rollout.traffic.inference_service import Document, predictor_object
from rollout.traffic.record import HISTORY_KEY, PROGRESS_KEY, REPLAY_KEY, STATE_KEY, Stored
from tenure.errors import BusyError, InputError, VerdictError

LONGEST_NAME = 63 - len("isvc.")
"""Of a Deployment: KServe prefixes it with ``isvc.`` in a label, and labels have at most 63 characters."""

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


class NotReady(Exception):  # noqa: N818 (it is not an error yet)
    """The service is not ready, and the message says why. For seconds after a promotion it has too few pods."""


def begin(
    cluster: Cluster, request: StartRequest, prefixes: Sequence[str] = (), bundles: BundleCheck | None = None
) -> Plan | None:
    """Write the plan of a rollout and return it; None if that version serves already.

    A second request for the version that is being rolled out changes nothing, so a step may be retried.

    Args:
        cluster: of the service.
        request: the version, and how it is rolled out.
        prefixes: below which its bundle must be (``rollout.addresses``); none: anywhere.
        bundles: verifies the bundle's signature; None accepts any bundle.

    Raises:
        SignatureError: no trusted key signed the bundle.
        InputError: the service, the name, the address or the version makes a rollout impossible.
        NotReady: the service is not ready now.
        BusyError: another version is being rolled out.
        SourceError: the cluster cannot be reached, or forbids it.
        VerdictError: the version was rolled back before, and ``request.once`` is set.
    """
    check_address(request.storage_uri, prefixes)
    isvc = cluster.isvc()
    stored = Stored.read(document := cluster.stored())
    if stored is not None and not stored.state.phase.ended:
        active = stored.plan
        if (active.version, active.storage_uri) == (request.version, request.storage_uri):
            return active
        raise BusyError(
            f"{cluster.service}: version {active.version} is being rolled out ({stored.state.phase}); "
            f"wait, or abort it first"
        )
    if spec.storage_uri(isvc["spec"]["predictor"]) == request.storage_uri:
        return None
    if request.once and stored is not None:
        _check_not_rolled_back(cluster.service, stored, request)
    check(isvc, cluster.routes(), request)
    deployment = cluster.deployment(predictor_object(cluster.service, spec.stable_of(isvc).name))
    if reason := not_ready(isvc, deployment):
        raise NotReady(reason)
    if bundles is not None:
        bundles.verify(request.model, request.version, request.storage_uri)
    started_at = round(time.time(), 3)
    plan = Plan(
        rollout=f"{cluster.service}-{request.canary}-{started_at:.0f}",
        canary=request.canary,
        model=request.model,
        version=request.version,
        storage_uri=request.storage_uri,
        stable=spec.stable_of(isvc),
        limits=request.limits,
        shadow=request.shadow,
        who=request.who,
        why=request.why,
        started_at=started_at,
    )
    state = State.first(plan, capacity=_capacity(deployment, plan))
    data: dict[str, str | None] = {STATE_KEY: dump(plan, state)}
    if document is not None:
        data |= {REPLAY_KEY: None, PROGRESS_KEY: None, HISTORY_KEY: stored.history if stored else None}
    try:
        cluster.store(data, document, owner=isvc)
    except Conflict as conflict:
        raise BusyError(f"{cluster.service}: another rollout was started at the same moment: {conflict}") from conflict
    return plan


def check(isvc: Document, routes: Mapping[str, Document | None], request: StartRequest) -> None:
    """Check that KServe accepts the rollout and will split the traffic.

    Args:
        isvc: the InferenceService.
        routes: its HTTPRoutes by name, None for one that does not exist.
        request: the version and the canary's name.

    Raises:
        InputError: it would not; the message says what to do.
    """
    name = isvc["metadata"]["name"]
    mode = isvc["metadata"].get("annotations", {}).get("serving.kserve.io/deploymentMode")
    predictor = isvc["spec"]["predictor"]
    absent = sorted(route for route, found in routes.items() if found is None)
    longest = predictor_object(name, request.canary)
    faults = (
        (
            not _NAME.fullmatch(request.canary) or len(longest) > LONGEST_NAME,
            f"canary name {request.canary!r}: lower-case letters, digits and '-', a letter first, and "
            f"{longest!r} at most {LONGEST_NAME} characters; choose one with --name",
        ),
        (
            request.canary == predictor.get("name", ""),
            f"the stable predictor is called {request.canary!r} already; choose another name with --name",
        ),
        (
            not re.match(r"[a-z][a-z0-9+.-]*://\S+$", request.storage_uri),
            f"{request.storage_uri!r} is not a storage URI, as in s3://models/churn/7/data/bundle",
        ),
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
        (
            bool(isvc["spec"].get("canary")),
            f"{name} has a canary that was not started by tenure rollout; remove it first",
        ),
    )
    for wrong, words in faults:
        if wrong:
            raise InputError(words)


def _check_not_rolled_back(service: str, stored: Stored, request: StartRequest) -> None:
    """A schedule that trains the same model every night must not start its rollout every night."""
    if stored.state.phase is Phase.ROLLED_BACK and stored.plan.storage_uri == request.storage_uri:
        raise VerdictError(
            f"{service}: version {request.version} was rolled back ({stored.state.reason}) and is not started again; "
            f"to start it nevertheless: "
            f"tenure rollout start {service} --version {request.version} --model {request.model}"
        )


def not_ready(isvc: Document, stable: Document | None) -> str:
    """Why the service is not ready; "" if it is.

    KServe reports a service that is being scaled out as not ready, although it serves: here it is ready with its
    smallest number of pods.
    """
    conditions = {item["type"]: item for item in isvc.get("status", {}).get("conditions") or []}
    ready = conditions.get("Ready", {})
    available = int((stable or {}).get("status", {}).get("availableReplicas", 0))
    if ready.get("status") == "True" or available >= max(1, isvc["spec"]["predictor"].get("minReplicas") or 1):
        return ""
    return str(ready.get("message") or ready.get("reason") or "no Ready condition")


def _capacity(stable: Document | None, plan: Plan) -> int:
    """Number of pods that serve all of the traffic now."""
    running = int((stable or {}).get("status", {}).get("replicas", 0))
    return max(running, plan.stable.min_replicas or 1, 1)
