"""``start``: begin a rollout, replay logged requests if requested, wait for the end if requested."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rollout.commands.options import cluster_of, controller_of, limits_of
from rollout.commands.summary import steps_summary
from rollout.commands.watching import REACTION_S, live_controller, wait_for_answer, wait_for_end, wait_until
from rollout.evidence import replay_requests
from rollout.evidence.replay import Replay, compare
from rollout.loop.inbox import READY_TIMEOUT_S
from rollout.policy.request import REPLAY, START, StartRequest, request_spec
from rollout.policy.state import Phase, Plan
from rollout.registry import MlflowRegistry
from rollout.traffic.cluster import Cluster
from rollout.traffic.inference_service import predictor_object
from rollout.traffic.record import Stored
from tenure.errors import InputError, SourceError, TenureError, VerdictError
from tenure.tracking.location import Location

if TYPE_CHECKING:
    from tenure.prediction_log import Logged

REPLAY_TIMEOUT_S = 10.0
"""For the canary's answer to one replayed row."""


def start(options: argparse.Namespace) -> None:
    """Begin a rollout; replay the log and wait for the end where the options say so."""
    limits = limits_of(options)
    model = options.model or options.service
    storage_uri = options.storage_uri
    if not storage_uri:
        if not options.mlflow:
            raise InputError(
                "the bundle's URI is unknown: give --storage-uri, or --mlflow to read it from the registry"
            )
        # A step of a pipeline waits for an MLflow that restarts.
        Location(options.mlflow, None).reach()
        storage_uri = MlflowRegistry(options.mlflow).storage_uri(model, options.version, options.artifact_root)
    if options.shadow_rows < replay_requests.FEWEST_ROWS:
        raise InputError(f"--shadow-rows {options.shadow_rows}: must be at least {replay_requests.FEWEST_ROWS}")
    cluster = cluster_of(options)
    # The log is read before the plan is written: without a log there must be no rollout that waits for its replay.
    logged = None
    if options.shadow is not None:
        logged = replay_requests.logged_rows(options.shadow, options.shadow_rows, cluster.service)
    request = StartRequest(
        version=options.version,
        canary=options.name or f"v{options.version}".lower().replace(".", "-").replace("_", "-"),
        storage_uri=storage_uri,
        model=model,
        limits=limits,
        shadow=logged is not None,
        who=options.who,
        why=options.why,
        once=options.once,
    )
    plan = _requested(options, cluster, request)
    if plan is None:
        print(f"{cluster.service} serves {storage_uri} already: nothing to roll out")
        return
    print(f"{cluster.service}: version {plan.version} goes out as {plan.canary}: {steps_summary(plan.limits)}")
    if not live_controller(cluster):
        print(f"note: no controller is running; start one: python -m rollout run {cluster.service}")
    replay = None
    if plan.shadow and logged is not None:
        replay = _replay(options, cluster, plan, logged)
    if options.wait:
        wait_for_end(cluster, plan)
    elif replay is not None and not replay.ok:
        raise VerdictError(f"{cluster.service}: version {plan.version} is rolled back: replay: {replay.summary}")


def _requested(options: argparse.Namespace, cluster: Cluster, request: StartRequest) -> Plan | None:
    """Request the start; returns the plan that the controller has written, None if that version serves already.

    This process answers the request itself if no controller is running and it has a controller's rights.
    """
    made = cluster.requests.create(request_spec(START, who=request.who, why=request.why, start=request.to_json()))
    controller = controller_of(options, cluster)

    def act() -> None:
        with contextlib.suppress(SourceError):
            controller.answer_starts()

    try:
        answer = wait_for_answer(cluster, made, REACTION_S + READY_TIMEOUT_S, act)
    finally:
        with contextlib.suppress(TenureError):
            controller.leadership.release()
    if not answer.rollout:
        return None
    stored = Stored.read(cluster.stored())
    if stored is None or stored.plan.rollout != answer.rollout:
        raise InputError(f"{cluster.service}: another rollout has replaced {answer.rollout}")
    return stored.plan


def _replay(options: argparse.Namespace, cluster: Cluster, plan: Plan, logged: Sequence[Logged]) -> Replay | None:
    """Replay the log once the canary is ready, and report the outcome; None if the rollout no longer waits for it.

    Raises:
        SourceError: the cluster or the canary cannot be reached, or the canary is not ready in time.
    """
    url = options.canary_url or f"http://{predictor_object(cluster.service, plan.canary)}.{cluster.namespace}.svc"
    limit_s = plan.limits.ready_s + REACTION_S
    stored = wait_until(cluster, plan, lambda stored: stored.state.phase is not Phase.PREPARING, limit_s)
    if stored.state.phase is not Phase.SHADOW:
        print(f"{cluster.service}: no replay: {stored.state.phase}: {stored.state.reason}")
        return None
    replay_requests.reach(url, REPLAY_TIMEOUT_S)
    answers = (replay_requests.send(url, cluster.service, row, REPLAY_TIMEOUT_S) for row in logged)
    replay = compare(logged, answers, plan.limits)
    outcome = {"ok": replay.ok, "summary": replay.summary}
    made = cluster.requests.create(
        request_spec(REPLAY, who=options.who, why=options.why, rollout=plan.rollout, replay=outcome)
    )
    wait_for_answer(cluster, made)
    print(f"{cluster.service}: replay {'passed' if replay.ok else 'failed'}: {replay.summary}")
    return replay
