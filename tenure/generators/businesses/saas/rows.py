"""The rows of the software company's tables: what shows of the hidden states."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.arrival import Delays, correct, settle
from tenure.generators.block import Block, row_ids
from tenure.generators.business import Rows
from tenure.generators.businesses.saas.accounts import Accounts
from tenure.generators.businesses.saas.hazard import GONE, SHORT, TROUBLED
from tenure.generators.businesses.saas.seats import ACTIVE_SHARE
from tenure.generators.businesses.saas.setting import BILLING_DAYS, DAYS, PLANS, PRICE_RISE
from tenure.generators.calendar import SECOND
from tenure.generators.chain import Walk, choose
from tenure.generators.daily import events_of_days, times_of_day, while_present

SEAT_PRICES = np.array([[12.0, 22.0, 38.0], [13.5, 25.0, 42.0]])
"""USD a month, by plan: before the price rise and after it."""
FEATURES = ("dashboards", "reports", "automations", "integrations", "api", "exports", "comments", "invites")
FEATURE_SHARES = np.array(
    [
        [0.20, 0.16, 0.15, 0.12, 0.10, 0.09, 0.12, 0.06],
        [0.30, 0.24, 0.08, 0.06, 0.04, 0.10, 0.14, 0.04],
        [0.48, 0.32, 0.01, 0.01, 0.01, 0.10, 0.06, 0.01],
        [0.60, 0.25, 0.00, 0.00, 0.00, 0.15, 0.00, 0.00],
    ]
)
"""Of usage, by adoption."""
USAGE_A_DAY = np.array([1.5, 0.9, 0.35, 0.06])
ACTIONS_PER_USER = np.array([9.0, 7.0, 4.0, 2.0])
AREAS = ("bug", "billing", "how to", "performance")
AREA_SHARES = np.array([[0.2, 0.15, 0.5, 0.15], [0.45, 0.1, 0.1, 0.35]])
SEVERITIES = ("low", "normal", "urgent")
SEVERITY_SHARES = np.array([[0.4, 0.52, 0.08], [0.1, 0.5, 0.4]])
"""Of tickets while the service is fine and while it is troubled."""
ROLES = ("user", "admin", "executive")
ROLE_SHARES = (0.6, 0.3, 0.1)
MEAN_SCORE = np.array([9.1, 8.2, 6.8, 5.2])
"""Answers from 0 to 10, by adoption; other states take from it."""
REPORTED_LATE = Delays(prompt_s=240, late_share=0.04, late_days=2.0)
ANSWERED_LATE = Delays(prompt_s=60, late_share=0.06, late_days=3.0)
CHANGED_LATE = Delays(prompt_s=30, late_share=0.01, late_days=2.0)


def usage(block: Block, accounts: Accounts, walk: Walk, bought: NDArray[np.int64], left: NDArray[np.int64]) -> Rows:
    """Uses of a feature: how many people used it, how often."""
    random = block.random("usage")
    adoption = walk.states["adoption"]
    workday = np.where(DAYS.weekdays < 5, 1.35, 0.12)
    size = np.sqrt(accounts.first_seats / 16.0).clip(0.6, 1.8)
    rate = np.where(adoption >= 0, USAGE_A_DAY[adoption], 0.0) * (accounts.appetite * size)[:, None] * workday
    owner, day = events_of_days(0.55 * rate, random)
    state = adoption[owner, day]
    users = 1 + random.binomial(bought[owner, day] - 1, 0.4 * ACTIVE_SHARE[state])
    rows = while_present(
        owner,
        {
            "happened_at": times_of_day(DAYS, day, random, peak_hour=13.5, spread_hours=3.2),
            "feature": np.array(FEATURES)[choose(random, FEATURE_SHARES[state])],
            "users": users,
            "actions": users + random.poisson(users * ACTIONS_PER_USER[state]),
        },
        "happened_at",
        accounts.created,
        left,
    )
    columns = dict(rows.columns)
    columns["feature"] = pa.array(columns["feature"])
    columns["received_at"] = REPORTED_LATE.known_at(columns["happened_at"], random)
    columns["event_id"] = row_ids("u", block, rows.owner)
    twice = random.random(rows.owner.size) < 0.008
    # A collector had counted actions twice.
    values = {"actions": np.maximum(1, columns["actions"][twice] // 2)}
    return correct(Rows(rows.owner, columns), twice, values, known_at="received_at", random=random, mean_days=4.0)


def invoices(block: Block, accounts: Accounts, walk: Walk, bought: NDArray[np.int64], left: NDArray[np.int64]) -> Rows:
    """A bill a month, open at first; a second version says when it was paid."""
    random = block.random("invoices")
    money = walk.states["money"]
    owner, day = np.nonzero((money >= 0) & (accounts.age % BILLING_DAYS == 0))
    short = money[owner, day] == SHORT
    price = SEAT_PRICES[(day >= DAYS.number_of(PRICE_RISE)).astype(np.int64), accounts.plan[owner]]
    rows = while_present(
        owner,
        {
            "issued_at": times_of_day(DAYS, day, random, peak_hour=23.5, spread_hours=0.1),
            "amount": np.round(price * bought[owner, day], 2),
            "pays_after": np.round(random.gamma(2.0, np.where(short, 18.0, 4.0)), 1),
        },
        "issued_at",
        accounts.created,
        left,
    )
    columns = dict(rows.columns)
    pays_after = columns.pop("pays_after")
    columns["status"] = pa.array(["open"] * rows.owner.size, pa.string())
    columns["days_to_pay"] = pa.nulls(rows.owner.size, pa.float64())
    columns["recorded_at"] = columns["issued_at"] + 5 * SECOND
    columns["invoice_id"] = row_ids("i", block, rows.owner)
    paid = {"status": ["paid"] * rows.owner.size, "days_to_pay": pays_after}
    return settle(Rows(rows.owner, columns), paid, known_at="recorded_at", seconds=pays_after * 86_400)


def tickets(block: Block, accounts: Accounts, walk: Walk, left: NDArray[np.int64]) -> Rows:
    """Requests to support; a second version says how long the solution took."""
    random = block.random("tickets")
    service = walk.states["service"]
    troubled = service == TROUBLED
    workday = np.where(DAYS.weekdays < 5, 1.3, 0.25)
    rate = (
        np.where(service >= 0, 0.006 + 0.08 * troubled, 0.0) * workday * np.sqrt(accounts.first_seats / 16.0)[:, None]
    )
    owner, day = events_of_days(rate, random)
    bad = troubled[owner, day].astype(np.int64)
    rows = while_present(
        owner,
        {
            "opened_at": times_of_day(DAYS, day, random, peak_hour=14.0, spread_hours=3.0),
            "severity": np.array(SEVERITIES)[choose(random, SEVERITY_SHARES[bad])],
            "area": np.array(AREAS)[choose(random, AREA_SHARES[bad])],
            "hours": np.round(random.gamma(1.5, np.where(bad == 1, 50.0, 10.0)), 1),
        },
        "opened_at",
        accounts.created,
        left,
    )
    columns = dict(rows.columns)
    hours = columns.pop("hours")
    columns["severity"], columns["area"] = pa.array(columns["severity"]), pa.array(columns["area"])
    columns["hours_to_solve"] = pa.nulls(rows.owner.size, pa.float64())
    columns["recorded_at"] = columns["opened_at"] + 30 * SECOND
    columns["ticket_id"] = row_ids("t", block, rows.owner)
    return settle(Rows(rows.owner, columns), {"hours_to_solve": hours}, known_at="recorded_at", seconds=hours * 3600)


def nps(block: Block, accounts: Accounts, walk: Walk, left: NDArray[np.int64]) -> Rows:
    """Answers to the question whether somebody would recommend the product; a few are changed afterwards."""
    random = block.random("nps")
    adoption = walk.states["adoption"]
    rate = np.where(adoption >= 0, 0.008, 0.0) * np.sqrt(accounts.first_seats / 16.0)[:, None]
    owner, day = events_of_days(rate, random)
    mean = (
        MEAN_SCORE[adoption[owner, day]]
        - 1.8 * (walk.states["sponsor"][owner, day] == GONE)
        - 2.2 * (walk.states["service"][owner, day] == TROUBLED)
    )
    rows = while_present(
        owner,
        {
            "answered_at": times_of_day(DAYS, day, random, peak_hour=11.0, spread_hours=3.0),
            "score": np.clip(np.rint(mean + 1.6 * random.standard_normal(owner.size)), 0, 10).astype(np.int64),
            "role": np.array(ROLES)[random.choice(len(ROLES), owner.size, p=ROLE_SHARES)],
        },
        "answered_at",
        accounts.created,
        left,
    )
    columns = dict(rows.columns)
    columns["role"] = pa.array(columns["role"])
    columns["recorded_at"] = ANSWERED_LATE.known_at(columns["answered_at"], random)
    columns["answer_id"] = row_ids("n", block, rows.owner)
    changed = random.random(rows.owner.size) < 0.02
    values = {"score": np.maximum(0, columns["score"][changed] - 2)}
    return correct(Rows(rows.owner, columns), changed, values, known_at="recorded_at", random=random, mean_days=2.0)


def subscriptions(block: Block, accounts: Accounts, walk: Walk, left: NDArray[np.int64]) -> Rows:
    """What an account pays for a seat from when on, and that it has cancelled."""
    random = block.random("subscriptions")
    present = walk.states["adoption"] >= 0
    rise = DAYS.number_of(PRICE_RISE)
    days = np.arange(DAYS.count)
    created = days == accounts.entered[:, None]
    risen = (days == rise) & present & ~created
    owner, day = np.nonzero(created | risen)
    time = np.where(created[owner, day], accounts.created[owner], DAYS.starts[day])
    leaves = np.flatnonzero(left < DAYS.starts[-1])
    leaving_day = walk.first_event()[leaves]
    # The last row is written at the instant of leaving.
    until = np.where(left < DAYS.starts[-1], left + 1, left)
    rows = while_present(
        np.concatenate([owner, leaves]),
        {
            "valid_from": np.concatenate([time, left[leaves]]),
            "status": np.concatenate([np.full(owner.size, "active"), np.full(leaves.size, "cancelled")]),
            "day": np.concatenate([day, leaving_day]),
        },
        "valid_from",
        accounts.created,
        until,
    )
    columns = dict(rows.columns)
    after = (columns.pop("day") >= rise).astype(np.int64)
    plan = accounts.plan[rows.owner]
    known = CHANGED_LATE.known_at(columns["valid_from"], random)
    first = columns["valid_from"] == accounts.created[rows.owner]
    gone = columns["status"] == "cancelled"
    # The first row is written with the account, and that an account has cancelled is known at once.
    columns["recorded_at"] = np.where(first | gone, columns["valid_from"], known)
    columns["status"] = pa.array(columns["status"])
    columns["plan"] = pa.array(np.array(PLANS)[plan])
    columns["seat_price"] = SEAT_PRICES[after, plan]
    columns["change_id"] = row_ids("c", block, rows.owner)
    return Rows(rows.owner, columns)
