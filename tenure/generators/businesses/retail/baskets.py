"""Baskets of retail orders and the rows of the table of orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tenure.generators.arrival import Delays, correct
from tenure.generators.block import Block, row_ids
from tenure.generators.business import Rows
from tenure.generators.businesses.retail.history import Flags, History, Numbers
from tenure.generators.businesses.retail.rates import DAYS
from tenure.generators.chain import Array

HOUR = 3600.0
CATEGORIES = ("fashion", "shoes", "sport", "home", "toys", "beauty")
PLACES, PLACE_SHARES = np.array(["web", "app", "call"]), (0.5, 0.35, 0.15)
PAYMENTS, PAYMENT_SHARES = np.array(["card", "invoice", "wallet"]), (0.45, 0.3, 0.25)
ORDER_DELAYS = Delays(prompt_s=120, late_share=0.03, late_days=4)
"""The call centre sends its orders of a day at night, some only days later."""
CORRECTED_SHARE = 0.015


@dataclass(frozen=True)
class Baskets:
    """The orders of a block, by customer and day; arrays (orders,)."""

    owner: Numbers
    day: Numbers
    ids: pa.Array
    category: Numbers
    """Position in ``CATEGORIES`` of what most of the basket is."""
    items: Numbers
    amount: Array
    place: Numbers
    """Position in ``PLACES``."""

    @classmethod
    def draw(cls, block: Block, history: History) -> Baskets:
        """What the orders of a history are of."""
        random = block.random("baskets")
        owner, day = np.nonzero(history.orders)
        # Each customer has a favourite category and a usual place, and leaves them at times.
        favourite = random.integers(0, len(CATEGORIES), block.size)
        usual = np.searchsorted(np.cumsum(PLACE_SHARES)[:-1], random.random(block.size), side="right")
        category = np.where(random.random(owner.size) < 0.55, favourite[owner], random.integers(0, 6, owner.size))
        place = np.where(random.random(owner.size) < 0.8, usual[owner], random.integers(0, 3, owner.size))
        amount = history.amounts[owner, day]
        return cls(
            owner=owner,
            day=day,
            ids=row_ids("R", block, owner),
            category=category,
            items=1 + random.poisson(amount / 30),
            amount=amount,
            place=place,
        )

    @property
    def is_online(self) -> Flags:
        """Whether the order was placed in a visit, not on the telephone."""
        return self.place < 2


def order_rows(block: Block, baskets: Baskets) -> Rows:
    """The rows of the table of orders, with their corrections."""
    random = block.random("orders")
    size = baskets.owner.size
    time = DAYS.instants(baskets.day, random.uniform(7 * HOUR, 23 * HOUR, size))
    payment = np.searchsorted(np.cumsum(PAYMENT_SHARES)[:-1], random.random(size), side="right")
    reduced = random.random(size) < 0.3
    discount = np.round(baskets.amount * random.uniform(0.05, 0.3, size) * reduced, 2)
    # The amount of some orders is first recorded without the discount, or twice.
    wrong = random.random(size) < CORRECTED_SHARE
    first = np.where(discount > 0, baskets.amount + discount, 2 * baskets.amount)
    found = Rows(
        baskets.owner,
        {
            "order_id": baskets.ids,
            "ordered_at": time,
            "recorded_at": ORDER_DELAYS.known_at(time, random),
            "sold_in": pa.array(PLACES[baskets.place]),
            "payment": pa.array(PAYMENTS[payment]),
            "category": pa.array(np.array(CATEGORIES)[baskets.category]),
            "items": baskets.items,
            "categories": 1 + random.binomial(np.minimum(baskets.items - 1, 5), 0.4),
            "amount": np.round(np.where(wrong, first, baskets.amount), 2),
            "discount": discount,
        },
    )
    return correct(found, wrong, {"amount": baskets.amount[wrong]}, known_at="recorded_at", random=random, mean_days=6)
