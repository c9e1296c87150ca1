"""What a model could know of a telco customer at best: what follows from the calls and bills so far.

Calls, dropped calls, calls to the hotline and late payments are the emissions of a hidden Markov model whose states
are the level of calls and the mood. The forward recursion (Rabiner 1989, section III.A) gives the probability of each
mood given a customer's days before a cut, the backward recursion that of no cancellation until a day. The contract is
taken to stay as it is at the cut: few change it within the horizon.
"""

from __future__ import annotations

import numpy as np

from tenure.generators.business import Truth
from tenure.generators.businesses.telco_usage import rates
from tenure.generators.businesses.telco_usage.history import ANNOYED, CONTENT, History
from tenure.generators.businesses.telco_usage.rates import CUTS, GAP, HORIZON, LEVELS, MOODS, OFFERS
from tenure.generators.chain import Array


def truths(history: History) -> list[Truth]:
    """The truth at every cut, of the customers there who do not cancel within the gap."""
    return [_truth(history, cut, belief) for cut, belief in _beliefs(history).items()]


def _beliefs(history: History) -> dict[int, Array]:
    """Probabilities of the moods given the days before each cut; (customers, moods)."""
    people = history.people
    size = people.level.size
    belief = np.zeros((size, LEVELS.size, MOODS))
    belief[:, :, CONTENT] = rates.LEVEL_SHARES
    found = {}
    for day in range(max(CUTS) + 1):
        if day in CUTS:
            found[day] = belief.sum(axis=1)
        offer = history.offers[:, day]
        contract, since = history.contracts[:, day], history.since[:, day]
        new = (people.signed_up == day)[:, None, None]
        moved = belief @ rates.moods(day, people.trouble_ratio, contract, offer)
        hazard = rates.cancellation(day, people.cancel_ratio, contract, since)
        hazard *= np.where(offer == 1, OFFERS.hazard_ratio, 1.0)[:, None]
        following = np.where(new, belief, moved * (1 - hazard)[:, None, :]) * _likelihood(history, day)
        following /= following.sum(axis=(1, 2), keepdims=True)
        belief = np.where((history.moods[:, day] >= 0)[:, None, None], following, belief)
    return found


def _likelihood(history: History, day: int) -> Array:
    """Of a day's calls and bill, but for factors that all states have in common; (customers, levels, moods)."""
    calls = history.calls[:, day][:, None, None]
    rate = rates.call_rates(day)
    found: Array = rate**calls * np.exp(-rate)
    dropped, hotline = history.dropped[:, day][:, None], history.hotline[:, day][:, None]
    by_mood = rates.DROPPED**dropped * (1 - rates.DROPPED) ** (calls[:, :, 0] - dropped)
    by_mood = by_mood * np.where(hotline == 1, rates.HOTLINE, 1 - rates.HOTLINE)
    if day in rates.MONTH_ENDS:
        by_mood = by_mood * np.where(history.paid_late[:, day][:, None], rates.PAID_LATE, 1 - rates.PAID_LATE)
    return found * by_mood[:, None, :]


def _truth(history: History, cut: int, belief: Array) -> Truth:
    end = cut + GAP + HORIZON
    owner = np.flatnonzero((history.moods[:, cut - 1] >= 0) & (history.cancelled >= cut + GAP))
    stays_gap, stays = _stays(history, cut, cut + GAP), _stays(history, cut, end)
    everyone = np.arange(belief.shape[0])
    mood = np.maximum(history.moods[:, cut - 1], 0)
    hidden = 1 - (stays / stays_gap)[everyone, mood]
    known = 1 - (belief * stays).sum(axis=1) / (belief * stays_gap).sum(axis=1)
    return Truth(
        cut=cut,
        owner=owner,
        probability=known[owner],
        label=(history.cancelled < end)[owner].astype(np.int64),
        columns={
            "hidden_probability": hidden[owner],
            "annoyed": np.where(mood == ANNOYED, 1.0, 0.0)[owner],
            "annoyed_probability": belief[owner, ANNOYED],
        },
    )


def _stays(history: History, cut: int, end: int) -> Array:
    """Probability of no cancellation from ``cut`` to the day before ``end``, by mood before; (customers, moods)."""
    people = history.people
    contract, since = history.contracts[:, cut - 1], history.since[:, cut - 1]
    offer_of = OFFERS.component().transition
    value = np.ones((contract.size, 2, MOODS))
    for day in reversed(range(cut, end)):
        hazard = rates.cancellation(day, people.cancel_ratio, contract, since)
        by_offer = [
            np.einsum(
                "nmk,nk->nm",
                rates.moods(day, people.trouble_ratio, contract, offer),
                (1 - hazard * ratio) * value[:, offer],
            )
            for offer, ratio in enumerate((1.0, OFFERS.hazard_ratio))
        ]
        value = np.einsum("of,nfm->nom", offer_of(day), np.stack(by_offer, axis=1))
    offer = np.maximum(history.offers[:, cut - 1], 0)
    return value[np.arange(contract.size), offer]
