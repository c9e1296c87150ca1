"""How likely a retail customer orders, visits and lapses on a day."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from tenure.generators.business import rolling_cuts
from tenure.generators.calendar import Days
from tenure.generators.chain import Array
from tenure.generators.offers import Offers

DAYS = Days(date(2023, 6, 1), 1279, "Europe/Berlin")
HORIZON = 90
ACTIVE_DAYS = 180
"""Whoever has ordered nothing for so long is taken to have left already."""
CUTS = rolling_cuts(DAYS, every=90, count=10, horizon=HORIZON)

INTERVALS = np.array([12.0, 20.0, 33.0, 55.0, 90.0, 150.0])
"""Mean days between the orders of a customer who has not lapsed: the rhythms, one of which each customer has."""
RHYTHMS = INTERVALS.size
RHYTHM_SHARES = np.array([0.08, 0.17, 0.25, 0.25, 0.15, 0.10])
BY_MONTH = np.array([0.85, 0.8, 0.95, 1.0, 1.0, 0.95, 0.8, 0.8, 1.0, 1.1, 1.45, 1.6])
"""Orders in January to December, relative to an even year."""
BY_WEEKDAY = np.array([0.95, 0.95, 0.95, 0.95, 0.9, 1.1, 1.2])
MONTHS = np.array([DAYS.date_of(day).month for day in range(DAYS.count)])
MONTH_STARTS = frozenset(day for day in range(DAYS.count) if DAYS.date_of(day).day == 1)
SEASON = BY_MONTH[MONTHS - 1] * BY_WEEKDAY[DAYS.weekdays]

LAPSE_RATE = 1 / 600
"""Probability of lapsing on a day, before all that multiplies it."""
CHANNELS = ("search", "social", "friend", "shop")
CHANNEL_SHARES = (0.35, 0.25, 0.20, 0.20)
CHANNEL_RATIOS = np.array([1.0, 1.5, 0.7, 0.85])
CHANNEL_TILTS = np.array([0.0, 0.35, -0.3, -0.1])
"""Of the rhythms: above 0 customers of the channel order more rarely."""
NEWSLETTER_RATIO = 0.8
TIERS = ("basic", "silver", "gold")
TIER_SPEND = (220.0, 500.0)
"""Spend of 365 days from which a customer has the second and the third tier."""
TIER_RATIOS = np.array([1.0, 0.65, 0.4])
GOLD = 2
NEW_DAYS, NEW_RATIO = 90, 1.8
"""In the first days after the registration the hazard is higher."""
LATE_DAYS, LATE_RATIO = 60, 2.5
"""After a late delivery the hazard is higher for so many days."""

PRICE_RISE = DAYS.number_of(date(2026, 2, 1))
PRICE_FACTOR = 1.09
RISE_HALF_LIFE = 40.0
RISE_EXCESS = 1.2
"""On the day of the price rise the hazard of customers below gold is higher by this share; it fades."""
RISE_RATIO = 1 + RISE_EXCESS * DAYS.fading(PRICE_RISE, RISE_HALF_LIFE)
PRICES = np.where(np.arange(DAYS.count) < PRICE_RISE, 1.0, PRICE_FACTOR)

CAMPAIGNS = (
    date(2023, 11, 20), date(2024, 5, 6), date(2024, 11, 18), date(2025, 5, 5), date(2025, 8, 4), date(2025, 10, 20),
    date(2026, 4, 13), date(2026, 8, 17), date(2026, 11, 16),
)  # fmt: skip
OFFERS = Offers(
    name="voucher",
    days=tuple(DAYS.number_of(day) for day in CAMPAIGNS),
    lasts=60,
    share=0.3,
    hazard_ratio=0.5,
)

LAPSED_VISITS = 0.01
"""Mean visits a day of a customer who has lapsed."""
NEVER = -10_000
"""The number of a day long before the first, for what has not happened."""


def tier_of(spend: Array) -> NDArray[np.int64]:
    """Position of the tier for the spend of 365 days; (customers,)."""
    return np.searchsorted(TIER_SPEND, spend, side="right")


def order_probability(day: int) -> Array:
    """Probability of an order on a day, by rhythm; (rhythms,)."""
    return np.minimum(SEASON[day] / INTERVALS, 0.6)


def visit_rate(day: int) -> Array:
    """Mean visits without an order on a day, by rhythm; (rhythms,)."""
    return 0.03 + 1.5 * SEASON[day] / INTERVALS


def lapse_probability(
    day: int,
    own: Array,
    tier: NDArray[np.integer],
    registered: NDArray[np.integer],
    late: NDArray[np.integer],
) -> Array:
    """Probability of lapsing on a day without an offer; (customers,).

    Args:
        day: its number.
        own: the customers' own factors, by channel and newsletter.
        tier: positions of their tiers.
        registered: days of their registration.
        late: days of their last late deliveries, or ``NEVER``.
    """
    rise = np.where(tier < GOLD, RISE_RATIO[day], 1.0)
    new = np.where(day - registered < NEW_DAYS, NEW_RATIO, 1.0)
    after_late = np.where(day - late < LATE_DAYS, LATE_RATIO, 1.0)
    return np.minimum(LAPSE_RATE * own * TIER_RATIOS[tier] * rise * new * after_late, 0.5)
