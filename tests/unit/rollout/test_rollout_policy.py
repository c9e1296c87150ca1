"""The policy over arbitrary histories: what must never happen, and that it always ends."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from rollout.evidence.replay import Replay
from rollout.evidence.window import Histogram, NoData, Side, Window
from rollout.limits import Limits
from rollout.policy.decide import Action, Decision, decide, required_replicas
from rollout.policy.observation import Observation, Request, View
from rollout.policy.state import Phase, Plan, Stable, State

LIMITS = Limits(step_time_s=60, step_requests=100, deadline_s=1000, ready_s=200, drain_s=20, look_s=10)
PLAN = Plan("r", "v7", "churn", "7", "s3://m/7", Stable("", "s3://m/6", 2, 10), LIMITS, False, "ada", "", 0.0)
BEFORE_TRAFFIC = (Phase.PREPARING, Phase.SHADOW)


def side(requests: int, errors: int = 0, fallbacks: int = 0, slow: int = 0, high: int = 0) -> Side:
    return Side(
        requests,
        errors,
        fallbacks,
        Histogram({0.01: requests - slow, 0.02: requests - slow, 1.0: requests, math.inf: requests}),
        Histogram({0.5: requests - high, 1.0: requests, math.inf: requests}),
    )


def look(state: State, now: float, **changes: object) -> Observation:
    """Everything is well, unless changed."""
    window = Window(state.looked_at, now, canary=side(200, high=60), stable=side(2000, high=600))
    return replace(Observation(now, View(settled=True, stable_replicas=2), window), **changes)


def first() -> State:
    return State.first(PLAN, capacity=4)


def drive(state: State, looks: int, **changes: object) -> tuple[State, list[Decision]]:
    decisions = []
    for number in range(looks):
        decision = decide(state, look(state, 10.0 * (number + 1), **changes), LIMITS)
        decisions.append(decision)
        state = decision.state
    return state, decisions


def at_step(percent: int) -> State:
    """Just arrived at a step, with a good past."""
    state = first()
    now = 0.0
    while not (state.phase is Phase.ANALYSING and state.percent == percent):
        now += 10.0
        state = decide(state, look(state, now), LIMITS).state
    return state


def test_all_well_goes_through_the_steps_in_order_and_is_promoted() -> None:
    state, decisions = drive(first(), 60)
    assert state.phase is Phase.PROMOTED
    assert [d.state.percent for d in decisions if d.action is Action.ADVANCE] == [5, 25, 50, 100]
    assert [d.action for d in decisions if d.action in (Action.PROMOTE, Action.ROLL_BACK)] == [Action.PROMOTE] * 2


def test_a_step_takes_its_time_and_its_samples() -> None:
    state = at_step(5)
    quick = decide(state, look(state, state.since + 50), LIMITS)
    assert quick.action is Action.HOLD and "60 s" in quick.reason
    thin = look(state, state.since + 70, metrics=Window(state.looked_at, state.since + 70, side(99), side(2000)))
    held = decide(state, thin, LIMITS)
    assert held.action is Action.HOLD and "99 of 100 canary requests" in held.reason
    thin = look(state, state.since + 70, metrics=Window(state.looked_at, state.since + 70, side(200), side(99)))
    assert "99 of 100 stable requests" in decide(state, thin, LIMITS).reason
    enough = decide(state, look(state, state.since + 70), LIMITS)
    assert enough.action is Action.ADVANCE and enough.state.percent == 25


@pytest.mark.parametrize(
    ("worse", "word"),
    [
        (side(400, errors=200), "failed requests: canary 50.00% of 400, stable 0.00% of 2000"),
        (side(400, fallbacks=200), "fallback answers"),
        (side(400, slow=200), "requests over 0.02 s"),
        (side(400, high=390), "scores"),
    ],
)
@pytest.mark.parametrize("percent", [5, 25, 50])
def test_harm_rolls_back_from_every_step(worse: Side, word: str, percent: int) -> None:
    state = at_step(percent)
    window = Window(state.looked_at, state.since + 10, worse, side(2000, high=600))
    decision = decide(state, look(state, state.since + 10, metrics=window), LIMITS)
    assert decision.action is Action.ROLL_BACK and decision.state.percent == 0
    assert word in decision.reason
    # At 100 % there is no stable to compare with: back to where there is one, and then the test decides.
    state = at_step(100)
    window = Window(state.looked_at, state.since + 10, worse, side(0))
    back = decide(state, look(state, state.since + 10, metrics=window), LIMITS)
    assert back.action is Action.STEP_BACK and (back.state.phase, back.state.percent) == (Phase.RAMPING, 50)
    assert word.replace("of 2000", "before") in back.reason
    arrived = decide(back.state, look(back.state, state.since + 20, metrics=NoData("x")), LIMITS).state
    window = Window(arrived.looked_at, state.since + 30, worse, side(400, high=120))
    assert decide(arrived, look(arrived, state.since + 30, metrics=window), LIMITS).action is Action.ROLL_BACK


def test_an_incident_at_100_percent_is_no_rollback() -> None:
    state = at_step(100)
    now = state.since + 10
    state = decide(
        state, look(state, now, metrics=Window(now - 10, now, side(400, 40, high=108), side(0))), LIMITS
    ).state
    assert state.percent == 50
    actions = []
    while not state.phase.ended:
        now += 10
        assert now < 5000
        errors = 20 if now < 1500 and state.percent < 100 else 0
        stable = side(200, errors, high=60) if state.percent < 100 else side(0)
        window = Window(state.looked_at, now, side(200, errors, high=60), stable)
        decision = decide(state, look(state, now, metrics=window), LIMITS)
        actions.append(decision.action)
        state = replace(decision.state, deadline=5000)
    assert state.phase is Phase.PROMOTED and Action.ROLL_BACK not in actions


def test_an_alarm_without_a_smaller_step_rolls_back() -> None:
    at_once = replace(LIMITS, steps=(100,))
    state = first()
    for now in (10.0, 20.0, 30.0):
        state = decide(state, look(state, now), at_once).state
    window = Window(state.looked_at, 40.0, side(400, errors=200, high=120), side(0))
    decision = decide(state, look(state, 40.0, metrics=window), at_once)
    assert decision.action is Action.ROLL_BACK and "no smaller step" in decision.reason


def test_visible_harm_that_is_not_shown_yet_holds() -> None:
    state = at_step(5)
    now = state.since + 70
    seen = look(state, now, metrics=Window(state.looked_at, now, side(200, errors=3, high=60), side(2000, high=600)))
    decision = decide(state, seen, LIMITS)
    assert decision.action is Action.HOLD and "failed requests" in decision.reason


@pytest.mark.parametrize("percent", [5, 25, 50, 100])
def test_no_data_holds_until_the_deadline_and_then_rolls_back(percent: int) -> None:
    state = at_step(percent)
    now = state.since
    while now + 10 < state.deadline:
        now += 10
        decision = decide(state, look(state, now, metrics=NoData("Prometheus is down")), LIMITS)
        assert decision.action is Action.HOLD and "Prometheus is down" in decision.reason
        state = decision.state
    decision = decide(state, look(state, state.deadline, metrics=NoData("Prometheus is down")), LIMITS)
    assert decision.action is Action.ROLL_BACK and "deadline" in decision.reason


def test_a_window_is_not_counted_twice() -> None:
    state = at_step(5)
    seen = look(state, state.since + 10)
    once = decide(state, seen, LIMITS).state
    twice = decide(once, replace(seen, now=state.since + 20), LIMITS).state
    assert once.comparison == twice.comparison


def test_a_metric_without_samples_holds() -> None:
    state = at_step(5)
    now = state.since + 70
    mute = replace(side(200, high=60), scores=Histogram())
    seen = look(state, now, metrics=Window(state.looked_at, now, mute, replace(side(2000), scores=Histogram())))
    decision = decide(state, seen, LIMITS)
    assert decision.action is Action.HOLD and decision.reason == "no samples yet of scores"


def test_pause_stops_the_deadline_and_resume_moves_it() -> None:
    state = at_step(5)
    paused = decide(state, look(state, 100, request=Request.PAUSE, requested_by="ada"), LIMITS)
    assert paused.action is Action.HOLD and "paused by ada" in paused.reason
    late = decide(paused.state, look(paused.state, 5000, metrics=NoData("x")), LIMITS)
    assert late.action is Action.HOLD
    resumed = decide(late.state, look(late.state, 5000, request=Request.RESUME, requested_by="ada"), LIMITS)
    assert resumed.state.paused_at is None
    assert resumed.state.deadline == state.deadline + 4900


def test_promote_by_hand_skips_the_metrics_but_not_the_route() -> None:
    state = at_step(5)
    asked = decide(state, look(state, 100, request=Request.PROMOTE, metrics=NoData("down")), LIMITS)
    assert asked.action is Action.ADVANCE and asked.state.percent == 100
    waiting = decide(asked.state, look(asked.state, 110, view=View(settled=False, problem="route")), LIMITS)
    assert waiting.state.phase is Phase.RAMPING
    arrived = decide(waiting.state, look(waiting.state, 120, metrics=NoData("down")), LIMITS).state
    assert decide(arrived, look(arrived, 130, metrics=NoData("down")), LIMITS).action is Action.HOLD
    assert decide(arrived, look(arrived, 140, metrics=NoData("down")), LIMITS).action is Action.PROMOTE


def test_abort_is_too_late_once_promotion_has_begun() -> None:
    state = replace(at_step(100), phase=Phase.PROMOTING)
    decision = decide(state, look(state, 500, request=Request.ABORT), LIMITS)
    assert decision.action is not Action.ROLL_BACK and "too late" in decision.reason


def test_a_version_taken_out_while_it_is_promoted_ends_the_rollout() -> None:
    state = replace(at_step(100), phase=Phase.PROMOTING)
    changed = View(
        settled=False, problem="changed", external_change="the service was changed to s3://m/6 during the promotion"
    )
    decision = decide(state, look(state, 500, view=changed), LIMITS)
    assert decision.action is Action.ROLL_BACK and "during the promotion" in decision.reason


def test_pods_that_do_not_come_up_roll_back_with_the_reason() -> None:
    state = first()
    seen = look(state, 199, view=View(settled=False, problem="ImagePullBackOff"))
    held = decide(state, seen, LIMITS)
    assert held.action is Action.HOLD and held.reason == "ImagePullBackOff"
    decision = decide(state, replace(seen, now=200), LIMITS)
    assert decision.action is Action.ROLL_BACK and "ImagePullBackOff" in decision.reason


def test_canary_gets_pods_for_its_share_of_the_capacity() -> None:
    state = replace(first(), capacity=6)
    assert [required_replicas(replace(state, percent=percent)) for percent in (0, 5, 25, 50, 100)] == [1, 1, 2, 3, 6]


def test_capacity_follows_what_stable_needs_for_its_share() -> None:
    state = at_step(50)
    asked_for = state.capacity + required_replicas(state)
    for replicas, capacity in ((asked_for, state.capacity), (asked_for + 1, 2 * (asked_for + 1))):
        seen = look(state, state.since + 70, view=View(settled=True, stable_replicas=replicas))
        assert decide(state, seen, LIMITS).state.capacity == capacity


SIDES = st.builds(
    lambda n, e, f, s, h: side(n, min(e, n), min(f, n), min(s, n), min(h, n)),
    *[st.integers(0, 400) for _ in range(5)],
)
LOOKS = st.builds(
    dict,
    pause=st.floats(0, 120),
    metrics=st.one_of(st.none(), st.tuples(SIDES, SIDES)),
    settled=st.sampled_from([True, True, True, False]),
    request=st.sampled_from([None] * 12 + list(Request)),
    external_change=st.sampled_from([""] * 20 + ["stable was changed"]),
    replay=st.sampled_from([None, Replay(True, "ok"), Replay(False, "bad")]),
    replicas=st.integers(0, 12),
)


@settings(max_examples=examples(150))
@given(history=st.lists(LOOKS, max_size=60), shadow=st.booleans())
def test_any_history(history: list[dict], shadow: bool) -> None:
    state, now = first(), 0.0
    for item in history:
        now += item["pause"]
        metrics = item["metrics"]
        window = NoData("down") if metrics is None else Window(state.looked_at, now, *metrics)
        seen = Observation(
            now,
            View(item["settled"], "" if item["settled"] else "waiting", item["external_change"], item["replicas"]),
            window,
            item["request"],
            "ada",
            item["replay"],
        )
        before, decision = state, decide(state, seen, LIMITS, shadow=shadow)
        state = decision.state
        forced = state.forced
        if decision.action is Action.ADVANCE:
            assert (
                seen.view.settled
                and not seen.view.external_change
                and before.phase in (*BEFORE_TRAFFIC, Phase.ANALYSING)
            )
            if before.phase is Phase.ANALYSING and not forced:
                assert metrics is not None, "never advances without data"
                assert before.comparison.requests_c + metrics[0].requests >= LIMITS.step_requests
                assert now - before.since >= LIMITS.step_time_s
                assert state.step == before.step + 1
            if shadow and before.phase is not Phase.ANALYSING and not forced:
                assert seen.replay == Replay(True, "ok") and before.phase is Phase.SHADOW
        if decision.action is Action.PROMOTE and before.phase is not Phase.PROMOTING:
            assert before.percent == 100 and seen.view.settled and (metrics is not None or forced)
        if decision.action is Action.ROLL_BACK:
            assert state.percent == 0
        if decision.action is Action.STEP_BACK:
            assert before.percent == 100 and state.step == before.step - 1 and metrics is not None
        if state.percent > before.percent:
            assert decision.action is Action.ADVANCE
        if before.phase is Phase.PROMOTING and seen.view.external_change:
            assert decision.action is Action.ROLL_BACK and state.phase is Phase.DRAINING
        elif before.phase in (Phase.DRAINING, Phase.REMOVING, Phase.PROMOTING):
            assert state.phase in (before.phase, Phase.REMOVING, Phase.ROLLED_BACK, Phase.PROMOTED)
        if before.phase.ended:
            assert state == before
    # Whatever it was: left alone without data and without anything working, it ends; only promotion waits for KServe.
    if state.paused_at is not None:
        state = decide(state, look(state, now, metrics=NoData("down"), request=Request.RESUME), LIMITS).state
    broken = View(settled=state.phase is Phase.PROMOTING, problem="nothing works")
    for _ in range(12):
        now += 120
        state = decide(state, Observation(now, broken, NoData("down")), LIMITS, shadow=shadow).state
        broken = View(settled=state.phase is Phase.PROMOTING, problem="nothing works")
    assert state.phase.ended, state
