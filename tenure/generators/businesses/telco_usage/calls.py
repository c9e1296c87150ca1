"""Telephone calls of a block of customers, and the rows of the table of calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from tenure.generators.arrival import Delays
from tenure.generators.block import Block
from tenure.generators.business import Rows
from tenure.generators.businesses.telco_usage.history import History
from tenure.generators.businesses.telco_usage.rates import DAYS, Numbers

HOUR = 3600.0
KINDS, KIND_SHARES = np.array(["mobile", "landline", "abroad", "hotline"]), (0.68, 0.26, 0.06)
ABROAD, HOTLINE = 2, 3
CALL_DELAYS = Delays(prompt_s=60, late_share=0.02, late_days=3)
"""Records of other networks come days later."""
MEAN_SECONDS = np.array([190.0, 260.0, 420.0, 540.0])
"""By kind."""


@dataclass(frozen=True)
class Calls:
    """Calls by customer and day; arrays (calls,)."""

    owner: Numbers
    day: Numbers
    kind: Numbers
    """Position in ``KINDS``."""
    seconds: Numbers
    dropped: NDArray[np.bool_]

    @classmethod
    def draw(cls, block: Block, history: History) -> Calls:
        """The calls of a history."""
        random = block.random("calls")
        totals = history.calls + history.hotline
        owner, day = np.nonzero(totals)
        each = totals[owner, day]
        nth = np.arange(int(each.sum())) - np.repeat(np.cumsum(each) - each, each)
        owner, day = np.repeat(owner, each), np.repeat(day, each)
        others = np.searchsorted(np.cumsum(KIND_SHARES)[:-1], random.random(owner.size), side="right")
        # Of a day's calls the first ones break off, the one behind the others is to the hotline.
        kind = np.where(nth >= history.calls[owner, day], HOTLINE, others)
        dropped = nth < history.dropped[owner, day]
        seconds = random.exponential(MEAN_SECONDS[kind]) * np.where(dropped, 0.4, 1.0)
        return cls(owner, day, kind, 1 + seconds.astype(np.int64), dropped)

    def by_month(self, ends: list[int], values: ArrayLike, customers: int) -> NDArray[np.float64]:
        """Sums of ``values`` (calls,) by customer and month; (customers, months).

        Args:
            ends: the last days of the months, ascending; calls after the last are left out.
            values: of each call.
            customers: how many there are.
        """
        found = np.zeros((customers, len(ends) + 1))
        np.add.at(found, (self.owner, np.searchsorted(ends, self.day)), values)
        return found[:, :-1]


def call_rows(block: Block, calls: Calls) -> Rows:
    """The rows of the table of calls."""
    random = block.random("call times")
    time = DAYS.instants(calls.day, random.uniform(7 * HOUR, 22 * HOUR, calls.owner.size))
    return Rows(
        calls.owner,
        {
            "started_at": time,
            "received_at": CALL_DELAYS.known_at(time, random),
            "kind": pa.array(KINDS[calls.kind]),
            "seconds": calls.seconds,
            "dropped": calls.dropped,
        },
    )
