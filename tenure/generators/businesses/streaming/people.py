"""What subscribers are, from the day on which they sign up."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.block import Block
from tenure.generators.business import Rows
from tenure.generators.businesses.streaming.setting import (
    CHANNELS,
    COUNTRIES,
    DAYS,
    METHODS,
    SEASON_PEAK,
    SIGN_UPS_END,
)
from tenure.generators.daily import times_of_day

COUNTRY_SHARES = (0.52, 0.12, 0.08, 0.16, 0.12)
CHANNEL_SHARES = (0.4, 0.2, 0.25, 0.15)
METHOD_SHARES = (0.45, 0.3, 0.17, 0.08)


class People:
    """Subscribers of a block: what does not change."""

    def __init__(self, block: Block) -> None:
        random = block.random("people")
        odds = 1 - 0.3 * DAYS.season(SEASON_PEAK)[:SIGN_UPS_END]
        self.entered = random.choice(SIGN_UPS_END, block.size, p=odds / odds.sum())
        self.signed_up = times_of_day(DAYS, self.entered, random, peak_hour=19.5, spread_hours=3.5)
        self.country = random.choice(len(COUNTRIES), block.size, p=COUNTRY_SHARES)
        self.channel = random.choice(len(CHANNELS), block.size, p=CHANNEL_SHARES)
        self.method = random.choice(len(METHODS), block.size, p=METHOD_SHARES)
        self.born = np.clip(random.normal(1986, 13, block.size), 1940, 2008).astype(np.int64)
        self.appetite = random.lognormal(0.0, 0.3, block.size)
        """How much somebody watches in any state: no sign of leaving."""

    def rows(self) -> Rows:
        """The table of subscribers."""
        columns = {
            "signed_up_at": self.signed_up,
            "country": pa.array(np.array(COUNTRIES)[self.country]),
            "channel": pa.array(np.array(CHANNELS)[self.channel]),
            "payment_method": pa.array(np.array(METHODS)[self.method]),
            "birth_year": self.born,
        }
        return Rows(np.arange(self.entered.size), columns)

    @cached_property
    def age(self) -> NDArray[np.int64]:
        """Days since sign-up, (customers, days); negative before it."""
        return np.arange(DAYS.count) - self.entered[:, None]
