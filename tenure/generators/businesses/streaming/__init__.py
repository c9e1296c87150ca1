"""A video service: subscribers, sessions, payments, support tickets, plan changes, and who cancels within 30 days.

A subscriber is engaged, casual or fading; the card works or fails; support has annoyed them or not; the plan is one of
three. Each changes from day to day, and the hazard of cancelling is a product over them, the weeks since sign-up, the
season and the price rise. Of these only the plan is in the tables: the others show in sessions, payments and tickets.
"""

from __future__ import annotations

from tenure.generators.block import Block
from tenure.generators.business import Business, Simulated
from tenure.generators.businesses.streaming import rows
from tenure.generators.businesses.streaming.hazard import EFFECTS, hazard_of
from tenure.generators.businesses.streaming.people import People
from tenure.generators.businesses.streaming.setting import CUTS, DAYS, HORIZON, OFFERS, TIMES
from tenure.generators.businesses.streaming.tables import TABLES
from tenure.generators.daily import instants_of_leaving
from tenure.generators.leaving import truth_of_leaving


def simulate(block: Block) -> Simulated:
    """Subscribers of a block, with all their rows."""
    people = People(block)
    chain = hazard_of(people)
    walk = chain.walk(people.entered, block.random("chain"), leave=True)
    left = instants_of_leaving(DAYS, walk, block.random("leaving"), peak_hour=20.0, spread_hours=3.0)
    left = left.clip(people.signed_up + 1)
    tables = {
        "subscribers": people.rows(),
        "plans": rows.plans(block, people, walk, left),
        "sessions": rows.sessions(block, people, walk, left),
        "payments": rows.payments(block, people, walk, left),
        "tickets": rows.tickets(block, people, walk, left),
        "cancellations": rows.cancellations(block, walk, left),
        "treatments": OFFERS.rows(block, DAYS, walk.states["offer"]),
    }
    truths = [truth_of_leaving(chain, walk, cut, horizon=HORIZON, times=TIMES) for cut in CUTS]
    return Simulated(block.keys("S"), tables, truths)


BUSINESS = Business(
    description="a video service: who cancels within 30 days",
    customers=10_000,
    days=DAYS,
    cuts=CUTS,
    horizon=HORIZON,
    tables=TABLES,
    key="subscriber_id",
    simulate=simulate,
    effects=EFFECTS,
)
