"""Software for teams: accounts, seats, usage, invoices, tickets, NPS answers, and who cancels within 60 days.

An account's adoption is broad, partial, shallow or dormant; its sponsor is there or gone; the service is fine or
troubled; money is there or short. Each changes from day to day, and the hazard of cancelling is a product over them,
the account's size and age, the season and the price rise. None of the four is in the tables.
"""

from __future__ import annotations

from tenure.generators.block import Block
from tenure.generators.business import Business, Simulated
from tenure.generators.businesses.saas import rows
from tenure.generators.businesses.saas.accounts import Accounts
from tenure.generators.businesses.saas.hazard import EFFECTS, hazard_of
from tenure.generators.businesses.saas.seats import seats_bought, seats_table
from tenure.generators.businesses.saas.setting import CUTS, DAYS, GAP, HORIZON, OFFERS, TIMES
from tenure.generators.businesses.saas.tables import TABLES
from tenure.generators.daily import instants_of_leaving
from tenure.generators.leaving import truth_of_leaving


def simulate(block: Block) -> Simulated:
    """Accounts of a block, with all their rows."""
    accounts = Accounts(block)
    chain = hazard_of(accounts)
    walk = chain.walk(accounts.entered, block.random("chain"), leave=True)
    left = instants_of_leaving(DAYS, walk, block.random("leaving"), peak_hour=15.0, spread_hours=2.5)
    # Whoever leaves on the first day does so after the account is created.
    left = left.clip(accounts.created + 1)
    bought = seats_bought(block, accounts, walk)
    tables = {
        "accounts": accounts.rows(),
        "subscriptions": rows.subscriptions(block, accounts, walk, left),
        "seats": seats_table(block, accounts, walk, bought, left),
        "usage": rows.usage(block, accounts, walk, bought, left),
        "invoices": rows.invoices(block, accounts, walk, bought, left),
        "tickets": rows.tickets(block, accounts, walk, left),
        "nps": rows.nps(block, accounts, walk, left),
        "treatments": OFFERS.rows(block, DAYS, walk.states["offer"]),
    }
    truths = [truth_of_leaving(chain, walk, cut, horizon=HORIZON, gap=GAP, times=TIMES) for cut in CUTS]
    return Simulated(block.keys("A"), tables, truths)


BUSINESS = Business(
    description="software for teams: who cancels within 60 days, a week from now",
    customers=6_000,
    days=DAYS,
    cuts=CUTS,
    horizon=HORIZON,
    gap=GAP,
    tables=TABLES,
    key="account_id",
    simulate=simulate,
    effects=EFFECTS,
)
