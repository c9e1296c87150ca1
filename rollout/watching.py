"""Watching a rollout from outside: who is at work on it, what holds it up, how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rollout import history
from rollout.lines import duration
from rollout.record import Stored
from rollout.state import Phase, Plan
from rollout.traffic import Cluster
from tenure.errors import InputError, SourceError, VerdictError

POLL_S = 1.0
NOTICE_S = 60.0
"""How long a living controller may take to notice something."""


def see_through(cluster: Cluster, plan: Plan) -> None:
    """Wait for the rollout's end.

    Raises:
        VerdictError: it was rolled back.
        SourceError: it has not ended by the time its limits allow; it goes on.
    """
    limits = plan.limits
    limit_s = limits.deadline_s + 3 * limits.ready_s + limits.drain_s + NOTICE_S
    stored = until(cluster, plan, lambda stored: stored.state.phase.ended, limit_s, lambda: None)
    if stored.state.phase is not Phase.PROMOTED:
        raise VerdictError(f"{cluster.service}: version {plan.version} was rolled back: {stored.state.reason}")
    print(f"{cluster.service}: version {plan.version} serves all traffic: {stored.state.reason}")


def until(
    cluster: Cluster, plan: Plan, reached: Callable[[Stored], bool], limit_s: float, act: Callable[[], None]
) -> Stored:
    """Read the rollout until something holds, telling each change of phase and of what it waits for.

    Raises:
        SourceError: if it does not within ``limit_s``; the rollout itself goes on.
    """
    told: Any = None
    ends = time.monotonic() + limit_s
    while True:
        act()
        stored = Stored.read(cluster.stored())
        if stored is None or stored.plan.rollout != plan.rollout:
            raise InputError(f"{cluster.service}: another rollout took the place of {plan.rollout}")
        state = stored.state
        reason = state.held or state.reason
        now = (state.phase, state.percent, history.kind(reason))
        if now != told:
            print(f"  {history.iso(time.time())}  {state.phase}, {state.percent} %: {reason}", flush=True)
            told = now
        if reached(stored):
            return stored
        if time.monotonic() > ends:
            raise SourceError(
                f"{cluster.service}: still {stored.state.phase} after {duration(limit_s)}; is a controller running? "
                f"python -m rollout status {cluster.service}"
            )
        time.sleep(POLL_S)


def controller_at_work(cluster: Cluster) -> str:
    """Who holds the Lease, "" if nobody does. It compares clocks of two machines, so it informs and decides nothing."""
    held = (cluster.lease() or {}).get("spec") or {}
    holder = str(held.get("holderIdentity") or "")
    if not holder or time.time() - datetime.fromisoformat(held["renewTime"]).timestamp() > NOTICE_S:
        return ""
    return holder
