"""What each command does."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from rollout import history, shadow
from rollout.connection import Conflict
from rollout.limits import Limits
from rollout.lines import plan_lines, status_lines, steps_line
from rollout.loop import CONFLICT_RETRIES, Controller
from rollout.observation import NoData, Question, Replay, Request, Window
from rollout.prometheus import Prometheus
from rollout.record import REPLAY_KEY, REQUEST_KEY, Stored, replay_json, request_json
from rollout.registry import MlflowRegistry, NoRegistry, Registry
from rollout.spec import predictor_object
from rollout.start import Wish, begin
from rollout.state import Phase, Plan
from rollout.traffic import Cluster
from rollout.watching import NOTICE_S, controller_at_work, see_through, until
from tenure.errors import InputError, SourceError, VerdictError
from tenure.tracking.location import Location

if TYPE_CHECKING:
    from tenure.prediction_log import Logged

ANSWER_TIMEOUT_S = 10.0
"""Of a canary's answer to a replayed row."""


def limits_of(options: argparse.Namespace) -> Limits:
    """The limits as the options set them.

    Raises:
        InputError: if they make no sense.
    """
    given = {item.name: getattr(options, item.name) for item in fields(Limits)}
    given = {name: value for name, value in given.items() if value is not None}
    if "steps" in given:
        try:
            given["steps"] = tuple(int(part) for part in given["steps"].split(","))
        except ValueError:
            text = f"steps {given['steps']!r}: whole percentages with commas between, as in 5,25,50,100"
            raise InputError(text) from None
    return Limits(**given)


def start(options: argparse.Namespace) -> None:
    """Begin a rollout; replay the log if asked to; wait for the end if asked to."""
    limits = limits_of(options)
    model = options.model or options.service
    storage_uri = options.storage_uri
    if not storage_uri:
        if not options.mlflow:
            raise InputError("where does the bundle lie? --storage-uri, or --mlflow to ask the registry")
        # A step of a pipeline outlasts a restart of MLflow.
        Location(options.mlflow, None).reach()
        storage_uri = MlflowRegistry(options.mlflow).storage_uri(model, options.version, options.artifact_root)
    if options.shadow_rows < shadow.FEWEST_ROWS:
        raise InputError(f"--shadow-rows {options.shadow_rows}: at least {shadow.FEWEST_ROWS}")
    cluster = _cluster(options)
    # Before anything is written down: a log that is not there leaves no rollout behind that waits for its replay.
    logged = None
    if options.shadow is not None:
        logged = shadow.replayable(options.shadow, options.shadow_rows, cluster.service)
    wish = Wish(
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
    plan = begin(cluster, wish)
    if plan is None:
        print(f"{cluster.service} serves {storage_uri} already: nothing to roll out")
        return
    print(f"{cluster.service}: version {plan.version} goes out as {plan.canary}: {steps_line(plan.limits)}")
    if not controller_at_work(cluster):
        print(f"note: no controller is at work; start one: python -m rollout run {cluster.service}")
    replay = None
    if plan.shadow and logged is not None:
        replay = _replay(cluster, plan, logged, options.canary_url)
    if options.wait:
        see_through(cluster, plan)
    elif replay is not None and not replay.ok:
        raise VerdictError(f"{cluster.service}: version {plan.version} is rolled back: replay: {replay.summary}")


def status(options: argparse.Namespace) -> None:
    """Print where the rollout stands."""
    cluster = _cluster(options)
    cluster.isvc()
    stored = Stored.read(cluster.stored())
    if stored is None:
        print("{}" if options.json else f"{cluster.service}: no rollout yet")
        return
    rows = [row for row in history.rows(stored.history) if row.rollout == stored.plan.rollout]
    holder = controller_at_work(cluster)
    if options.json:
        state = {**stored.state.to_json(), "e_value": stored.state.comparison.e_value()}
        document = {"plan": stored.plan.to_json(), "state": state, "history": [asdict(row) for row in rows]}
        print(json.dumps({**document, "controller": holder}, indent=1))
        return
    for line in status_lines(cluster.service, stored.plan, stored.state, time.time()):
        print(line)
    print(f"  controller  {holder or 'none at work'}")
    for row in rows[-12:]:
        print(f"  {row.time}  {row.action:<9}  {row.percent:>3} %  {row.reason}")


def ask(options: argparse.Namespace) -> None:
    """Put an operator's request down. Abort and promote are seen through, by this process if no controller lives."""
    request = Request(options.command)
    cluster = _cluster(options)
    plan = _ask(cluster, request, options.who, options.why)
    if request in (Request.PAUSE, Request.RESUME):
        until(cluster, plan, lambda stored: stored.request is None, NOTICE_S, lambda: None)
        print(f"{cluster.service}: {request} taken")
        return
    # Whoever holds the Lease acts; this process gets it only if the controller is dead.
    controller = Controller(cluster, _Unasked(), _registry(options), log=_silent)
    goal = Phase.ROLLED_BACK if request is Request.ABORT else Phase.PROMOTED

    def act() -> None:
        with contextlib.suppress(SourceError):
            controller.look()

    try:
        limit_s = 3 * plan.limits.ready_s + 2 * plan.limits.drain_s + controller.leadership.duration_s
        stored = until(cluster, plan, lambda stored: stored.state.phase.ended, limit_s, act)
    finally:
        with contextlib.suppress(SourceError):
            controller.leadership.release()
    print(f"{cluster.service}: version {plan.version} {stored.state.phase}: {stored.state.reason}")
    if stored.state.phase is not goal:
        raise VerdictError(f"{cluster.service}: it ended as {stored.state.phase}: {stored.state.reason}")


def run(options: argparse.Namespace) -> None:
    """The controller, until SIGTERM or SIGINT."""
    if not options.prometheus:
        raise InputError("whom to ask how the canary does? --prometheus URL, or PROMETHEUS_URL")
    cluster = _cluster(options)
    cluster.isvc()  # a wrong name, a missing CRD or a missing right is told at once
    registry = _registry(options) or NoRegistry()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Controller(cluster, Prometheus(options.prometheus), registry).run(stop)


def plan(options: argparse.Namespace) -> None:
    """Print the steps and limits; needs no cluster."""
    limits = limits_of(options)
    rate = options.requests_per_s
    if rate is not None and not rate > 0:
        raise InputError(f"--requests-per-s {rate:g}: must be more than 0")
    for line in plan_lines(limits, rate):
        print(line)


def _cluster(options: argparse.Namespace) -> Cluster:
    return Cluster(options.service, options.namespace, options.context)


def _ask(cluster: Cluster, request: Request, who: str, why: str) -> Plan:
    for _ in range(CONFLICT_RETRIES):
        stored = Stored.read(cluster.stored())
        if stored is None or stored.state.phase.ended:
            cluster.isvc()
            raise InputError(f"{cluster.service}: no rollout is under way")
        if stored.state.phase is Phase.PROMOTING and request is Request.ABORT:
            raise InputError(f"{cluster.service}: too late to abort: promotion has begun; roll the former version out")
        try:
            cluster.store({REQUEST_KEY: request_json(request, who, why)}, stored.document)
        except Conflict:
            continue
        return stored.plan
    raise SourceError(f"{cluster.service}: the rollout changes too often to be asked; try again")


def _replay(cluster: Cluster, plan: Plan, logged: Sequence[Logged], canary_url: str | None) -> Replay | None:
    """Replay the log once the canary is ready, and write the outcome down for the controller; None if it is too late.

    Raises:
        SourceError: if the cluster or the canary is away, or not ready in time.
    """
    url = canary_url or f"http://{predictor_object(cluster.service, plan.canary)}.{cluster.namespace}.svc"
    limit_s = plan.limits.ready_s + NOTICE_S
    stored = until(cluster, plan, lambda stored: stored.state.phase is not Phase.PREPARING, limit_s, lambda: None)
    if stored.state.phase is not Phase.SHADOW:
        print(f"{cluster.service}: no replay: {stored.state.phase}: {stored.state.reason}")
        return None
    shadow.reach(url, ANSWER_TIMEOUT_S)
    answers = (shadow.ask(url, cluster.service, row, ANSWER_TIMEOUT_S) for row in logged)
    replay = shadow.compare(logged, answers, plan.limits)
    for _ in range(CONFLICT_RETRIES):
        with contextlib.suppress(Conflict):
            cluster.store({REPLAY_KEY: replay_json(plan, replay)}, cluster.stored())
            print(f"{cluster.service}: replay {'passed' if replay.ok else 'failed'}: {replay.summary}")
            return replay
    raise SourceError(f"{cluster.service}: the replay's outcome could not be written; run start again")


class _Unasked:
    """Metrics for a process that only aborts or promotes by hand: it judges nothing."""

    def observe(self, _asked: Question) -> Window | NoData:
        return NoData("not asked")


def _silent(_event: str, **_values: Any) -> None:
    """The command prints what happens itself."""


def _registry(options: argparse.Namespace) -> Registry | None:
    return MlflowRegistry(options.mlflow) if options.mlflow else None
