"""``pause``, ``resume``, ``promote``, ``abort``: an operator's request, which the controller carries out."""

from __future__ import annotations

import argparse
import contextlib

from rollout.commands.options import cluster_of, controller_of
from rollout.commands.watching import REACTION_S, wait_for_answer, wait_until
from rollout.policy.observation import Request
from rollout.policy.request import request_spec
from rollout.policy.state import Phase
from rollout.traffic.record import Stored
from tenure.errors import InputError, SourceError, TenureError, VerdictError


def request(options: argparse.Namespace) -> None:
    """Make the request. Abort and promote wait for the end, and act as the controller if none is running."""
    requested = Request(options.command)
    cluster = cluster_of(options)
    stored = Stored.read(cluster.stored())
    if stored is None or stored.state.phase.ended:
        cluster.isvc()  # raises if the service does not exist
        raise InputError(f"{cluster.service}: no rollout is under way")
    plan = stored.plan
    made = cluster.requests.create(request_spec(requested, who=options.who, why=options.why, rollout=plan.rollout))
    if requested in (Request.PAUSE, Request.RESUME):
        wait_for_answer(cluster, made)
        print(f"{cluster.service}: {requested} accepted")
        return
    # The holder of the Lease acts; this process gets it only if the controller is not running.
    controller = controller_of(options, cluster)
    goal = Phase.ROLLED_BACK if requested is Request.ABORT else Phase.PROMOTED

    def act() -> None:
        with contextlib.suppress(SourceError):
            controller.look()

    try:
        wait_for_answer(cluster, made, controller.leadership.duration_s + REACTION_S, act)
        limit_s = 3 * plan.limits.ready_s + 2 * plan.limits.drain_s + controller.leadership.duration_s
        stored = wait_until(cluster, plan, lambda stored: stored.state.phase.ended, limit_s, act)
    finally:
        with contextlib.suppress(TenureError):
            controller.leadership.release()
    print(f"{cluster.service}: version {plan.version} {stored.state.phase}: {stored.state.reason}")
    if stored.state.phase is not goal:
        raise VerdictError(f"{cluster.service}: the rollout ended as {stored.state.phase}: {stored.state.reason}")
