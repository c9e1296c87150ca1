"""Rows of the tables of the retail shop, for a block of customers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.arrival import Delays, correct
from tenure.generators.block import Block, row_ids
from tenure.generators.business import Rows
from tenure.generators.businesses.retail import rates
from tenure.generators.businesses.retail.baskets import CATEGORIES, Baskets, order_rows
from tenure.generators.businesses.retail.history import LATE_DELIVERY_DAYS, History, spend_of_year
from tenure.generators.businesses.retail.rates import DAYS, OFFERS
from tenure.generators.calendar import DAY

HOUR = 3600.0
COUNTRIES, COUNTRY_SHARES = ("DE", "AT", "CH", "NL"), (0.62, 0.16, 0.12, 0.10)
GENDERS, GENDER_SHARES = ("female", "male", "other"), (0.56, 0.42, 0.02)
DEVICES, DEVICE_SHARES = ("phone", "desktop", "tablet"), (0.58, 0.32, 0.10)
REFERRERS, REFERRER_SHARES = ("direct", "search", "newsletter", "advertisement"), (0.42, 0.28, 0.16, 0.14)
RETURN_REASONS, RETURN_REASON_SHARES = ("size", "quality", "changed mind", "late"), (0.45, 0.2, 0.28, 0.07)
RETURN_SHARES = dict(zip(CATEGORIES, (0.24, 0.30, 0.10, 0.07, 0.05, 0.06), strict=True))
"""Share of orders that are sent back, by the category that most of the order is of."""

VISIT_DELAYS = Delays(prompt_s=20, late_share=0.01, late_days=2)
"""Phones without a connection send their visits later."""
RETURN_DELAYS = Delays(prompt_s=6 * HOUR, late_share=0.05, late_days=3)
TIER_DELAYS = Delays(prompt_s=2 * HOUR, late_share=0.02, late_days=3)


def rows(block: Block, history: History) -> dict[str, Rows]:
    """The rows of all tables."""
    baskets = Baskets.draw(block, history)
    return {
        "customers": _customers(block, history),
        "orders": order_rows(block, baskets),
        "deliveries": _deliveries(block, history, baskets),
        "returns": _returns(block, baskets),
        "visits": _visits(block, history, baskets),
        "loyalty": _loyalty(block, history),
        "treatments": OFFERS.rows(block, DAYS, history.offers),
    }


def _customers(block: Block, history: History) -> Rows:
    random = block.random("customers")
    people = history.people
    birth = np.clip(np.round(random.normal(1985, 13, block.size)), 1935, 2007)
    return Rows(
        np.arange(block.size),
        {
            "registered_at": _registered_at(block, history),
            "country": draw(random, COUNTRIES, COUNTRY_SHARES, block.size),
            "channel": pa.array(np.array(rates.CHANNELS)[people.channel]),
            "newsletter": people.newsletter,
            "birth_year": pa.array(birth.astype(np.int64), mask=random.random(block.size) < 0.05),
            "gender": draw(random, GENDERS, GENDER_SHARES, block.size),
        },
    )


def _registered_at(block: Block, history: History) -> NDArray[np.int64]:
    """Instants (customers,); the first order, if it is in the tables, follows on the same day."""
    registered = history.people.registered
    day = np.maximum(registered, 0)
    seconds = block.random("registrations").uniform(0, 6 * HOUR, block.size)
    return DAYS.instants(day, seconds) - (day - registered) * DAY


def _deliveries(block: Block, history: History, baskets: Baskets) -> Rows:
    random = block.random("deliveries")
    usual = np.minimum(1 + random.poisson(1.6, baskets.owner.size), 5)
    days = np.where(history.late[baskets.owner, baskets.day], LATE_DELIVERY_DAYS, usual)
    sent = np.flatnonzero(baskets.day + days < DAYS.count)
    return Rows(
        baskets.owner[sent],
        {
            # Late deliveries come in the first hour, so that their effect on the day is known on the day.
            "delivered_at": DAYS.instants((baskets.day + days)[sent], random.uniform(0, HOUR, sent.size)),
            "order_id": baskets.ids.take(pa.array(sent)),
            "days": days[sent],
        },
    )


def _returns(block: Block, baskets: Baskets) -> Rows:
    random = block.random("returns")
    shares = np.array(list(RETURN_SHARES.values()))[baskets.category]
    day = baskets.day + random.integers(6, 22, baskets.owner.size)
    sent_back = np.flatnonzero((random.random(baskets.owner.size) < shares) & (day < DAYS.count))
    items = 1 + (random.random(sent_back.size) * baskets.items[sent_back]).astype(np.int64)
    amount = np.round(baskets.amount[sent_back] * items / baskets.items[sent_back], 2)
    time = DAYS.instants(day[sent_back], random.uniform(8 * HOUR, 18 * HOUR, sent_back.size))
    owner = baskets.owner[sent_back]
    found = Rows(
        owner,
        {
            "return_id": row_ids("T", block, owner),
            "returned_at": time,
            "recorded_at": RETURN_DELAYS.known_at(time, random),
            "order_id": baskets.ids.take(pa.array(sent_back)),
            "items": items,
            "amount": amount,
            "reason": draw(random, RETURN_REASONS, RETURN_REASON_SHARES, owner.size),
        },
    )
    # A part of what was sent back is found worn: less is refunded.
    reduced = random.random(owner.size) < 0.02
    refunds = {"amount": np.round(amount[reduced] / 2, 2)}
    return correct(found, reduced, refunds, known_at="recorded_at", random=random, mean_days=5)


def _visits(block: Block, history: History, baskets: Baskets) -> Rows:
    """Visits without an order, and one with each order that was not placed on the telephone."""
    random = block.random("visits")
    with_order = np.zeros(history.orders.shape, dtype=np.int64)
    with_order[baskets.owner[baskets.is_online], baskets.day[baskets.is_online]] = 1
    owner, day = np.nonzero(history.visits + with_order)
    each = (history.visits + with_order)[owner, day]
    first = np.cumsum(each) - each
    bought = np.zeros(int(each.sum()), dtype=bool)
    bought[first] = with_order[owner, day] == 1
    owner, day = np.repeat(owner, each), np.repeat(day, each)
    time = DAYS.instants(day, random.uniform(6 * HOUR, 23 * HOUR, owner.size))
    pages = 1 + random.poisson(np.where(bought, 11.0, 4.0))
    return Rows(
        owner,
        {
            "started_at": time,
            "received_at": VISIT_DELAYS.known_at(time, random),
            "minutes": np.round(pages * random.gamma(2.0, 0.4, owner.size), 1),
            "pages": pages,
            "device": draw(random, DEVICES, DEVICE_SHARES, owner.size),
            "referrer": draw(random, REFERRERS, REFERRER_SHARES, owner.size),
            "basket": bought | (random.random(owner.size) < 0.15),
        },
    )


def _loyalty(block: Block, history: History) -> Rows:
    """A row at the registration (or on the first day), and one on each first of a month on which points change."""
    random = block.random("loyalty")
    registered = np.maximum(history.people.registered, 0)
    starts = sorted(rates.MONTH_STARTS)
    points = np.column_stack([np.floor(spend_of_year(history.amounts, day)) for day in starts]).astype(np.int64)
    tiers = history.tiers[:, starts]
    before = np.column_stack([np.zeros(block.size, dtype=np.int64), points[:, :-1]])
    changed = (points != before) & (np.array(starts) > registered[:, None])
    owner, month = np.nonzero(changed)
    everyone = np.arange(block.size)
    owner = np.concatenate([everyone, owner])
    day = np.concatenate([registered, np.array(starts)[month]])
    tier = np.concatenate([np.zeros(block.size, dtype=np.int64), tiers[changed]])
    earned = np.concatenate([np.zeros(block.size, dtype=np.int64), points[changed]])
    time = DAYS.instants(day, np.zeros(owner.size))
    time[: block.size] = np.maximum(_registered_at(block, history), time[: block.size])
    order = np.lexsort((time, owner))
    owner, time, tier, earned = owner[order], time[order], tier[order], earned[order]
    found = Rows(
        owner,
        {
            "change_id": row_ids("L", block, owner),
            "valid_from": time,
            "recorded_at": TIER_DELAYS.known_at(time, random),
            "tier": pa.array(np.array(rates.TIERS)[tier]),
            "points": earned,
        },
    )
    # Points for orders on the telephone were forgotten and are added later.
    short = (earned > 0) & (random.random(owner.size) < 0.01)
    return correct(found, short, {"points": earned[short] + 20}, known_at="recorded_at", random=random, mean_days=6)


def draw(random: np.random.Generator, texts: Sequence[str], shares: Sequence[float], size: int) -> NDArray[np.str_]:
    """Texts drawn with these probabilities; (size,)."""
    return np.array(texts)[np.searchsorted(np.cumsum(shares)[:-1], random.random(size), side="right")]
