"""A video service: subscribers, sessions, payments, support tickets, plan changes, and who cancels within 30 days.

A subscriber is engaged, casual or fading; the card works or fails; support has annoyed them or not; the plan is one of
three. Each changes from day to day, and the hazard of cancelling is a product over them, the weeks since sign-up, the
season and the price rise. None of the four is in the tables: they show in sessions, payments, tickets and plans.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.arrival import Delays, correct
from tenure.generators.block import Block, row_ids
from tenure.generators.business import Business, Rows, Simulated, Table, Truth, rolling_cuts
from tenure.generators.calendar import SECOND, Days
from tenure.generators.chain import Array, Chain, Component, Walk, choose, constant
from tenure.generators.daily import events_of_days, instants_of_leaving, times_of_day, while_present
from tenure.generators.offers import Offers, treatments

DAYS = Days(date(2025, 3, 1), 610, "Europe/Berlin")
HORIZON = 30
CUTS = rolling_cuts(DAYS, every=30, count=6, horizon=HORIZON)
SIGN_UPS_END = DAYS.count - 5
BILLING_DAYS = 30

COUNTRIES = ("DE", "AT", "CH", "NL", "FR")
COUNTRY_SHARES = (0.52, 0.12, 0.08, 0.16, 0.12)
CHANNELS = ("search", "partner", "discount", "friend")
CHANNEL_SHARES = (0.4, 0.2, 0.25, 0.15)
CHANNEL_LOG_HAZARD = np.array([0.0, 0.1, 0.35, -0.3])
METHODS = ("card", "debit", "wallet", "prepaid")
METHOD_SHARES = (0.45, 0.3, 0.17, 0.08)
METHOD_FAILURES = np.array([0.045, 0.02, 0.03, 0.14])
"""Share of payments that fail for the first time."""

ENGAGED, CASUAL, FADING = 0, 1, 2
ENGAGEMENT_LOG_HAZARD = np.array([-1.3, 0.0, 2.2])
SESSIONS_A_DAY = np.array([0.46, 0.2, 0.05])
SESSION_MINUTES = np.array([70.0, 52.0, 30.0])
FAILED = 1
FAILED_LOG_HAZARD = 2.2
RECOVERY = 0.06
"""A day's chance that a failed payment is made good."""
ANNOYED = 1
ANNOYED_LOG_HAZARD = 1.8
PLANS = ("basic", "standard", "premium")
PLAN_SHARES = np.array([0.3, 0.5, 0.2])
PLAN_LOG_HAZARD = np.array([0.1, 0.0, -0.25])
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

BASE_LOG_HAZARD = -6.23
FIRST_WEEKS_LOG_HAZARD = 0.6
FIRST_WEEKS_DAYS = 40.0
SEASON_LOG_HAZARD = 0.25
SEASON_PEAK = date(2025, 7, 10)
PRICE_RISE = date(2026, 7, 15)
PRICE_RISE_LOG_HAZARD = 0.6
PRICE_RISE_HALF_LIFE = 30.0
DISCOUNT_SENSITIVITY = 1.6
"""Of those who came by a discount: the price rise's effect on the log hazard, in multiples of the others'."""

OFFERS = Offers(
    "month half price",
    days=tuple(DAYS.number_of(day) for day in (date(2026, 2, 10), date(2026, 5, 12), date(2026, 8, 18))),
    lasts=45,
    share=0.2,
    hazard_ratio=0.6,
)

INSTANT = pa.timestamp("us", tz="UTC")
TABLES = {
    "subscribers": Table(
        "subscribers.csv",
        "subscriber_id",
        {
            "subscriber_id": pa.string(),
            "signed_up_at": INSTANT,
            "country": pa.string(),
            "channel": pa.string(),
            "payment_method": pa.string(),
            "birth_year": pa.int64(),
        },
        time="signed_up_at",
    ),
    "plans": Table(
        "plans.csv",
        "subscriber",
        {
            "change_id": pa.string(),
            "subscriber": pa.string(),
            "valid_from": INSTANT,
            "recorded_at": INSTANT,
            "plan": pa.string(),
            "price": pa.float64(),
            "cause": pa.string(),
        },
        time="valid_from",
        known_at="recorded_at",
        row_id="change_id",
    ),
    "sessions": Table(
        "sessions.parquet",
        "subscriber",
        {
            "session_id": pa.string(),
            "subscriber": pa.string(),
            "started_at": INSTANT,
            "received_at": INSTANT,
            "minutes": pa.float64(),
            "device": pa.string(),
            "genre": pa.string(),
        },
        time="started_at",
        known_at="received_at",
        row_id="session_id",
    ),
    "payments": Table(
        "payments.parquet",
        "subscriber",
        {
            "payment_id": pa.string(),
            "subscriber": pa.string(),
            "charged_at": INSTANT,
            "booked_at": INSTANT,
            "amount": pa.float64(),
            "status": pa.string(),
        },
        time="charged_at",
        known_at="booked_at",
        row_id="payment_id",
    ),
    "tickets": Table(
        "tickets.parquet",
        "subscriber",
        {
            "ticket_id": pa.string(),
            "subscriber": pa.string(),
            "opened_at": INSTANT,
            "recorded_at": INSTANT,
            "topic": pa.string(),
            "hours_to_solve": pa.float64(),
        },
        time="opened_at",
        known_at="recorded_at",
        row_id="ticket_id",
    ),
    "cancellations": Table(
        "cancellations.parquet",
        "subscriber",
        {"subscriber": pa.string(), "cancelled_at": INSTANT, "reason": pa.string()},
        time="cancelled_at",
    ),
    "treatments": treatments("subscriber"),
}

SESSION_DELAYS = Delays(prompt_s=90, late_share=0.03, late_days=2.5)
PLAN_DELAYS = Delays(prompt_s=20, late_share=0.005, late_days=2.0)
BOOKING_DELAYS = Delays(prompt_s=3600, late_share=0.02, late_days=1.0)


def simulate(block: Block) -> Simulated:
    """Subscribers of a block, with all their rows."""
    people = _People(block)
    chain = _chain(people)
    walk = chain.walk(people.entered, block.random("chain"), leave=True)
    left = instants_of_leaving(DAYS, walk, block.random("leaving"), peak_hour=20.0, spread_hours=3.0)
    tables = {
        "subscribers": people.rows(),
        "plans": _plans(block, people, walk, left),
        "sessions": _sessions(block, people, walk, left),
        "payments": _payments(block, people, walk, left),
        "tickets": _tickets(block, people, walk, left),
        "cancellations": _cancellations(block, walk, left),
        "treatments": OFFERS.rows(block, DAYS, walk.states["offer"]),
    }
    return Simulated(block.keys("S"), tables, [_truth(chain, walk, cut) for cut in CUTS])


class _People:
    """What subscribers are, from the day on which they sign up."""

    def __init__(self, block: Block) -> None:
        random = block.random("people")
        odds = 1 - 0.3 * DAYS.season(SEASON_PEAK)[:SIGN_UPS_END]
        self.entered = random.choice(SIGN_UPS_END, block.size, p=odds / odds.sum())
        self.signed_up = times_of_day(DAYS, self.entered, random, peak_hour=19.5, spread_hours=3.5)
        self.country = random.choice(len(COUNTRIES), block.size, p=COUNTRY_SHARES)
        self.channel = random.choice(len(CHANNELS), block.size, p=CHANNEL_SHARES)
        self.method = random.choice(len(METHODS), block.size, p=METHOD_SHARES)
        self.born = np.clip(random.normal(1986, 13, block.size), 1940, 2008).astype(np.int64)
        self.appetite = random.lognormal(0.0, 0.4, block.size)
        """How much somebody watches in any state: no sign of leaving."""

    def rows(self) -> Rows:
        columns = {
            "signed_up_at": self.signed_up,
            "country": pa.array(np.array(COUNTRIES)[self.country]),
            "channel": pa.array(np.array(CHANNELS)[self.channel]),
            "payment_method": pa.array(np.array(METHODS)[self.method]),
            "birth_year": self.born,
        }
        return Rows(np.arange(self.entered.size), columns)

    def age(self) -> NDArray[np.int64]:
        """Days since sign-up, (customers, days); negative before it."""
        return np.arange(DAYS.count) - self.entered[:, None]


def _chain(people: _People) -> Chain:
    rise = DAYS.number_of(PRICE_RISE)
    age = people.age()
    log_rate = (
        BASE_LOG_HAZARD
        + CHANNEL_LOG_HAZARD[people.channel][:, None]
        + FIRST_WEEKS_LOG_HAZARD * np.exp(-np.maximum(age, 0) / FIRST_WEEKS_DAYS)
        + SEASON_LOG_HAZARD * DAYS.season(SEASON_PEAK)
        + _price_rise(people)[:, None] * DAYS.fading(rise, PRICE_RISE_HALF_LIFE)
    )
    season = DAYS.season(SEASON_PEAK)

    def engagement(day: int) -> Array:
        summer = 1 + 0.3 * season[day]
        down, up = 0.007 * summer, 0.006 / summer
        return np.array([[1 - down, down, 0], [up, 1 - up - down, down], [0, up, 1 - up]])

    failures = METHOD_FAILURES[people.method]

    def billing(day: int) -> Array:
        due = (age[:, day] > 0) & (age[:, day] % BILLING_DAYS == 0)
        fails = np.where(due, failures, 0.0)
        failed = np.broadcast_to([RECOVERY, 1 - RECOVERY], (fails.size, 2))
        return np.stack([np.stack([1 - fails, fails], axis=1), failed], axis=1)

    def plan(day: int) -> Array:
        up, down = 0.0006, 0.0006 + 0.004 * DAYS.fading(rise, PRICE_RISE_HALF_LIFE)[day]
        return np.array([[1 - up, up, 0], [down, 1 - up - down, up], [0, down, 1 - down]])

    friendly = np.where(people.channel == CHANNELS.index("friend"), 0.1, 0.0)
    start = np.stack([0.5 + friendly, np.full_like(friendly, 0.4), 0.1 - friendly], axis=1)
    return Chain(
        {
            "engagement": Component(start, engagement, ENGAGEMENT_LOG_HAZARD),
            "billing": Component(np.array([1.0, 0.0]), billing, np.array([0.0, FAILED_LOG_HAZARD])),
            "support": Component(
                np.array([1.0, 0.0]), constant([[0.998, 0.002], [0.05, 0.95]]), np.array([0.0, ANNOYED_LOG_HAZARD])
            ),
            "plan": Component(PLAN_SHARES, plan, PLAN_LOG_HAZARD),
            "offer": OFFERS.component(),
        },
        log_rate,
    )


def _price_rise(people: _People) -> Array:
    """The price rise's effect on the log hazard, on its day, of those who were there before; (customers,)."""
    sensitivity = np.where(people.channel == CHANNELS.index("discount"), DISCOUNT_SENSITIVITY, 1.0)
    return PRICE_RISE_LOG_HAZARD * sensitivity * (people.entered < DAYS.number_of(PRICE_RISE))


def _sessions(block: Block, people: _People, walk: Walk, left: NDArray[np.int64]) -> Rows:
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


def _payments(block: Block, people: _People, walk: Walk, left: NDArray[np.int64]) -> Rows:
    random = block.random("payments")
    billing, age = walk.states["billing"], people.age()
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


def _tickets(block: Block, people: _People, walk: Walk, left: NDArray[np.int64]) -> Rows:
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
    everything = np.ones(rows.owner.size, dtype=bool)
    both = correct(
        Rows(rows.owner, columns),
        everything,
        {"hours_to_solve": solved},
        known_at="recorded_at",
        random=random,
        mean_days=0.0,
    )
    # The second version of a ticket is its solution, and known when that is.
    columns = dict(both.columns)
    hours = columns["hours_to_solve"].to_numpy(zero_copy_only=False)
    known = columns["opened_at"] + (np.nan_to_num(hours) * 3600 * SECOND).astype(np.int64) + 60 * SECOND
    columns["recorded_at"] = np.where(np.isnan(hours), columns["recorded_at"], known)
    return Rows(both.owner, columns)


def _plans(block: Block, people: _People, walk: Walk, left: NDArray[np.int64]) -> Rows:
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


def _cancellations(block: Block, walk: Walk, left: NDArray[np.int64]) -> Rows:
    random = block.random("reasons")
    owner = np.flatnonzero(left < DAYS.starts[-1])
    day = walk.first_event()[owner]
    reason = np.array(["price", "content", "no time", "other"])[random.choice(4, owner.size, p=[0.35, 0.3, 0.25, 0.1])]
    reason = np.where(walk.states["billing"][owner, day] == FAILED, "payment", reason)
    return Rows(owner, {"cancelled_at": left[owner], "reason": pa.array(reason)})


def _truth(chain: Chain, walk: Walk, cut: int) -> Truth:
    states = walk.before(cut)
    left = walk.first_event()
    owner = np.flatnonzero((states["plan"] >= 0) & (left >= cut))
    probability = 1 - chain.no_event(states, cut, cut + HORIZON)
    label = (left < cut + HORIZON).astype(np.int64)
    columns = {"hazard": chain.rate(states, cut)[owner], "offered": (states["offer"] == 1)[owner].astype(np.float64)}
    return Truth(cut, owner, probability[owner], label[owner], columns)


BUSINESS = Business(
    description="a video service: who cancels within 30 days",
    customers=10_000,
    days=DAYS,
    cuts=CUTS,
    horizon=HORIZON,
    tables=TABLES,
    key="subscriber_id",
    simulate=simulate,
    effects={
        "log_hazard": {
            "engagement": dict(zip(("engaged", "casual", "fading"), ENGAGEMENT_LOG_HAZARD.tolist(), strict=True)),
            "failed payment": FAILED_LOG_HAZARD,
            "annoyed by support": ANNOYED_LOG_HAZARD,
            "plan": dict(zip(PLANS, PLAN_LOG_HAZARD.tolist(), strict=True)),
            "channel": dict(zip(CHANNELS, CHANNEL_LOG_HAZARD.tolist(), strict=True)),
            "first weeks": FIRST_WEEKS_LOG_HAZARD,
            "season": SEASON_LOG_HAZARD,
        },
        "price_rise": {
            "day": PRICE_RISE.isoformat(),
            "log_hazard": PRICE_RISE_LOG_HAZARD,
            "half_life_days": PRICE_RISE_HALF_LIFE,
            "times_for_discount": DISCOUNT_SENSITIVITY,
        },
        "offer": OFFERS.effects(DAYS),
    },
)
