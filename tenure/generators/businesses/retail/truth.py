"""What a model could know of a retail customer at best: what follows from the orders and visits so far.

Orders and visits are the emissions of a hidden Markov model whose states are the rhythms and "lapsed". The forward
recursion (Rabiner 1989, section III.A) gives the probability of each state given a customer's days before a cut; the
backward recursion that of no order over the horizon. On the way without an order nothing else changes by chance but
the offers, over which it is averaged, so that the probability is exact.
"""

from __future__ import annotations

import numpy as np

from tenure.generators.business import Truth
from tenure.generators.businesses.retail import rates
from tenure.generators.businesses.retail.history import (
    BASKET_LOG_MEAN,
    BASKET_LOG_SPREAD,
    LATE_DELIVERY_DAYS,
    ORDER_LOG_SPREAD,
    History,
    Numbers,
    spend_of_year,
)
from tenure.generators.businesses.retail.rates import ACTIVE_DAYS, CUTS, HORIZON, OFFERS, RHYTHMS
from tenure.generators.chain import Array


def truths(history: History) -> list[Truth]:
    """The truth at every cut, of the customers who have ordered within ``ACTIVE_DAYS`` before it."""
    return [_truth(history, cut, belief) for cut, belief in _beliefs(history).items()]


def _beliefs(history: History) -> dict[int, Array]:
    """Probabilities of the states given the days before each cut: the rhythms, then lapsed; (customers, states)."""
    people = history.people
    belief = np.column_stack([people.rhythm_odds, np.zeros(people.rhythm.size)])
    found = {}
    for day in range(max(CUTS) + 1):
        if day in CUTS:
            found[day] = belief
        ratio = np.where(history.offers[:, day] == 1, OFFERS.hazard_ratio, 1.0)
        lapse = (history.lapse[:, day] * ratio)[:, None]
        ordered = history.orders[:, day][:, None]
        visits = history.visits[:, day][:, None]
        probability, rate = rates.order_probability(day), rates.visit_rate(day)
        # Probabilities of a number of visits are divided by its factorial, which all states have in common.
        seen = np.where(ordered, probability, 1 - probability) * rate**visits * np.exp(-rate)
        unseen = ~ordered * rates.LAPSED_VISITS**visits * np.exp(-rates.LAPSED_VISITS)
        rhythms, lapsed = belief[:, :RHYTHMS], belief[:, RHYTHMS:]
        gone = lapsed + lapse * rhythms.sum(axis=1, keepdims=True)
        following = np.column_stack([rhythms * (1 - lapse) * seen, gone * unseen])
        following /= following.sum(axis=1, keepdims=True)
        # The first order is certain, so it says nothing about the rhythm.
        belief = np.where((people.registered < day)[:, None], following, belief)
    return found


def _truth(history: History, cut: int, belief: Array) -> Truth:
    owner = np.flatnonzero(history.orders[:, cut - ACTIVE_DAYS : cut].any(axis=1))
    silence, worth = _ahead(history, cut)
    rhythms, lapsed = belief[:, :RHYTHMS], belief[:, RHYTHMS]
    known = (rhythms * silence).sum(axis=1) + lapsed
    expected = (rhythms * worth).sum(axis=1) * _expected_basket(history, cut)
    active = history.active[:, cut - 1]
    hidden = np.where(active, silence[np.arange(active.size), history.people.rhythm], 1.0)
    ahead = slice(cut, cut + HORIZON)
    return Truth(
        cut=cut,
        owner=owner,
        probability=known[owner],
        label=np.where(history.orders[:, ahead].sum(axis=1) > 0, 0, 1)[owner],
        columns={
            "hidden_probability": hidden[owner],
            "lapse_hazard": history.lapse[owner, cut],
            "lapsed": np.where(active, 0.0, 1.0)[owner],
            "lapsed_probability": lapsed[owner],
        },
        expected=expected[owner],
        value=history.amounts[:, ahead].sum(axis=1)[owner],
    )


def _ahead(history: History, cut: int) -> tuple[Array, Array]:
    """Of a customer who has not lapsed at ``cut``, by rhythm: the probability of no order over the horizon, and the
    expected sum over its orders of the price level; both (customers, rhythms).

    The second takes the hazard of the way without an order, which is a little off for those who order.
    """
    offer_of = OFFERS.component().transition
    size = history.people.rhythm.size
    silence = np.ones((size, 2, RHYTHMS))
    worth = np.zeros((size, 2, RHYTHMS))
    for day, lapse in reversed(list(_lapse_ahead(history, cut))):
        hazard = (lapse[:, None] * [1.0, OFFERS.hazard_ratio])[:, :, None]
        probability = rates.order_probability(day)
        silence = hazard + (1 - hazard) * (1 - probability) * silence
        worth = (1 - hazard) * (probability * rates.PRICES[day] + worth)
        silence, worth = (np.einsum("of,nfr->nor", offer_of(day), each) for each in (silence, worth))
    offer = np.maximum(history.offers[:, cut - 1], 0)
    return silence[np.arange(size), offer], worth[np.arange(size), offer]


def _lapse_ahead(history: History, cut: int) -> list[tuple[int, Array]]:
    """The days of the horizon, with the probability of lapsing without an offer if there is no order; (customers,)."""
    people = history.people
    tier: Numbers = history.tiers[:, cut - 1]
    last_late: Numbers = history.last_late[:, cut - 1]
    found = []
    for day in range(cut, cut + HORIZON):
        if day in rates.MONTH_STARTS:
            tier = rates.tier_of(spend_of_year(history.amounts, day, last=cut))
        ordered = day - LATE_DELIVERY_DAYS
        if ordered < cut:
            last_late = np.where(history.late[:, ordered], day, last_late)
        found.append((day, rates.lapse_probability(day, people.own_ratio, tier, people.registered, last_late)))
    return found


def _expected_basket(history: History, cut: int) -> Array:
    """Expected EUR of an order at the first day's prices, given the orders before ``cut``; (customers,).

    The logarithm of the usual basket is normal, and so is it given normal observations (conjugate prior).
    """
    before = slice(0, cut)
    prices = np.where(history.orders[:, before], history.amounts[:, before] / rates.PRICES[before], 1.0)
    precision = 1 / BASKET_LOG_SPREAD**2 + history.orders[:, before].sum(axis=1) / ORDER_LOG_SPREAD**2
    mean = BASKET_LOG_MEAN / BASKET_LOG_SPREAD**2 + np.log(prices).sum(axis=1) / ORDER_LOG_SPREAD**2
    return np.exp(mean / precision + (1 / precision + ORDER_LOG_SPREAD**2) / 2)
