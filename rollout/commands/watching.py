"""Following a rollout from outside its controller."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rollout.commands.summary import duration
from rollout.loop import history
from rollout.policy.request import REFUSALS, Answer, RolloutRequest
from rollout.policy.request import Phase as Answered
from rollout.policy.state import Phase, Plan
from rollout.traffic.cluster import Cluster
from rollout.traffic.record import Stored
from tenure.errors import InputError, SourceError, VerdictError

POLL_S = 1.0
REACTION_S = 60.0
"""The longest time in which a running controller reacts."""


def wait_for_end(cluster: Cluster, plan: Plan) -> None:
    """Wait for the rollout's end.

    Raises:
        VerdictError: it was rolled back.
        SourceError: it has not ended in the time that its limits allow; it goes on nevertheless.
    """
    limits = plan.limits
    limit_s = limits.deadline_s + 3 * limits.ready_s + limits.drain_s + REACTION_S
    stored = wait_until(cluster, plan, lambda stored: stored.state.phase.ended, limit_s)
    if stored.state.phase is not Phase.PROMOTED:
        raise VerdictError(f"{cluster.service}: version {plan.version} was rolled back: {stored.state.reason}")
    print(f"{cluster.service}: version {plan.version} serves all traffic: {stored.state.reason}")


def wait_for_answer(
    cluster: Cluster, request: RolloutRequest, limit_s: float = REACTION_S, act: Callable[[], None] = lambda: None
) -> Answer:
    """Wait until the controller has answered a request; print what it waits for.

    Args:
        cluster: of the service.
        request: as it was created.
        limit_s: the longest time to wait.
        act: called before each read.

    Raises:
        InputError, BusyError, VerdictError: the request was refused, for the reason that the error stands for.
        SourceError: it is not answered within ``limit_s``.
    """
    printed = ""
    ends = time.monotonic() + limit_s
    while True:
        act()
        answer = cluster.requests.find(request.name).answer
        if answer is not None and answer.phase is Answered.REFUSED:
            raise REFUSALS[answer.reason](answer.message)
        if answer is not None and answer.phase is Answered.ACCEPTED:
            return answer
        if answer is not None and answer.message != printed:
            printed = answer.message
            print(printed, flush=True)
        if time.monotonic() > ends:
            raise SourceError(
                f"{cluster.service}: request {request.name} not answered in {duration(limit_s)}"
                f"{f' ({printed})' if printed else ''}; is a controller running? "
                f"python -m rollout status {cluster.service}"
            )
        time.sleep(POLL_S)


def wait_until(
    cluster: Cluster,
    plan: Plan,
    reached: Callable[[Stored], bool],
    limit_s: float,
    act: Callable[[], None] = lambda: None,
) -> Stored:
    """Read the rollout until ``reached`` holds; print each change of its phase and of its reason.

    Args:
        cluster: of the service.
        plan: of the rollout.
        reached: the condition.
        limit_s: the longest time to wait.
        act: called before each read.

    Raises:
        InputError: another rollout has replaced this one.
        SourceError: the condition does not hold within ``limit_s``; the rollout goes on nevertheless.
    """
    printed: Any = None
    ends = time.monotonic() + limit_s
    while True:
        act()
        stored = Stored.read(cluster.stored())
        if stored is None or stored.plan.rollout != plan.rollout:
            raise InputError(f"{cluster.service}: another rollout has replaced {plan.rollout}")
        state = stored.state
        reason = state.held_reason or state.reason
        now = (state.phase, state.percent, history.kind(reason))
        if now != printed:
            print(f"  {history.iso(time.time())}  {state.phase}, {state.percent} %: {reason}", flush=True)
            printed = now
        if reached(stored):
            return stored
        if time.monotonic() > ends:
            raise SourceError(
                f"{cluster.service}: still {stored.state.phase} after {duration(limit_s)}; is a controller running? "
                f"python -m rollout status {cluster.service}"
            )
        time.sleep(POLL_S)


def live_controller(cluster: Cluster) -> str:
    """Identity of the Lease's holder, "" if it has none or is stale.

    For messages only: the comparison of two machines' clocks is not reliable enough for a decision.
    """
    lease = (cluster.lease() or {}).get("spec") or {}
    holder = str(lease.get("holderIdentity") or "")
    if not holder or time.time() - datetime.fromisoformat(lease["renewTime"]).timestamp() > REACTION_S:
        return ""
    return holder
