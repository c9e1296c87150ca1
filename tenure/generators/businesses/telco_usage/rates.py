"""How likely a telco customer gets annoyed, calms down, calls and cancels on a day."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from tenure.generators.business import rolling_cuts
from tenure.generators.calendar import Days
from tenure.generators.chain import Array
from tenure.generators.offers import Offers

DAYS = Days(date(2025, 6, 1), 548, "America/Los_Angeles")
HORIZON, GAP = 30, 7
CUTS = rolling_cuts(DAYS, every=37, count=9, horizon=HORIZON, gap=GAP)
MONTHS = np.array([DAYS.date_of(day).month for day in range(DAYS.count + 1)])
MONTH_ENDS = frozenset(day for day in range(DAYS.count) if DAYS.date_of(day + 1).day == 1)

MOODS = 2
"""Hidden states: content and annoyed."""
LEVELS = np.array([0.05, 0.15, 0.35, 0.8])
"""Mean calls a day of a content customer: the levels, one of which each customer has."""
LEVEL_SHARES = np.array([0.25, 0.35, 0.25, 0.15])
CALLS_BY_MONTH = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.95, 0.85, 0.85, 1.0, 1.0, 1.05, 1.25])
CALLS_BY_WEEKDAY = np.array([1.0, 1.0, 1.0, 1.0, 1.1, 0.9, 0.9])
CALLS_SEASON = CALLS_BY_MONTH[MONTHS[:-1] - 1] * CALLS_BY_WEEKDAY[DAYS.weekdays]
ANNOYED_CALLS = 0.6
"""An annoyed customer calls less, by this factor."""
DROPPED = np.array([0.03, 0.10])
"""Share of calls that break off, by mood."""
HOTLINE = np.array([0.004, 0.035])
"""Probability of a call to the hotline on a day, by mood."""
PAID_LATE = np.array([0.06, 0.16])
"""Probability that a month's bill is paid late, by mood at the month's end."""

TROUBLE_RATE = 1 / 200
"""Probability of getting annoyed on a day, before all that multiplies it."""
TROUBLE_BY_MONTH = np.array([1.3, 1.25, 1.1, 1.0, 0.95, 0.9, 0.8, 0.8, 1.0, 1.05, 1.1, 1.2])
RECOVERY_RATE = 1 / 50
OFFER_RECOVERY_RATIO = 2.0
CANCEL_RATES = np.array([1 / 1400, 1 / 35])
"""Probability of cancelling on a day by mood, before all that multiplies it."""
CONTRACTS = ("Month-to-month", "One year", "Two year")
CONTRACT_SHARES = (0.55, 0.21, 0.24)
CONTRACT_RATIOS = np.array([1.0, 0.15, 0.06])
CONTRACT_DAYS = np.array([0, 365, 730])
RENEWAL_DAYS, RENEWAL_RATIO = 30, 0.9
"""In the days after a term of a contract has ended the hazard is this of a monthly contract's."""
NEW_DAYS, NEW_RATIO = 90, 1.3
"""In the first days of a contract the hazard is higher."""
SENIOR_RATIO = 1.3
EXPENSIVE_CHARGE, EXPENSIVE_RATIO, CHEAP_RATIO = 70.0, 1.25, 0.85
"""Hazard of those whose first monthly charge is above, and of the others."""

PRICE_RISE = DAYS.number_of(date(2026, 3, 1))
PRICE_FACTOR = 1.08
RISE_HALF_LIFE = 30.0
RISE_TROUBLE_EXCESS = 2.0
RISE_CANCEL_RATIO, RISE_CANCEL_DAYS = 1.5, 120
"""The price rise of monthly contracts: trouble is likelier by this share, fading, and for so many days the hazard is
higher."""

CAMPAIGNS = (
    date(2025, 6, 23), date(2025, 11, 10), date(2026, 2, 16), date(2026, 5, 11), date(2026, 8, 10), date(2026, 11, 9)
)  # fmt: skip
OFFERS = Offers(
    name="free month",
    days=tuple(DAYS.number_of(day) for day in CAMPAIGNS),
    lasts=60,
    share=0.3,
    hazard_ratio=0.4,
)

Numbers = NDArray[np.int64]


def moods(day: int, own: Array, contract: Numbers, offer: int | NDArray[np.integer]) -> Array:
    """Transition probabilities of the moods in the night before ``day``; (customers, moods, moods).

    Args:
        day: its number; it may lie after the last.
        own: the customers' own factors of getting annoyed; (customers,).
        contract: positions in ``CONTRACTS``.
        offer: 1 while an offer runs, or 0; one number or (customers,).
    """
    monthly = contract == 0
    rise = 1 + RISE_TROUBLE_EXCESS * 0.5 ** ((day - PRICE_RISE) / RISE_HALF_LIFE) if day >= PRICE_RISE else 1.0
    annoyed = np.minimum(TROUBLE_RATE * TROUBLE_BY_MONTH[MONTHS[day] - 1] * own * np.where(monthly, rise, 1.0), 0.3)
    calm = np.broadcast_to(RECOVERY_RATE * np.where(offer == 1, OFFER_RECOVERY_RATIO, 1.0), annoyed.shape)
    return np.stack([1 - annoyed, annoyed, calm, 1 - calm], axis=-1).reshape(-1, MOODS, MOODS)


def cancellation(day: int, own: Array, contract: Numbers, since: Numbers) -> Array:
    """Probability of cancelling on a day without an offer, by mood; (customers, moods).

    Args:
        day: its number.
        own: the customers' own factors of the hazard; (customers,).
        contract: positions in ``CONTRACTS``.
        since: days on which the contracts began.
    """
    age = day - since
    term = np.maximum(CONTRACT_DAYS[contract], 1)
    renews = (contract > 0) & (age >= term) & (age % term < RENEWAL_DAYS)
    ratio = np.where(renews, RENEWAL_RATIO, CONTRACT_RATIOS[contract]) * own
    ratio *= np.where(age < NEW_DAYS, NEW_RATIO, 1.0)
    if PRICE_RISE <= day < PRICE_RISE + RISE_CANCEL_DAYS:
        ratio *= np.where(contract == 0, RISE_CANCEL_RATIO, 1.0)
    return np.minimum(ratio[:, None] * CANCEL_RATES, 0.5)


def call_rates(day: int) -> Array:
    """Mean calls on a day, by level and mood; (levels, moods)."""
    return np.outer(LEVELS * CALLS_SEASON[day], [1.0, ANNOYED_CALLS])
