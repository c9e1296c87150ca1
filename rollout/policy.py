"""The policy: a pure function from (state, observation, limits) to what happens next.

      start
        │
    preparing ──────────────► shadow          canary at 0 %: pods start; with --shadow, logged requests are replayed
        │ pods ready             │ replay ok
        ▼                        ▼
    ramping ◄────────────────────┘            spec says 5 (25, 50, 100) %: pods and route follow
        │ settled   ▲
        ▼           │ advance: time, samples, every metric compared, no harm to be seen
    analysing ──────┘                         canary is compared with stable
        │   │ step back: an alarm at 100 %, where there is nothing to compare with: ramping, to the step before
        │ promote: the same at 100 %
        ▼
    promoting ──────────────► PROMOTED        predictor := canary's spec, canary entry gone, alias moved

    preparing, shadow, ramping, analysing
        │ roll back: harm shown, deadline, pods or route never ready, replay bad, abort, somebody else's change
        ▼
    draining ──► removing ──► ROLLED BACK     canary at 0 %, route follows, requests drain; then its entry goes

"Hold" is every look that leaves the phase as it is. No data, NaN and a Prometheus that is down are ``NoData``: they
hold, and at the deadline they roll back. A pause holds too, and stops the deadline's clock; harm still rolls back.
At 100 % stable has no traffic, so the test says nothing there; failures may be the canary's, or an incident that would
meet stable as well. An alarm leads back to the step before, where both can be compared, rather than to a rollback.
Once promoting has begun there is no way back but a new rollout: stable's pods may be gone. If somebody else takes the
version out of the service meanwhile, the rollout ends as rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from rollout.limits import Limits
from rollout.observation import NoData, Observation, Request
from rollout.state import Phase, State


class Action(StrEnum):
    HOLD = "hold"
    ADVANCE = "advance"
    STEP_BACK = "step back"
    ROLL_BACK = "roll back"
    PROMOTE = "promote"


@dataclass(frozen=True)
class Decision:
    """What to do, why, and the state that follows. ``state`` alone says what the cluster has to look like."""

    action: Action
    reason: str
    state: State


def decide(state: State, seen: Observation, limits: Limits, *, shadow: bool = False) -> Decision:
    """One look.

    Args:
        state: where the rollout stands.
        seen: what there is to see now.
        limits: what it has to keep to.
        shadow: a replay must be passed before any traffic.
    """
    if state.phase.ended:
        return Decision(Action.HOLD, state.reason, state)
    if state.phase is Phase.PROMOTING:
        return _promoting(state, seen)
    if state.phase in (Phase.DRAINING, Phase.REMOVING):
        return _leaving(state, seen, limits)

    state, answered = _answer(state, seen)
    state = _learn(state, seen, limits)
    against = _against(state, seen, limits)
    if against:
        return _roll_back(state, seen, against)
    decision = _alarmed(state, seen, limits) or _next(state, seen, limits, shadow)
    if answered and decision.action is Action.HOLD:
        return Decision(Action.HOLD, f"{answered}; {decision.reason}", decision.state)
    return decision


def wanted_replicas(state: State) -> int:
    """Pods that the canary needs for its share, at least one."""
    percent = max(state.percent, 1)
    return max(1, -(-state.capacity * percent // 100))


def _answer(state: State, seen: Observation) -> tuple[State, str]:
    """The operator's request taken in, and the words for it."""
    if seen.request is Request.PAUSE and state.paused_at is None:
        return replace(state, paused_at=seen.now), f"paused by {seen.asked_by}"
    if seen.request in (Request.RESUME, Request.PROMOTE) and state.paused_at is not None:
        rested = max(0.0, seen.now - state.paused_at)
        state = replace(state, paused_at=None, deadline=state.deadline + rested)
        if seen.request is Request.RESUME:
            return state, f"resumed by {seen.asked_by}"
    if seen.request is Request.PROMOTE:
        return replace(state, forced=True), f"promotion asked for by {seen.asked_by}"
    return state, ""


def _learn(state: State, seen: Observation, limits: Limits) -> State:
    """Evidence grows with every window; windows that overlap what has been judged are not counted twice."""
    window = seen.metrics
    if isinstance(window, NoData) or window.start < state.looked_at:
        return state
    if state.phase in (Phase.PREPARING, Phase.SHADOW):
        comparison = state.comparison.learned(window.stable, limits)
    else:
        comparison = state.comparison.after(window, limits)
    return replace(state, comparison=comparison, looked_at=window.end)


def _against(state: State, seen: Observation, limits: Limits) -> str:
    """What makes going on wrong, in words; "" if nothing does."""
    e_value = state.comparison.e_value()
    harm = not state.forced and e_value >= 1.0 / limits.false_rollback
    late = state.paused_at is None and seen.now >= state.deadline
    reasons = (
        (seen.request is Request.ABORT, f"aborted by {seen.asked_by}"),
        (bool(seen.view.foreign), seen.view.foreign),
        (harm, f"canary is worse: {state.comparison.worst()} (e-value {e_value:.3g})"),
        (late, f"deadline reached while {state.phase}: {state.reason or 'nothing seen'}"),
        (_stuck(state, seen, limits), f"canary not ready for {limits.ready_s:g} s: {seen.view.problem}"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _stuck(state: State, seen: Observation, limits: Limits) -> bool:
    """Pods or route have not been as wanted for too long."""
    if seen.view.settled or state.paused_at is not None:
        return False
    since = state.since if state.phase is not Phase.ANALYSING else state.unready_since
    return since is not None and seen.now - since >= limits.ready_s


def _alarmed(state: State, seen: Observation, limits: Limits) -> Decision | None:
    """Back to the step before if the canary, alone with all the traffic, looks bad; out if there is no step before."""
    alarm = "" if state.forced or state.percent < 100 else state.comparison.alarm(limits)
    if not alarm:
        return None
    if state.step <= 0:
        return _roll_back(state, seen, f"alarm at 100 %, and no smaller step to compare at: {alarm}")
    state = replace(state, step=state.step - 1, percent=limits.steps[state.step - 1])
    state = replace(state, comparison=state.comparison.new_step())
    return _enter(state, seen, Phase.RAMPING, Action.STEP_BACK, f"to {state.percent} %: alarm at 100 %: {alarm}")


def _next(state: State, seen: Observation, limits: Limits, shadow: bool) -> Decision:
    """Advance or promote if all that is asked for is there, else hold."""
    if state.phase is Phase.ANALYSING:
        unready = None if seen.view.settled else (state.unready_since if state.unready_since is not None else seen.now)
        state = replace(state, unready_since=unready)
    if not seen.view.settled:
        return _hold(state, seen.view.problem or "waiting for pods and route")
    if state.phase is Phase.RAMPING:
        arrived = replace(state, phase=Phase.ANALYSING, since=seen.now, comparison=state.comparison.new_step())
        return _hold(arrived, f"route carries {state.percent} %")
    if state.paused_at is not None:
        return _hold(state, "paused")
    if state.forced:
        return _forced(state, seen, limits)
    if state.phase is Phase.ANALYSING:
        return _analysing(state, seen, limits)
    return _without_traffic(state, seen, limits, shadow)


def _without_traffic(state: State, seen: Observation, limits: Limits, shadow: bool) -> Decision:
    """The canary's pods are ready, and it has no traffic yet."""
    if not shadow:
        return _advance(state, seen, limits, 0, "canary is ready")
    if state.phase is Phase.PREPARING:
        return _hold(replace(state, phase=Phase.SHADOW, since=seen.now), "canary is ready; waiting for the replay")
    if seen.replay is None:
        return _hold(state, "waiting for the replay")
    if not seen.replay.ok:
        return _roll_back(state, seen, f"replay: {seen.replay.summary}")
    return _advance(state, seen, limits, 0, f"replay: {seen.replay.summary}")


def _analysing(state: State, seen: Observation, limits: Limits) -> Decision:
    lacking = _lacking(state, seen, limits)
    if lacking:
        return _hold(state, lacking)
    reason = f"no harm in {state.comparison.requests_c} requests at {state.percent} %"
    if state.percent == 100:
        return _promote(state, seen, reason)
    return _advance(state, seen, limits, state.step + 1, reason)


def _lacking(state: State, seen: Observation, limits: Limits) -> str:
    """What an advance still waits for, in words; "" if nothing."""
    if isinstance(seen.metrics, NoData):
        return f"no data: {seen.metrics.reason}"
    if seen.now - state.looked_at > limits.stale_s:
        return f"no data: last seen {seen.now - state.looked_at:.0f} s ago"
    if seen.now - state.since < limits.step_time_s:
        return f"{seen.now - state.since:.0f} of {limits.step_time_s:g} s at {state.percent} %"
    compared = state.comparison
    if compared.requests_c < limits.step_requests:
        return f"{compared.requests_c} of {limits.step_requests} canary requests at {state.percent} %"
    if state.percent < 100 and compared.requests_s < limits.step_requests:
        return f"{compared.requests_s} of {limits.step_requests} stable requests at {state.percent} %"
    return compared.missing() or (compared.visible_harm(limits) if state.percent < 100 else "")


def _forced(state: State, seen: Observation, limits: Limits) -> Decision:
    """On to 100 % at once; there, long enough for requests on their way to stable; then promote."""
    if state.percent < 100:
        return _advance(state, seen, limits, len(limits.steps) - 1, "promotion was asked for")
    if seen.now - state.since < limits.drain_s:
        return _hold(state, "requests on their way to stable drain")
    return _promote(state, seen, "promotion was asked for")


def _hold(state: State, reason: str) -> Decision:
    return Decision(Action.HOLD, reason, replace(state, reason=reason))


def _advance(state: State, seen: Observation, limits: Limits, step: int, reason: str) -> Decision:
    # More of stable's pods than this rollout asked for are there because their load is: what all of the traffic needs
    # is that much more than what stable's share needs. The pods asked for say nothing about load.
    replicas = seen.view.stable_replicas
    grown = replicas > state.capacity + wanted_replicas(state) and state.percent < 100
    capacity = max(state.capacity, -(-replicas * 100 // (100 - state.percent))) if grown else state.capacity
    state = replace(state, step=step, percent=limits.steps[step], capacity=capacity)
    return _enter(state, seen, Phase.RAMPING, Action.ADVANCE, f"to {state.percent} %: {reason}")


def _promote(state: State, seen: Observation, reason: str) -> Decision:
    return _enter(state, seen, Phase.PROMOTING, Action.PROMOTE, reason)


def _roll_back(state: State, seen: Observation, reason: str) -> Decision:
    return _enter(replace(state, percent=0), seen, Phase.DRAINING, Action.ROLL_BACK, reason)


def _enter(state: State, seen: Observation, phase: Phase, action: Action, reason: str) -> Decision:
    state = replace(state, phase=phase, since=seen.now, reason=reason, unready_since=None)
    return Decision(action, reason, state)


def _promoting(state: State, seen: Observation) -> Decision:
    if seen.view.foreign:
        return _roll_back(state, seen, seen.view.foreign)
    if seen.request is Request.ABORT:
        reason = "too late to abort: promotion has begun; start a rollout of the former version"
        return Decision(Action.HOLD, reason, state)
    if not seen.view.settled:
        # Nothing of stable is left to go back to, so there is no time limit; the history and Events tell.
        return Decision(Action.HOLD, seen.view.problem or "promoting: waiting for pods and route", state)
    return Decision(Action.PROMOTE, state.reason, replace(state, phase=Phase.PROMOTED, since=seen.now))


def _leaving(state: State, seen: Observation, limits: Limits) -> Decision:
    """Out of the route, then out of the spec; the reason of the rollback stays the state's reason."""
    waited = seen.now - state.since
    late = waited >= limits.ready_s
    following = Phase.REMOVING if state.phase is Phase.DRAINING else Phase.ROLLED_BACK
    drained = following is Phase.ROLLED_BACK or waited >= limits.drain_s
    if (seen.view.settled and drained) or late:
        return Decision(Action.ROLL_BACK, state.reason, replace(state, phase=following, since=seen.now))
    return Decision(Action.HOLD, seen.view.problem or f"{state.phase}: waiting for the route", state)
