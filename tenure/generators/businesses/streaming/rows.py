"""The rows of the video service's tables: what shows of the hidden states."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.arrival import Delays, correct, settle
from tenure.generators.block import Block, row_ids
from tenure.generators.business import Rows
from tenure.generators.businesses.streaming.hazard import ANNOYED, FAILED
from tenure.generators.businesses.streaming.people import People
from tenure.generators.businesses.streaming.setting import BILLING_DAYS, DAYS, PLANS, PRICE_RISE, SEASON_PEAK
from tenure.generators.calendar import SECOND
from tenure.generators.chain import Walk, choose
from tenure.generators.daily import events_of_days, times_of_day, while_present

SESSIONS_A_DAY = np.array([0.6, 0.25, 0.04])
SESSION_MINUTES = np.array([70.0, 52.0, 30.0])
"""By engagement."""
PRICES = np.array([[6.99, 10.99, 15.99], [7.99, 12.99, 18.99]])
"""EUR a month, by plan: before the price rise and after it."""
DEVICES = ("tv", "mobile", "tablet", "laptop")
DEVICE_SHARES = (0.55, 0.2, 0.1, 0.15)
MOBILE = 1
GENRES = ("series", "film", "kids", "sport", "documentary")
GENRE_SHARES = (0.45, 0.25, 0.1, 0.12, 0.08)
TOPICS = ("billing", "playback", "content", "account")
TOPIC_SHARES = np.array([[0.25, 0.25, 0.25, 0.25], [0.4, 0.4, 0.1, 0.1]])
"""Of tickets of calm and of annoyed subscribers."""
REASONS = ("price", "content", "no time", "other")
REASON_SHARES = (0.35, 0.3, 0.25, 0.1)

SESSION_DELAYS = Delays(prompt_s=90, late_share=0.03, late_days=2.5)
PLAN_DELAYS = Delays(prompt_s=20, late_share=0.005, late_days=2.0)
BOOKING_DELAYS = Delays(prompt_s=3600, late_share=0.02, late_days=1.0)


def sessions(block: Block, people: People, walk: Walk, left: NDArray[np.int64]) -> Rows:
    random = block.random("sessions")
    engagement = walk.states["engagement"]
    weekend = np.where(DAYS.weekdays >= 4, 1.25, 0.9)
    winter = 1 - 0.2 * DAYS.season(SEASON_PEAK)
    rate = np.where(engagement >= 0, SESSIONS_A_DAY[engagement], 0.0) * people.appetite[:, None] * weekend * winter
    owner, day = events_of_days(rate, random)
    state = engagement[owner, day]
    young = people.born[owner] > 1995
    phone = young & (random.random(owner.size) < 0.5)
    rows = while_present(
        owner,
        {
            "started_at": times_of_day(DAYS, day, random, peak_hour=20.5, spread_hours=3.0),
            "minutes": np.round(np.minimum(random.gamma(2.0, SESSION_MINUTES[state] / 2.0), 600.0), 1),
            "device": np.array(DEVICES)[np.where(phone, MOBILE, random.choice(4, owner.size, p=DEVICE_SHARES))],
            "genre": np.array(GENRES)[random.choice(5, owner.size, p=GENRE_SHARES)],
        },
        "started_at",
        people.signed_up,
        left,
    )
    columns = dict(rows.columns)
    columns["received_at"] = SESSION_DELAYS.known_at(columns["started_at"], random)
    columns["session_id"] = row_ids("v", block, rows.owner)
    columns["device"], columns["genre"] = pa.array(columns["device"]), pa.array(columns["genre"])
    changed = random.random(rows.owner.size) < 0.01
    # The player counted while it was paused.
    values = {"minutes": np.round(columns["minutes"][changed] * 0.5, 1)}
    return correct(Rows(rows.owner, columns), changed, values, known_at="received_at", random=random, mean_days=3.0)


def payments(block: Block, people: People, walk: Walk, left: NDArray[np.int64]) -> Rows:
    random = block.random("payments")
    billing, age = walk.states["billing"], people.age
    before = np.concatenate([np.zeros((block.size, 1), dtype=np.int8), billing[:, :-1]], axis=1)
    due = (billing >= 0) & (age > 0) & (age % BILLING_DAYS == 0) & (before != FAILED)
    recovered = (billing == 0) & (before == FAILED)
    # The payment service tries again every few days.
    tried = (billing == FAILED) & (before == FAILED) & (random.random(billing.shape) < 0.3)
    owner, day = np.nonzero(due | recovered | tried)
    failed = billing[owner, day] == FAILED
    plan = walk.states["plan"][owner, day]
    risen = (day >= DAYS.number_of(PRICE_RISE)).astype(np.int64)
    rows = while_present(
        owner,
        {
            "charged_at": times_of_day(DAYS, day, random, peak_hour=3.0, spread_hours=0.8),
            "amount": PRICES[risen, plan],
            "status": np.where(failed, "failed", "ok"),
        },
        "charged_at",
        people.signed_up,
        left,
    )
    columns = dict(rows.columns)
    # Some payments are reported as failed and turn out to be good.
    wrong = (columns["status"] == "ok") & (random.random(rows.owner.size) < 0.006)
    columns["status"] = pa.array(np.where(wrong, "failed", columns["status"]))
    columns["booked_at"] = BOOKING_DELAYS.known_at(columns["charged_at"], random)
    columns["payment_id"] = row_ids("p", block, rows.owner)
    return correct(
        Rows(rows.owner, columns),
        wrong,
        {"status": ["ok"] * int(wrong.sum())},
        known_at="booked_at",
        random=random,
        mean_days=4.0,
    )


def tickets(block: Block, people: People, walk: Walk, left: NDArray[np.int64]) -> Rows:
    random = block.random("tickets")
    support = walk.states["support"]
    annoyed = support == ANNOYED
    began = annoyed.copy()
    began[:, 1:] &= ~annoyed[:, :-1]
    rate = np.where(support >= 0, 0.0012, 0.0) + 0.9 * began + 0.04 * annoyed
    owner, day = events_of_days(rate, random)
    bad = annoyed[owner, day]
    rows = while_present(
        owner,
        {
            "opened_at": times_of_day(DAYS, day, random, peak_hour=18.0, spread_hours=4.0),
            "topic": np.array(TOPICS)[choose(random, TOPIC_SHARES[bad.astype(np.int64)])],
            "solved": np.round(random.gamma(1.5, np.where(bad, 40.0, 8.0)), 1),
        },
        "opened_at",
        people.signed_up,
        left,
    )
    columns = dict(rows.columns)
    solved = columns.pop("solved")
    columns["topic"] = pa.array(columns["topic"])
    columns["recorded_at"] = columns["opened_at"] + 30 * SECOND
    columns["ticket_id"] = row_ids("t", block, rows.owner)
    columns["hours_to_solve"] = pa.nulls(rows.owner.size, pa.float64())
    return settle(Rows(rows.owner, columns), {"hours_to_solve": solved}, known_at="recorded_at", seconds=solved * 3600)


def plans(block: Block, people: People, walk: Walk, left: NDArray[np.int64]) -> Rows:
    random = block.random("plans")
    plan = walk.states["plan"]
    rise = DAYS.number_of(PRICE_RISE)
    days = np.arange(DAYS.count)
    changed = np.zeros(plan.shape, dtype=bool)
    changed[:, 1:] = (plan[:, 1:] >= 0) & (plan[:, :-1] >= 0) & (plan[:, 1:] != plan[:, :-1])
    signed = days == people.entered[:, None]
    risen = (days == rise) & (plan >= 0) & ~signed
    owner, day = np.nonzero(changed | signed | risen)
    step = plan[owner, day].astype(np.int64) - np.where(day > 0, plan[owner, np.maximum(day - 1, 0)], 0)
    cause = np.where(step > 0, "upgrade", "downgrade")
    cause = np.where(~changed[owner, day], "price rise", cause)
    cause = np.where(signed[owner, day], "sign-up", cause)
    time = times_of_day(DAYS, day, random, peak_hour=13.0, spread_hours=4.0)
    time = np.where(cause == "price rise", DAYS.starts[day], time)
    time = np.where(cause == "sign-up", people.signed_up[owner], time)
    rows = while_present(
        owner,
        {
            "valid_from": time,
            "plan": np.array(PLANS)[plan[owner, day]],
            "price": PRICES[(day >= rise).astype(np.int64), plan[owner, day]],
            "cause": cause,
        },
        "valid_from",
        people.signed_up,
        left,
    )
    columns = dict(rows.columns)
    columns["recorded_at"] = PLAN_DELAYS.known_at(columns["valid_from"], random)
    # The row of a sign-up is written with the subscriber.
    columns["recorded_at"] = np.where(columns["cause"] == "sign-up", columns["valid_from"], columns["recorded_at"])
    columns["change_id"] = row_ids("c", block, rows.owner)
    columns["plan"], columns["cause"] = pa.array(columns["plan"]), pa.array(columns["cause"])
    return Rows(rows.owner, columns)


def cancellations(block: Block, walk: Walk, left: NDArray[np.int64]) -> Rows:
    random = block.random("reasons")
    owner = np.flatnonzero(left < DAYS.starts[-1])
    day = walk.first_event()[owner]
    reason = np.array(REASONS)[random.choice(4, owner.size, p=REASON_SHARES)]
    reason = np.where(walk.states["billing"][owner, day] == FAILED, "payment", reason)
    return Rows(owner, {"cancelled_at": left[owner], "reason": pa.array(reason)})
