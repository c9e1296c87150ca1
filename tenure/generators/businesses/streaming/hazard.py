"""The hazard of cancelling: hidden states of a subscriber, and what depends on the date and the person alone."""

from __future__ import annotations

import numpy as np

from tenure.generators.businesses.streaming.people import People
from tenure.generators.businesses.streaming.setting import (
    BILLING_DAYS,
    CHANNELS,
    DAYS,
    OFFERS,
    PLANS,
    PRICE_RISE,
    SEASON_PEAK,
)
from tenure.generators.chain import Array, Chain, Component, constant

ENGAGEMENT = ("engaged", "casual", "fading")
ENGAGEMENT_LOG_HAZARD = np.array([-1.5, 0.0, 3.0])
FAILED = 1
"""State of billing: a payment has failed and is not made good."""
FAILED_LOG_HAZARD = 2.6
FAILURES = np.array([0.045, 0.02, 0.03, 0.14])
"""Share of payments that fail for the first time, by method."""
RECOVERY = 0.06
"""A day's chance that a failed payment is made good."""
ANNOYED = 1
"""State of support: something is wrong and not solved."""
ANNOYED_LOG_HAZARD = 2.2
PLAN_SHARES = np.array([0.3, 0.5, 0.2])
PLAN_LOG_HAZARD = np.array([0.1, 0.0, -0.25])
CHANNEL_LOG_HAZARD = np.array([0.0, 0.1, 0.35, -0.3])

BASE_LOG_HAZARD = -6.34
FIRST_WEEKS_LOG_HAZARD = 0.6
FIRST_WEEKS_DAYS = 40.0
SEASON_LOG_HAZARD = 0.25
PRICE_RISE_LOG_HAZARD = 0.6
PRICE_RISE_HALF_LIFE = 30.0
DISCOUNT_SENSITIVITY = 1.6
"""Of those who came by a discount: the price rise's effect on the log hazard, in multiples of the others'."""


def hazard_of(people: People) -> Chain:
    """The chain whose event is that a subscriber cancels."""
    rise = DAYS.number_of(PRICE_RISE)
    age = people.age
    log_rate = (
        BASE_LOG_HAZARD
        + CHANNEL_LOG_HAZARD[people.channel][:, None]
        + FIRST_WEEKS_LOG_HAZARD * np.exp(-np.maximum(age, 0) / FIRST_WEEKS_DAYS)
        + SEASON_LOG_HAZARD * DAYS.season(SEASON_PEAK)
        + _price_rise(people)[:, None] * DAYS.fading(rise, PRICE_RISE_HALF_LIFE)
    )
    season = DAYS.season(SEASON_PEAK)

    def engagement(day: int) -> Array:
        summer = 1 + 0.3 * season[day]
        cools, fades = 0.006 * summer, 0.012 * summer
        warms, returns = 0.006 / summer, 0.003 / summer
        return np.array([[1 - cools, cools, 0], [warms, 1 - warms - fades, fades], [0, returns, 1 - returns]])

    failures = FAILURES[people.method]

    def billing(day: int) -> Array:
        due = (age[:, day] > 0) & (age[:, day] % BILLING_DAYS == 0)
        fails = np.where(due, failures, 0.0)
        failed = np.broadcast_to([RECOVERY, 1 - RECOVERY], (fails.size, 2))
        return np.stack([np.stack([1 - fails, fails], axis=1), failed], axis=1)

    def plan(day: int) -> Array:
        up, down = 0.0006, 0.0006 + 0.004 * DAYS.fading(rise, PRICE_RISE_HALF_LIFE)[day]
        return np.array([[1 - up, up, 0], [down, 1 - up - down, up], [0, down, 1 - down]])

    friendly = np.where(people.channel == CHANNELS.index("friend"), 0.1, 0.0)
    start = np.stack([0.5 + friendly, np.full_like(friendly, 0.4), 0.1 - friendly], axis=1)
    return Chain(
        {
            "engagement": Component(start, engagement, ENGAGEMENT_LOG_HAZARD),
            "billing": Component(np.array([1.0, 0.0]), billing, np.array([0.0, FAILED_LOG_HAZARD])),
            "support": Component(
                np.array([1.0, 0.0]), constant([[0.998, 0.002], [0.05, 0.95]]), np.array([0.0, ANNOYED_LOG_HAZARD])
            ),
            "plan": Component(PLAN_SHARES, plan, PLAN_LOG_HAZARD),
            "offer": OFFERS.component(),
        },
        log_rate,
    )


def _price_rise(people: People) -> Array:
    """The price rise's effect on the log hazard, on its day, of those who were there before; (customers,)."""
    sensitivity = np.where(people.channel == CHANNELS.index("discount"), DISCOUNT_SENSITIVITY, 1.0)
    return PRICE_RISE_LOG_HAZARD * sensitivity * (people.entered < DAYS.number_of(PRICE_RISE))


EFFECTS = {
    "log_hazard": {
        "engagement": dict(zip(ENGAGEMENT, ENGAGEMENT_LOG_HAZARD.tolist(), strict=True)),
        "failed payment": FAILED_LOG_HAZARD,
        "annoyed by support": ANNOYED_LOG_HAZARD,
        "plan": dict(zip(PLANS, PLAN_LOG_HAZARD.tolist(), strict=True)),
        "channel": dict(zip(CHANNELS, CHANNEL_LOG_HAZARD.tolist(), strict=True)),
        "first weeks": FIRST_WEEKS_LOG_HAZARD,
        "season": SEASON_LOG_HAZARD,
    },
    "price_rise": {
        "day": PRICE_RISE.isoformat(),
        "log_hazard": PRICE_RISE_LOG_HAZARD,
        "half_life_days": PRICE_RISE_HALF_LIFE,
        "times_for_discount": DISCOUNT_SENSITIVITY,
    },
    "offer": OFFERS.effects(DAYS),
}
"""For ``truth.json``."""
