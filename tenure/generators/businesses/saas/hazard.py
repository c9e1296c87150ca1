"""The hazard of cancelling: hidden states of an account, and what depends on the date and the account alone."""

from __future__ import annotations

import numpy as np

from tenure.generators.businesses.saas.accounts import Accounts
from tenure.generators.businesses.saas.setting import CHANNELS, DAYS, OFFERS, PRICE_RISE, SEASON_PEAK, SIZES
from tenure.generators.chain import Array, Chain, Component, constant

ADOPTION = ("broad", "partial", "shallow", "dormant")
ADOPTION_LOG_HAZARD = np.array([-1.4, -0.2, 1.2, 2.6])
GONE = 1
"""State of the sponsor: who wanted the product has left the company."""
GONE_LOG_HAZARD = 1.7
TROUBLED = 1
"""State of the service: incidents go on."""
TROUBLED_LOG_HAZARD = 1.4
SHORT = 1
"""State of the money: invoices are paid late, or not."""
SHORT_LOG_HAZARD = 1.6
SIZE_LOG_HAZARD = np.array([0.35, 0.0, -0.3, -0.6])
CHANNEL_LOG_HAZARD = np.array([0.2, -0.1, 0.0])

BASE_LOG_HAZARD = -7.75
ONBOARDING_LOG_HAZARD = 0.7
ONBOARDING_DAYS = 60.0
SEASON_LOG_HAZARD = 0.15
PRICE_RISE_LOG_HAZARD = 0.7
PRICE_RISE_HALF_LIFE = 60.0
SMALL_SENSITIVITY = 1.5
"""Of accounts of at most ten employees: the price rise's effect on the log hazard, in multiples of the others'."""


def hazard_of(accounts: Accounts) -> Chain:
    """The chain whose event is that an account cancels."""
    log_rate = (
        BASE_LOG_HAZARD
        + (SIZE_LOG_HAZARD[accounts.employees] + CHANNEL_LOG_HAZARD[accounts.channel])[:, None]
        + ONBOARDING_LOG_HAZARD * np.exp(-np.maximum(accounts.age, 0) / ONBOARDING_DAYS)
        + SEASON_LOG_HAZARD * DAYS.season(SEASON_PEAK)
        + _price_rise(accounts)[:, None] * DAYS.fading(DAYS.number_of(PRICE_RISE), PRICE_RISE_HALF_LIFE)
    )
    calm = np.array([1.0, 0.0])
    return Chain(
        {
            "adoption": Component(
                np.array([0.15, 0.5, 0.3, 0.05]),
                constant(
                    [
                        [0.9960, 0.0040, 0.0000, 0.0000],
                        [0.0040, 0.9915, 0.0045, 0.0000],
                        [0.0000, 0.0060, 0.9890, 0.0050],
                        [0.0000, 0.0000, 0.0040, 0.9960],
                    ]
                ),
                ADOPTION_LOG_HAZARD,
            ),
            "sponsor": Component(calm, constant([[0.9988, 0.0012], [0.008, 0.992]]), _two(GONE_LOG_HAZARD)),
            "service": Component(calm, constant([[0.998, 0.002], [0.03, 0.97]]), _two(TROUBLED_LOG_HAZARD)),
            "money": Component(calm, constant([[0.9992, 0.0008], [0.01, 0.99]]), _two(SHORT_LOG_HAZARD)),
            "offer": OFFERS.component(),
        },
        log_rate,
    )


def _two(log_hazard: float) -> Array:
    return np.array([0.0, log_hazard])


def _price_rise(accounts: Accounts) -> Array:
    """The price rise's effect on the log hazard, on its day, of those who were there before; (customers,)."""
    sensitivity = np.where(accounts.employees == 0, SMALL_SENSITIVITY, 1.0)
    return PRICE_RISE_LOG_HAZARD * sensitivity * (accounts.entered < DAYS.number_of(PRICE_RISE))


EFFECTS = {
    "log_hazard": {
        "adoption": dict(zip(ADOPTION, ADOPTION_LOG_HAZARD.tolist(), strict=True)),
        "sponsor gone": GONE_LOG_HAZARD,
        "troubled service": TROUBLED_LOG_HAZARD,
        "short of money": SHORT_LOG_HAZARD,
        "employees": dict(zip(SIZES, SIZE_LOG_HAZARD.tolist(), strict=True)),
        "channel": dict(zip(CHANNELS, CHANNEL_LOG_HAZARD.tolist(), strict=True)),
        "onboarding": ONBOARDING_LOG_HAZARD,
        "season": SEASON_LOG_HAZARD,
    },
    "price_rise": {
        "day": PRICE_RISE.isoformat(),
        "log_hazard": PRICE_RISE_LOG_HAZARD,
        "half_life_days": PRICE_RISE_HALF_LIFE,
        "times_for_small_accounts": SMALL_SENSITIVITY,
    },
    "offer": OFFERS.effects(DAYS),
}
"""For ``truth.json``."""
