"""Hidden Markov chains: exact probabilities, held against sums over all paths."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tenure.generators.chain import ABSENT, Chain, Component, constant

DAYS, CUSTOMERS = 4, 3
MOOD = np.array([[0.9, 0.1], [0.3, 0.7]])
PLAN = np.array([[0.5, 0.4, 0.1], [0.2, 0.7, 0.1], [0.0, 0.3, 0.7]])
MOOD_RATE, PLAN_RATE = np.array([-2.0, 0.5]), np.array([0.3, 0.0, -0.8])
CALENDAR = np.linspace(-1.0, 0.4, CUSTOMERS * DAYS).reshape(CUSTOMERS, DAYS)


def chain() -> Chain:
    def plan(day: int) -> np.ndarray:
        # Of every customer and day another one.
        mixed = [(1 - w) * PLAN + w * np.eye(3) for w in (0.1 * day, 0.2, 0.5)]
        return np.stack(mixed)

    return Chain(
        {
            "mood": Component(np.array([0.5, 0.5]), constant(MOOD), MOOD_RATE),
            "plan": Component(np.array([0.2, 0.3, 0.5]), plan, PLAN_RATE),
        },
        CALENDAR,
    )


def paths(customer: int, mood: int, plan: int, first: int, last: int):
    """Every path of states: its probability, and the event's probability on each day."""
    plans = chain().components["plan"].transition
    for moods in product(range(2), repeat=last - first):
        for tariffs in product(range(3), repeat=last - first):
            odds, before, events = 1.0, (mood, plan), []
            for day, now in zip(range(first, last), zip(moods, tariffs, strict=True), strict=True):
                odds *= MOOD[before[0], now[0]] * plans(day)[customer][before[1], now[1]]
                rate = np.exp(CALENDAR[customer, day] + MOOD_RATE[now[0]] + PLAN_RATE[now[1]])
                events.append(1 - np.exp(-rate))
                before = now
            yield odds, events


@pytest.mark.parametrize(("first", "last"), [(1, 4), (2, 3), (3, 3)])
def test_the_probability_of_no_event_is_a_sum_over_paths(first: int, last: int) -> None:
    mood, plan = np.array([0, 1, 1], dtype=np.int8), np.array([2, 0, 1], dtype=np.int8)
    found = chain().no_event({"mood": mood, "plan": plan}, first, last)
    for customer in range(CUSTOMERS):
        summed = sum(
            odds * np.prod([1 - event for event in events])
            for odds, events in paths(customer, mood[customer], plan[customer], first, last)
        )
        assert found[customer] == pytest.approx(summed)


def test_the_expected_sum_is_a_sum_over_paths() -> None:
    mood, plan = np.array([0, 1, 1], dtype=np.int8), np.array([2, 0, 1], dtype=np.int8)

    def worth(day: int) -> np.ndarray:
        return np.array([1.0, 2.0, 10.0]) * day

    found = chain().expected({"mood": mood, "plan": plan}, 1, 4, worth)
    for customer in range(CUSTOMERS):
        summed = sum(
            odds * sum(event * worth(day)[customer] for day, event in zip(range(1, 4), events, strict=True))
            for odds, events in paths(customer, mood[customer], plan[customer], 1, 4)
        )
        assert found[customer] == pytest.approx(summed)


def test_customers_are_absent_before_they_come_and_after_they_leave() -> None:
    many = Chain(
        {"mood": Component(np.array([1.0, 0.0]), constant(MOOD), MOOD_RATE)}, np.full((2_000, 30), np.log(0.1))
    )
    entered = np.arange(2_000) % 5
    walk = many.walk(entered, np.random.default_rng(1), leave=True)
    left, mood = walk.first_event(), walk.states["mood"]
    days = np.arange(30)
    present = (days >= entered[:, None]) & (days <= left[:, None])
    assert ((mood != ABSENT) == present).all()
    assert walk.events.sum() == (left < 30).sum() > 1_000
    assert (mood[np.arange(2_000), entered] == 0).all()
    stays = many.walk(entered, np.random.default_rng(1), leave=False)
    assert ((stays.states["mood"] != ABSENT) == (days >= entered[:, None])).all()
    assert stays.events.sum() > walk.events.sum()
