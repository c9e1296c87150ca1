"""Days that retail customers live through: orders, visits, late deliveries, tiers, and when they lapse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.generators.block import Block
from tenure.generators.businesses.retail import rates
from tenure.generators.businesses.retail.rates import DAYS, NEVER, OFFERS
from tenure.generators.chain import Array

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

BASKET_LOG_MEAN, BASKET_LOG_SPREAD = 3.75, 0.4
"""Of customers' usual baskets: mean and standard deviation of the logarithm of EUR."""
ORDER_LOG_SPREAD = 0.45
"""Of a customer's single orders around the usual basket."""
LATE_SHARE, LATE_SHARE_DECEMBER = 0.07, 0.16
LATE_DELIVERY_DAYS = 9
"""How long a late delivery takes."""
EARLIER_SHARE, EARLIER_DAYS = 0.3, 700
"""Customers who registered before the first day, and how long before at most."""


@dataclass(frozen=True)
class People:
    """Who the customers are; arrays (customers,)."""

    channel: Numbers
    newsletter: Flags
    registered: Numbers
    """Number of the day; below 0 for those who came before the first day."""
    rhythm: Numbers
    """Position in ``rates.INTERVALS``; hidden."""
    rhythm_odds: Array
    """Probabilities of the rhythms given the channel; (customers, rhythms)."""
    basket: Array
    """Logarithm of the usual basket; hidden."""
    own_ratio: Array
    """Factor of the hazard by channel and newsletter."""


@dataclass(frozen=True)
class History:
    """What happened; arrays (customers, days) unless said otherwise."""

    people: People
    orders: Flags
    visits: Numbers
    """Visits without an order."""
    amounts: Array
    """EUR of the order of the day, 0 without."""
    late: Flags
    """Whether the order of the day is delivered late."""
    tiers: Numbers
    last_late: Numbers
    """Day of the last late delivery so far, or ``NEVER``."""
    offers: NDArray[np.int8]
    """-1 before the registration, 1 while an offer runs, 0 otherwise."""
    lapse: Array
    """Probability of lapsing on the day, without an offer, for one who has not."""
    active: Flags
    """Whether the customer has not lapsed by the end of the day; hidden."""


def draw_people(block: Block) -> People:
    """The customers of a block."""
    random = block.random("people")
    channel = np.searchsorted(np.cumsum(rates.CHANNEL_SHARES), random.random(block.size))
    newsletter = random.random(block.size) < 0.45
    tilt = rates.CHANNEL_TILTS[channel][:, None] * np.linspace(-2, 2, rates.RHYTHMS)
    odds = rates.RHYTHM_SHARES * np.exp(tilt)
    odds /= odds.sum(axis=1, keepdims=True)
    rhythm = (random.random((block.size, 1)) > np.cumsum(odds[:, :-1], axis=1)).sum(axis=1)
    earlier = random.random(block.size) < EARLIER_SHARE
    before = random.integers(-EARLIER_DAYS, 0, block.size)
    registered = np.where(earlier, before, random.integers(0, DAYS.count, block.size))
    return People(
        channel=channel,
        newsletter=newsletter,
        registered=registered,
        rhythm=rhythm,
        rhythm_odds=odds,
        basket=BASKET_LOG_MEAN + BASKET_LOG_SPREAD * random.standard_normal(block.size),
        own_ratio=rates.CHANNEL_RATIOS[channel] * np.where(newsletter, rates.NEWSLETTER_RATIO, 1.0),
    )


def live(block: Block) -> History:
    """Simulate all days of a block's customers."""
    people = draw_people(block)
    random = block.random("days")
    shape = (block.size, DAYS.count)
    everyone = np.arange(block.size)
    history = History(
        people=people,
        orders=np.zeros(shape, dtype=bool),
        visits=np.zeros(shape, dtype=np.int64),
        amounts=np.zeros(shape),
        late=np.zeros(shape, dtype=bool),
        tiers=np.zeros(shape, dtype=np.int64),
        last_late=np.full(shape, NEVER),
        offers=np.full(shape, -1, dtype=np.int8),
        lapse=np.zeros(shape),
        active=np.zeros(shape, dtype=bool),
    )
    offer_of = OFFERS.component().transition
    active = np.ones(block.size, dtype=bool)
    tier = np.zeros(block.size, dtype=np.int64)
    offer = np.zeros(block.size, dtype=np.int64)
    last_late = np.full(block.size, NEVER)
    for day in range(DAYS.count):
        there = people.registered <= day
        new = people.registered == day
        if day in rates.MONTH_STARTS:
            tier = rates.tier_of(spend_of_year(history.amounts, day))
        if day >= LATE_DELIVERY_DAYS:
            last_late = np.where(history.late[:, day - LATE_DELIVERY_DAYS], day, last_late)
        # Who comes on the day of a campaign is not in it.
        offer = np.where(there & ~new, random.random(block.size) < offer_of(day)[offer, 1], 0).astype(np.int64)
        lapse = rates.lapse_probability(day, people.own_ratio, tier, people.registered, last_late)
        ratio = np.where(offer == 1, OFFERS.hazard_ratio, 1.0)
        active &= ~(there & ~new & (random.random(block.size) < lapse * ratio))
        probability = rates.order_probability(day)[people.rhythm]
        # The first order is what a customer registers for.
        ordered = there & active & ((random.random(block.size) < probability) | new)
        rate = np.where(active, rates.visit_rate(day)[people.rhythm], rates.LAPSED_VISITS)
        spread = ORDER_LOG_SPREAD * random.standard_normal(block.size)
        share = LATE_SHARE_DECEMBER if rates.MONTHS[day] == 12 else LATE_SHARE
        history.orders[:, day] = ordered
        history.visits[:, day] = random.poisson(rate) * there
        history.amounts[:, day] = ordered * np.round(np.exp(people.basket + spread) * rates.PRICES[day], 2)
        history.late[:, day] = ordered & (random.random(everyone.size) < share)
        history.tiers[:, day] = tier
        history.last_late[:, day] = last_late
        history.offers[:, day] = np.where(there, offer, -1)
        history.lapse[:, day] = lapse
        history.active[:, day] = active
    return history


def spend_of_year(amounts: Array, day: int, last: int | None = None) -> Array:
    """EUR of the 365 days before ``day``, of orders before ``last`` only if it is given; (customers,)."""
    stop = day if last is None else min(day, last)
    return amounts[:, max(day - 365, 0) : stop].sum(axis=1)
