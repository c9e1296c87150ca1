"""Seats: how many an account pays for, and how many of them are used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.generators.block import Block
from tenure.generators.business import Rows
from tenure.generators.businesses.saas.accounts import Accounts
from tenure.generators.businesses.saas.hazard import GONE
from tenure.generators.businesses.saas.setting import BILLING_DAYS, DAYS
from tenure.generators.chain import Walk
from tenure.generators.daily import while_present

GROWS = np.array([0.16, 0.07, 0.02, 0.0])
SHRINKS = np.array([0.01, 0.03, 0.10, 0.14])
"""Chances at each bill that seats are added or given back, by adoption."""
ACTIVE_SHARE = np.array([0.8, 0.6, 0.34, 0.1])
"""Of seats, by adoption."""
MONDAY = 0
ONE_A_MORNING = 4 * 3600.0


def seats_bought(block: Block, accounts: Accounts, walk: Walk) -> NDArray[np.int64]:
    """Seats that each account pays for; (customers, days)."""
    random = block.random("seats bought")
    adoption = np.maximum(walk.states["adoption"], 0)
    due = (accounts.age > 0) & (accounts.age % BILLING_DAYS == 0)
    draw = random.random(adoption.shape)
    step = random.uniform(0.08, 0.3, adoption.shape)
    grows = due & (draw < GROWS[adoption])
    shrinks = due & (draw > 1 - SHRINKS[adoption])
    factor = np.where(grows, 1 + step, np.where(shrinks, 1 - step, 1.0))
    return np.maximum(1, np.rint(accounts.first_seats[:, None] * np.cumprod(factor, axis=1))).astype(np.int64)


def seats_table(
    block: Block, accounts: Accounts, walk: Walk, bought: NDArray[np.int64], left: NDArray[np.int64]
) -> Rows:
    """A count every Monday morning of the seats bought, and of those that were used in the week before."""
    random = block.random("seats")
    adoption = walk.states["adoption"]
    owner, day = np.nonzero((adoption >= 0) & (DAYS.weekdays == MONDAY))
    state = adoption[owner, day]
    seats = bought[owner, day]
    share = np.clip(ACTIVE_SHARE[state] + 0.06 * random.standard_normal(owner.size), 0.0, 1.0)
    gone = walk.states["sponsor"][owner, day] == GONE
    columns = {
        "counted_at": DAYS.instants(day, np.full(owner.size, ONE_A_MORNING)),
        "seats_bought": seats,
        "seats_active": random.binomial(seats, share),
        "admins_active": random.binomial(np.minimum(seats, 3), np.where(gone, 0.2, 0.75)),
    }
    return while_present(owner, columns, "counted_at", accounts.created, left)
