"""The policy: a pure function from (state, observation, limits) to the next action and state.

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

"Hold" is the action of a look that leaves the phase as it is. Missing samples, NaN and a Prometheus that is down are
``NoData``: they hold, and at the deadline they roll back. A pause holds too, and stops the deadline's clock; harm still
rolls back. At 100 % stable has no traffic, so the test has nothing to compare; failures may be the canary's, or an
incident that would affect stable as well. An alarm leads back to the step before, where both can be compared, rather
than to a rollback. Promotion cannot be undone but by a new rollout: stable's pods may be gone. If somebody else removes
the version from the service meanwhile, the rollout ends as rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from rollout.evidence.comparison import BASELINE_REQUESTS
from rollout.evidence.window import NoData
from rollout.limits import Limits
from rollout.policy.observation import Observation, Request
from rollout.policy.state import Phase, State


class Action(StrEnum):
    HOLD = "hold"
    ADVANCE = "advance"
    STEP_BACK = "step back"
    ROLL_BACK = "roll back"
    PROMOTE = "promote"


@dataclass(frozen=True)
class Decision:
    """The action, its reason, and the state that follows. ``state`` alone determines how the cluster should be."""

    action: Action
    reason: str
    state: State


def decide(state: State, seen: Observation, limits: Limits, *, shadow: bool = False) -> Decision:
    """The decision at one look.

    Args:
        state: the rollout's present state.
        seen: the present observation.
        limits: of the rollout.
        shadow: whether a replay must pass before the canary gets any traffic.
    """
    if state.phase.ended:
        return Decision(Action.HOLD, state.reason, state)
    if state.phase is Phase.PROMOTING:
        return _promoting(state, seen)
    if state.phase in (Phase.DRAINING, Phase.REMOVING):
        return _rolling_back(state, seen, limits)

    state, taken = _take_request(state, seen)
    state = _compare(state, seen, limits)
    reason = _rollback_reason(state, seen, limits)
    if reason:
        return _roll_back(state, seen, reason)
    decision = _step_back(state, seen, limits) or _next(state, seen, limits, shadow)
    if taken and decision.action is Action.HOLD:
        return Decision(Action.HOLD, f"{taken}; {decision.reason}", decision.state)
    return decision


def required_replicas(state: State) -> int:
    """Number of pods that the canary needs for its share, at least one."""
    percent = max(state.percent, 1)
    return max(1, -(-state.capacity * percent // 100))


def _take_request(state: State, seen: Observation) -> tuple[State, str]:
    """The state with the operator's request, and that in words; "" without a request."""
    if seen.request is Request.PAUSE and state.paused_at is None:
        return replace(state, paused_at=seen.now), f"paused by {seen.requested_by}"
    if seen.request in (Request.RESUME, Request.PROMOTE) and state.paused_at is not None:
        paused_s = max(0.0, seen.now - state.paused_at)
        state = replace(state, paused_at=None, deadline=state.deadline + paused_s)
        if seen.request is Request.RESUME:
            return state, f"resumed by {seen.requested_by}"
    if seen.request is Request.PROMOTE:
        return replace(state, forced=True), f"promotion requested by {seen.requested_by}"
    return state, ""


def _compare(state: State, seen: Observation, limits: Limits) -> State:
    """The state with one more window compared, unless it overlaps one that has been evaluated."""
    window = seen.metrics
    if isinstance(window, NoData) or window.start < state.looked_at:
        return state
    if state.phase in (Phase.PREPARING, Phase.SHADOW):
        comparison = state.comparison.with_baseline(window.stable, limits)
    else:
        comparison = state.comparison.after(window, limits)
    return replace(state, comparison=comparison, looked_at=window.end)


def _rollback_reason(state: State, seen: Observation, limits: Limits) -> str:
    """Why the rollout must be rolled back, in words; "" if it need not."""
    e_value = state.comparison.e_value()
    harm = not state.forced and e_value >= 1.0 / limits.false_rollback
    late = state.paused_at is None and seen.now >= state.deadline
    reasons = (
        (seen.request is Request.ABORT, f"aborted by {seen.requested_by}"),
        (bool(seen.view.external_change), seen.view.external_change),
        (harm, f"canary is worse: {state.comparison.worst()} (e-value {e_value:.3g})"),
        (late, f"deadline reached while {state.phase}: {state.reason or 'nothing observed'}"),
        (_stuck(state, seen, limits), f"cluster not ready for {limits.ready_s:g} s: {seen.view.problem}"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _stuck(state: State, seen: Observation, limits: Limits) -> bool:
    """Whether pods or route have not been as required for too long."""
    if seen.view.settled or state.paused_at is not None:
        return False
    since = state.since if state.phase is not Phase.ANALYSING else state.unready_since
    return since is not None and seen.now - since >= limits.ready_s


def _step_back(state: State, seen: Observation, limits: Limits) -> Decision | None:
    """Back to the step before on an alarm at 100 %; rolled back if there is no step before; None without an alarm."""
    alarm = "" if state.forced or state.percent < 100 else state.comparison.alarm(limits)
    if not alarm:
        return None
    if state.step <= 0:
        return _roll_back(state, seen, f"alarm at 100 %, and no smaller step to compare at: {alarm}")
    state = replace(state, step=state.step - 1, percent=limits.steps[state.step - 1])
    state = replace(state, comparison=state.comparison.new_step())
    return _enter(state, seen, Phase.RAMPING, Action.STEP_BACK, f"to {state.percent} %: alarm at 100 %: {alarm}")


def _next(state: State, seen: Observation, limits: Limits, shadow: bool) -> Decision:
    """Advance or promote if every condition holds, else hold."""
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
    """The canary's pods are ready, and it has no traffic yet.

    The first step begins once a replay has passed and stable's p99 is known, with which the canary's first requests are
    compared.
    """
    if state.comparison.slow_s is None:
        missing = seen.metrics.reason if isinstance(seen.metrics, NoData) else f"under {BASELINE_REQUESTS} requests yet"
        return _hold(state, f"waiting for stable's latency before the canary gets traffic: {missing}")
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
    pending = _pending(state, seen, limits)
    if pending:
        return _hold(state, pending)
    reason = f"no harm in {state.comparison.requests_c} requests at {state.percent} %"
    if state.percent == 100:
        return _promote(state, seen, reason)
    return _advance(state, seen, limits, state.step + 1, reason)


def _pending(state: State, seen: Observation, limits: Limits) -> str:
    """What an advance waits for, in words; "" if nothing."""
    if isinstance(seen.metrics, NoData):
        return f"no data: {seen.metrics.reason}"
    if seen.now - state.looked_at > limits.stale_s:
        return f"no data: the last window ended {seen.now - state.looked_at:.0f} s ago"
    if seen.now - state.since < limits.step_time_s:
        return f"{seen.now - state.since:.0f} of {limits.step_time_s:g} s at {state.percent} %"
    compared = state.comparison
    if compared.requests_c < limits.step_requests:
        return f"{compared.requests_c} of {limits.step_requests} canary requests at {state.percent} %"
    if state.percent < 100 and compared.requests_s < limits.step_requests:
        return f"{compared.requests_s} of {limits.step_requests} stable requests at {state.percent} %"
    return compared.missing() or (compared.visible_harm(limits) if state.percent < 100 else "")


def _forced(state: State, seen: Observation, limits: Limits) -> Decision:
    """To 100 % at once; hold until stable's requests in flight have finished; then promote."""
    if state.percent < 100:
        return _advance(state, seen, limits, len(limits.steps) - 1, "promotion was requested")
    if seen.now - state.since < limits.drain_s:
        return _hold(state, "waiting for stable's requests in flight")
    return _promote(state, seen, "promotion was requested")


def _hold(state: State, reason: str) -> Decision:
    return Decision(Action.HOLD, reason, replace(state, reason=reason))


def _advance(state: State, seen: Observation, limits: Limits, step: int, reason: str) -> Decision:
    # More of stable's pods than this rollout requires were started for its load: all of the traffic needs as many more
    # pods than stable's share does. The number that this rollout requires does not reflect load.
    replicas = seen.view.stable_replicas
    grown = replicas > state.capacity + required_replicas(state) and state.percent < 100
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
    if seen.view.external_change:
        return _roll_back(state, seen, seen.view.external_change)
    if seen.request is Request.ABORT:
        reason = "too late to abort: promotion has begun; start a rollout of the former version"
        return Decision(Action.HOLD, reason, state)
    if not seen.view.settled:
        # Stable's pods may be gone, so there is no time limit; history and Events report the wait.
        return Decision(Action.HOLD, seen.view.problem or "promoting: waiting for pods and route", state)
    return Decision(Action.PROMOTE, state.reason, replace(state, phase=Phase.PROMOTED, since=seen.now))


def _rolling_back(state: State, seen: Observation, limits: Limits) -> Decision:
    """Out of the route, then out of the spec; the reason of the rollback remains the state's reason."""
    waited = seen.now - state.since
    late = waited >= limits.ready_s
    following = Phase.REMOVING if state.phase is Phase.DRAINING else Phase.ROLLED_BACK
    drained = following is Phase.ROLLED_BACK or waited >= limits.drain_s
    if (seen.view.settled and drained) or late:
        return Decision(Action.ROLL_BACK, state.reason, replace(state, phase=following, since=seen.now))
    return Decision(Action.HOLD, seen.view.problem or f"{state.phase}: waiting for the route", state)
