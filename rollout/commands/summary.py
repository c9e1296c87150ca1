"""A plan and a rollout's state in a few lines of text."""

from __future__ import annotations

import math

from rollout.limits import Limits
from rollout.policy.state import Plan, State


def plan_summary(limits: Limits, requests_per_s: float | None) -> list[str]:
    """The steps, the shortest time that each takes, and what rolls a canary back.

    Args:
        limits: of the rollout.
        requests_per_s: the service's traffic, from which the time of a step's requests follows; None if unknown.
    """
    lines = ["  step   traffic   at least"]
    total_s = 0.0
    for number, percent in enumerate(limits.steps, start=1):
        least_s = limits.step_time_s
        if requests_per_s:
            rarer = min(percent, 100 - percent) if percent < 100 else 100
            least_s = max(least_s, limits.step_requests / (requests_per_s * rarer / 100))
        total_s += least_s
        lines.append(f"  {number:>4}   {percent:>5} %   {duration(least_s)}, {limits.step_requests} requests a side")
    lines += [
        f"  in all at least {duration(total_s)}; rolled back if not promoted in {duration(limits.deadline_s)}",
        "  rolled back when it is shown, with at most "
        f"{limits.false_rollback:.0%} chance of being wrong over the whole rollout, that the canary has",
        f"    {limits.error_share:.2%} more failed requests, {limits.fallback_share:.2%} more fallback answers,",
        f"    {limits.slow_share:.2%} more requests slower than {limits.latency_ratio:g} times stable's p99,",
        f"    or another distribution of scores (Kolmogorov distance over {limits.score_distance:g})",
        "  without metrics (no samples, NaN, Prometheus down) the rollout stays at its step",
    ]
    if total_s >= limits.deadline_s:
        lines.append(
            "  warning: with so little traffic the deadline comes first; raise --deadline-s or lower --step-requests"
        )
    return lines


def status_summary(service: str, plan: Plan, state: State, now: float) -> list[str]:
    """The state of a rollout at ``now`` (seconds since the epoch)."""
    paused = ", paused" if state.paused_at is not None else ""
    since = duration(max(0.0, now - state.since))
    lines = [
        f"{service}: version {plan.version} as {plan.canary}: {state.phase}{paused}, {state.percent} % of traffic",
        f"  for         {since}: {state.held_reason or state.reason}",
    ]
    if not state.phase.ended:
        compared = state.comparison
        lines += [
            f"  deadline    in {duration(max(0.0, state.deadline - now))}",
            f"  requests    canary {compared.requests_c}, stable {compared.requests_s} at this step",
            f"  e-value     {compared.e_value():.3g}; {1 / plan.limits.false_rollback:.3g} rolls back",
            f"  worst       {compared.worst()}",
        ]
    return lines


def steps_summary(limits: Limits) -> str:
    """The steps, as in 5 % → 25 % → 50 % → 100 %."""
    return " → ".join(f"{percent} %" for percent in limits.steps)


def duration(seconds: float) -> str:
    """In seconds, minutes or hours."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
