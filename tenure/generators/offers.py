"""Campaigns: on some days customers drawn at random get an offer that lowers the hazard for a time, others get none.

Since chance alone decides, the difference between the two groups is the offer's effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.block import Block, row_ids
from tenure.generators.business import Rows, Table
from tenure.generators.calendar import Days
from tenure.generators.chain import Array, Component

OFFERED = 1
"""State of the component: an offer runs."""
HOUR = 3600.0


@dataclass(frozen=True)
class Offers:
    """An offer and its campaigns."""

    name: str
    days: tuple[int, ...]
    """Numbers of the days of the campaigns; they are further apart than ``lasts``."""
    lasts: int
    """Days for which an offer has its effect, the first of which is the campaign's."""
    share: float
    """Of the customers present, those who are drawn; half of them get the offer, the others are the control."""
    hazard_ratio: float
    """What the hazard is multiplied by while an offer runs."""

    def component(self) -> Component:
        """Whether an offer runs, for ``Chain``: the states are no and yes."""
        starts, ends = set(self.days), {day + self.lasts for day in self.days}

        def transition(day: int) -> Array:
            if day in starts:
                return np.array([[1 - self.share / 2, self.share / 2]] * 2)
            return np.array([[1.0, 0.0], [1.0, 0.0] if day in ends else [0.0, 1.0]])

        return Component(np.array([1.0, 0.0]), transition, np.array([0.0, np.log(self.hazard_ratio)]))

    def rows(self, block: Block, days: Days, states: NDArray[np.int8]) -> Rows:
        """The table of treatments.

        Args:
            block: the customers.
            days: of the simulation.
            states: of the component, (customers, days).
        """
        random = block.random("offers")
        owners, numbers, arms = [], [], []
        for day in self.days:
            # Who came on this very day is not in the campaign: a component starts without an offer.
            there = (states[:, day] >= 0) & (states[:, day - 1] >= 0)
            offered = there & (states[:, day] == OFFERED)
            control = there & ~offered & (random.random(there.size) < (self.share / 2) / (1 - self.share / 2))
            owner = np.flatnonzero(offered | control)
            owners.append(owner)
            numbers.append(np.full(owner.size, day))
            arms.append(offered[owner])
        owner, number, arm = np.concatenate(owners), np.concatenate(numbers), np.concatenate(arms)
        order = np.lexsort((number, owner))
        owner, number, arm = owner[order], number[order], arm[order]
        return Rows(
            owner,
            {
                "treatment_id": row_ids("o", block, owner),
                "treated_at": days.instants(number, np.full(number.size, 9 * HOUR)),
                "offer": pa.array([self.name] * owner.size),
                "arm": pa.array(np.where(arm, "offer", "control")),
                "propensity": np.full(owner.size, 0.5),
            },
        )

    def effects(self, days: Days) -> dict[str, object]:
        """For ``truth.json``."""
        return {
            "name": self.name,
            "campaigns": [days.date_of(day).isoformat() for day in self.days],
            "lasts_days": self.lasts,
            "share_drawn": self.share,
            "propensity": 0.5,
            "hazard_ratio": self.hazard_ratio,
        }


def treatments(key: str, file: str = "treatments.parquet") -> Table:
    """The declaration of the table of treatments, whose key column is ``key``."""
    instant = pa.timestamp("us", tz="UTC")
    columns = {
        "treatment_id": pa.string(),
        key: pa.string(),
        "treated_at": instant,
        "offer": pa.string(),
        "arm": pa.string(),
        "propensity": pa.float64(),
    }
    return Table(file, key, columns, time="treated_at", row_id="treatment_id")
