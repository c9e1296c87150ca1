"""Rows of the tables of the telephone company, for a block of customers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.arrival import Delays, correct
from tenure.generators.block import Block, row_ids
from tenure.generators.business import Rows
from tenure.generators.businesses.telco_usage import rates
from tenure.generators.businesses.telco_usage.calls import ABROAD, HOTLINE, Calls, call_rows
from tenure.generators.businesses.telco_usage.history import History
from tenure.generators.businesses.telco_usage.rates import DAYS, OFFERS, PRICE_RISE
from tenure.generators.calendar import DAY

HOUR = 3600.0
REASONS, REASON_SHARES = np.array(["price", "network", "competitor", "moved"]), (0.35, 0.25, 0.28, 0.12)
PLAN_DELAYS = Delays(prompt_s=2 * HOUR, late_share=0.02, late_days=2)
BILLING_DELAYS = Delays(prompt_s=8 * HOUR, late_share=0.08, late_days=4)
CANCELLATION_DELAYS = Delays(prompt_s=3 * HOUR, late_share=0.03, late_days=2)
"""Letters lie around."""


def rows(block: Block, history: History) -> dict[str, Rows]:
    """The rows of all tables."""
    calls = Calls.draw(block, history)
    return {
        "customers": _customers(block, history),
        "plans": _plans(block, history),
        "usage": _usage(block, history, calls),
        "calls": call_rows(block, calls),
        "cancellations": _cancellations(block, history),
        "treatments": OFFERS.rows(block, DAYS, history.offers),
    }


def _signed_up_at(block: Block, history: History) -> NDArray[np.int64]:
    """Instants (customers,), before the first call."""
    signed_up = history.people.signed_up
    day = np.maximum(signed_up, 0)
    seconds = block.random("sign-ups").uniform(0, 6 * HOUR, block.size)
    return DAYS.instants(day, seconds) - (day - signed_up) * DAY


def _customers(block: Block, history: History) -> Rows:
    columns = {name: pa.array(values) for name, values in history.people.columns.items()}
    return Rows(np.arange(block.size), {"signed_up_at": _signed_up_at(block, history), **columns})


def _plans(block: Block, history: History) -> Rows:
    """A row at the signing up, one at the price rise for monthly contracts, and one where a contract becomes longer."""
    random = block.random("plans")
    people = history.people
    everyone = np.arange(block.size)
    changed = np.zeros(history.contracts.shape, dtype=bool)
    changed[:, 1:] = history.contracts[:, 1:] != history.contracts[:, :-1]
    changed[:, PRICE_RISE] |= history.contracts[:, PRICE_RISE] == 0
    there = history.moods >= 0
    changed &= there & (np.arange(DAYS.count) > people.signed_up[:, None])
    owner, day = np.nonzero(changed)
    first = np.maximum(people.signed_up, 0)
    owner, day = np.concatenate([everyone, owner]), np.concatenate([first, day])
    time = DAYS.instants(day, np.zeros(owner.size))
    time[: block.size] = _signed_up_at(block, history)
    contract = history.contracts[owner, day]
    contract[: block.size] = people.contract
    # Contracts with a term keep their price; those of a year made after the rise start from the higher one.
    monthly = people.contract[owner] == 0
    raised = (day >= PRICE_RISE) & (monthly | (people.signed_up[owner] >= PRICE_RISE))
    charge = np.round(people.charge[owner] * np.where(raised, rates.PRICE_FACTOR, 1.0), 2)
    order = np.lexsort((time, owner))
    owner, time, contract, charge = owner[order], time[order], contract[order], charge[order]
    wrong = random.random(owner.size) < 0.01
    found = Rows(
        owner,
        {
            "change_id": row_ids("P", block, owner),
            "valid_from": time,
            "recorded_at": PLAN_DELAYS.known_at(time, random),
            "Contract": pa.array(np.array(rates.CONTRACTS)[contract]),
            "MonthlyCharges": np.where(wrong, charge + 10, charge),
        },
    )
    return correct(found, wrong, {"MonthlyCharges": charge[wrong]}, known_at="recorded_at", random=random, mean_days=8)


def _usage(block: Block, history: History, calls: Calls) -> Rows:
    """A bill for each month at whose end the customer is there."""
    random = block.random("usage")
    ends = sorted(rates.MONTH_ENDS)
    owner, month = np.nonzero(history.moods[:, ends] >= 0)
    last = np.array(ends)[month]
    own = calls.kind != HOTLINE
    by_month = [
        calls.by_month(ends, values, block.size)[owner, month]
        for values in (own, calls.seconds * own / 60, calls.dropped, (calls.kind == ABROAD) * calls.seconds / 60)
    ]
    number, minutes, dropped, abroad = by_month
    online = history.people.columns["InternetService"] != "No"
    streams = sum((history.people.columns[name] == "Yes") for name in ("StreamingTV", "StreamingMovies"))
    usual = np.exp(random.normal(np.log(40.0), 0.7, block.size)) * (1 + np.asarray(streams)) * online
    season = np.where(np.isin(rates.MONTHS[last], (12, 1, 2)), 1.15, 1.0)
    gigabytes = np.round(usual[owner] * season * np.exp(random.normal(0, 0.3, owner.size)), 1)
    time = DAYS.starts[last + 1]
    wrong = online[owner] & (random.random(owner.size) < 0.02)
    found = Rows(
        owner,
        {
            "bill_id": row_ids("B", block, owner),
            "closed_at": time,
            "billed_at": BILLING_DELAYS.known_at(time, random),
            "billed_calls": number.astype(np.int64),
            "billed_minutes": np.round(minutes, 1),
            "dropped_calls": dropped.astype(np.int64),
            "gigabytes": np.where(wrong, 0.0, gigabytes),
            "extra_charges": np.round(0.25 * abroad, 2),
            "paid_late": history.paid_late[owner, last],
        },
    )
    # The volume of some months is missing at first.
    return correct(found, wrong, {"gigabytes": gigabytes[wrong]}, known_at="billed_at", random=random, mean_days=7)


def _cancellations(block: Block, history: History) -> Rows:
    random = block.random("cancellations")
    owner = np.flatnonzero(history.cancelled < DAYS.count)
    time = DAYS.instants(history.cancelled[owner], random.uniform(8 * HOUR, 20 * HOUR, owner.size))
    reasons = np.searchsorted(np.cumsum(REASON_SHARES)[:-1], random.random(owner.size), side="right")
    found = Rows(
        owner,
        {
            "cancellation_id": row_ids("X", block, owner),
            "cancelled_at": time,
            "recorded_at": CANCELLATION_DELAYS.known_at(time, random),
            "reason": pa.array(REASONS[reasons]),
        },
    )
    asked = random.random(owner.size) < 0.04
    corrected = {"reason": pa.array(REASONS[(reasons[asked] + 1) % REASONS.size])}
    return correct(found, asked, corrected, known_at="recorded_at", random=random, mean_days=4)
