"""The truth about customers who leave for good."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenure.generators.business import Truth
from tenure.generators.chain import Chain, Walk
from tenure.generators.offers import OFFERED


def truth_of_leaving(
    chain: Chain,
    walk: Walk,
    cut: int,
    *,
    horizon: int,
    gap: int = 0,
    times: Sequence[int] = (),
    offer: str = "offer",
) -> Truth:
    """The truth at a cut about the customers who are present and do not leave in the gap.

    Args:
        chain: its event is that a customer leaves.
        walk: the days that were lived through.
        cut: number of the day that begins at the cut.
        horizon: days over which the label is computed.
        gap: days between the cut and the horizon.
        times: shorter numbers of days from the begin of the horizon on.
        offer: the component that says whether an offer runs.

    Returns:
        The probability of leaving in the horizon, given the states on the day before the cut and that the customer
        does not leave in the gap; the same within each of ``times``; the hazard on the day of the cut; whether an offer
        runs.
    """
    states = walk.before(cut)
    left = walk.first_event()
    start, end = cut + gap, cut + gap + horizon
    owner = np.flatnonzero((states[offer] >= 0) & (left >= start))
    stays_before = chain.no_event(states, cut, start)
    stays = chain.no_event(states, cut, end) / stays_before
    columns = {
        "hazard": -np.expm1(-chain.rate(states, cut))[owner],
        "offered": (states[offer][owner] == OFFERED).astype(np.float64),
    }
    for days in times:
        within = 1 - chain.no_event(states, cut, start + days) / stays_before
        columns[f"probability_within_{days}d"] = within[owner]
    return Truth(cut, owner, 1 - stays[owner], (left[owner] < end).astype(np.int64), columns)
