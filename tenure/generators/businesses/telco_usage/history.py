"""Days that telco customers live through: moods, calls, plan changes, and when they cancel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.generators.block import Block
from tenure.generators.businesses.telco_usage import rates
from tenure.generators.businesses.telco_usage.people import People
from tenure.generators.businesses.telco_usage.rates import DAYS, OFFERS, Numbers

UPGRADE_RATE = 1 / 1500
"""Probability that a monthly contract becomes one of a year, on a day."""
CONTENT, ANNOYED = 0, 1
ABSENT = -1


@dataclass(frozen=True)
class History:
    """What happened; arrays (customers, days) unless said otherwise."""

    people: People
    moods: NDArray[np.int8]
    """-1 before the signing up and from the cancellation on, else ``CONTENT`` or ``ANNOYED``; hidden."""
    calls: Numbers
    dropped: Numbers
    """Calls that broke off."""
    hotline: Numbers
    paid_late: NDArray[np.bool_]
    """On the last day of a month: whether its bill is paid late."""
    contracts: Numbers
    """Position in ``rates.CONTRACTS``."""
    since: Numbers
    """Day on which the contract began."""
    offers: NDArray[np.int8]
    """-1 where ``moods`` is, 1 while an offer runs, 0 otherwise."""
    cancelled: Numbers
    """Day of the cancellation, or the number of days; (customers,)."""


def live(block: Block) -> History:
    """Simulate all days of a block's customers."""
    people = People.draw(block)
    random = block.random("days")
    size = block.size
    everyone = np.arange(size)
    shape = (size, DAYS.count)
    history = History(
        people=people,
        moods=np.full(shape, ABSENT, dtype=np.int8),
        calls=np.zeros(shape, dtype=np.int64),
        dropped=np.zeros(shape, dtype=np.int64),
        hotline=np.zeros(shape, dtype=np.int64),
        paid_late=np.zeros(shape, dtype=bool),
        contracts=np.zeros(shape, dtype=np.int64),
        since=np.zeros(shape, dtype=np.int64),
        offers=np.full(shape, ABSENT, dtype=np.int8),
        cancelled=np.full(size, DAYS.count),
    )
    offer_of = OFFERS.component().transition
    mood = np.zeros(size, dtype=np.int64)
    offer = np.zeros(size, dtype=np.int64)
    contract, since = people.contract.copy(), people.signed_up.copy()
    there = people.signed_up < 0
    for day in range(DAYS.count):
        new = people.signed_up == day
        there |= new
        upgraded = there & ~new & (contract == 0) & (random.random(size) < UPGRADE_RATE)
        contract, since = np.where(upgraded, 1, contract), np.where(upgraded, day, since)
        offer = np.where(there & ~new, random.random(size) < offer_of(day)[offer, 1], 0).astype(np.int64)
        odds = rates.moods(day, people.trouble_ratio, contract, offer)
        mood = np.where(there & ~new, random.random(size) < odds[everyone, mood, ANNOYED], mood).astype(np.int64)
        hazard = rates.cancellation(day, people.cancel_ratio, contract, since)[everyone, mood]
        hazard *= np.where(offer == 1, OFFERS.hazard_ratio, 1.0)
        cancels = there & ~new & (random.random(size) < hazard)
        history.cancelled[cancels] = day
        there &= ~cancels
        calls = random.poisson(rates.call_rates(day)[people.level, mood]) * there
        history.calls[:, day] = calls
        history.dropped[:, day] = random.binomial(calls, rates.DROPPED[mood])
        history.hotline[:, day] = there & (random.random(size) < rates.HOTLINE[mood])
        if day in rates.MONTH_ENDS:
            history.paid_late[:, day] = there & (random.random(size) < rates.PAID_LATE[mood])
        history.moods[:, day] = np.where(there, mood, ABSENT)
        history.contracts[:, day] = contract
        history.since[:, day] = since
        history.offers[:, day] = np.where(there, offer, ABSENT)
    return history
