"""What accounts are, from the day on which they are created."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.block import Block
from tenure.generators.business import Rows
from tenure.generators.businesses.saas.setting import (
    CHANNELS,
    DAYS,
    INDUSTRIES,
    REGIONS,
    SIGN_UPS_END,
    SIZES,
)
from tenure.generators.chain import choose
from tenure.generators.daily import times_of_day

INDUSTRY_SHARES = (0.25, 0.2, 0.12, 0.13, 0.12, 0.18)
REGION_SHARES = (0.45, 0.3, 0.1, 0.15)
SIZE_SHARES = np.array([0.4, 0.32, 0.18, 0.1])
CHANNEL_SHARES = np.array([[0.8, 0.1, 0.1], [0.55, 0.3, 0.15], [0.2, 0.6, 0.2], [0.05, 0.75, 0.2]])
"""By size."""
PLAN_SHARES = np.array([[0.7, 0.28, 0.02], [0.3, 0.6, 0.1], [0.05, 0.6, 0.35], [0.0, 0.3, 0.7]])
"""By size."""
MEDIAN_SEATS = np.array([5.0, 16.0, 45.0, 130.0])


class Accounts:
    """Accounts of a block: what does not change."""

    def __init__(self, block: Block) -> None:
        random = block.random("accounts")
        self.entered = random.integers(0, SIGN_UPS_END, block.size)
        self.created = times_of_day(DAYS, self.entered, random, peak_hour=14.0, spread_hours=3.0)
        self.industry = random.choice(len(INDUSTRIES), block.size, p=INDUSTRY_SHARES)
        self.region = random.choice(len(REGIONS), block.size, p=REGION_SHARES)
        self.employees = random.choice(len(SIZES), block.size, p=SIZE_SHARES)
        self.channel = choose(random, CHANNEL_SHARES[self.employees])
        self.plan = choose(random, PLAN_SHARES[self.employees])
        spread = random.lognormal(0.0, 0.45, block.size)
        self.first_seats = np.maximum(2, np.rint(MEDIAN_SEATS[self.employees] * spread)).astype(np.int64)
        self.appetite = random.lognormal(0.0, 0.45, block.size)
        """How much an account uses the product in any state: no sign of leaving."""

    def rows(self) -> Rows:
        """The table of accounts."""
        columns = {
            "created_at": self.created,
            "industry": pa.array(np.array(INDUSTRIES)[self.industry]),
            "region": pa.array(np.array(REGIONS)[self.region]),
            "employees": pa.array(np.array(SIZES)[self.employees]),
            "channel": pa.array(np.array(CHANNELS)[self.channel]),
        }
        return Rows(np.arange(self.entered.size), columns)

    @cached_property
    def age(self) -> NDArray[np.int64]:
        """Days since the account was created, (customers, days); negative before it."""
        return np.arange(DAYS.count) - self.entered[:, None]
