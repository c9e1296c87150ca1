"""``pause``, ``resume``, ``promote``, ``abort``: an operator's request, which the controller carries out."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from rollout.commands.options import cluster_of, registry_of
from rollout.commands.watching import REACTION_S, wait_until
from rollout.evidence.window import MetricsQuery, NoData, Window
from rollout.loop.controller import CONFLICT_RETRIES, Controller
from rollout.policy.observation import Request
from rollout.policy.state import Phase, Plan
from rollout.traffic.cluster import Cluster
from rollout.traffic.connection import Conflict
from rollout.traffic.record import REQUEST_KEY, Stored, request_json
from tenure.errors import InputError, SourceError, VerdictError


def request(options: argparse.Namespace) -> None:
    """Write the request. Abort and promote wait for the end, and act as the controller if none is running."""
    requested = Request(options.command)
    cluster = cluster_of(options)
    plan = _write(cluster, requested, options.who, options.why)
    if requested in (Request.PAUSE, Request.RESUME):
        wait_until(cluster, plan, lambda stored: stored.request is None, REACTION_S)
        print(f"{cluster.service}: {requested} accepted")
        return
    # The holder of the Lease acts; this process gets it only if the controller is not running.
    controller = Controller(cluster, _NoMetrics(), registry_of(options), log=_no_log)
    goal = Phase.ROLLED_BACK if requested is Request.ABORT else Phase.PROMOTED

    def act() -> None:
        with contextlib.suppress(SourceError):
            controller.look()

    try:
        limit_s = 3 * plan.limits.ready_s + 2 * plan.limits.drain_s + controller.leadership.duration_s
        stored = wait_until(cluster, plan, lambda stored: stored.state.phase.ended, limit_s, act)
    finally:
        with contextlib.suppress(SourceError):
            controller.leadership.release()
    print(f"{cluster.service}: version {plan.version} {stored.state.phase}: {stored.state.reason}")
    if stored.state.phase is not goal:
        raise VerdictError(f"{cluster.service}: the rollout ended as {stored.state.phase}: {stored.state.reason}")


def _write(cluster: Cluster, requested: Request, who: str, why: str) -> Plan:
    for _ in range(CONFLICT_RETRIES):
        stored = Stored.read(cluster.stored())
        if stored is None or stored.state.phase.ended:
            cluster.isvc()  # raises if the service does not exist
            raise InputError(f"{cluster.service}: no rollout is under way")
        if stored.state.phase is Phase.PROMOTING and requested is Request.ABORT:
            raise InputError(f"{cluster.service}: too late to abort: promotion has begun; roll the former version out")
        try:
            cluster.store({REQUEST_KEY: request_json(requested, who, why)}, stored.document)
        except Conflict:
            continue
        return stored.plan
    raise SourceError(f"{cluster.service}: the request could not be written: the rollout changes too often; try again")


class _NoMetrics:
    """Metrics for a process that only aborts or promotes, which evaluates none."""

    def observe(self, _query: MetricsQuery) -> Window | NoData:
        return NoData("not needed")


def _no_log(_event: str, **_values: Any) -> None:
    """The command prints the changes itself."""
