"""An online shop: orders, deliveries, returns, visits, a loyalty scheme, and who orders nothing for 90 days.

Customers order at a rhythm of their own until they lapse, which nobody tells the shop. The hazard of lapsing is a
product over how they found the shop, the newsletter, their tier, the first months, late deliveries and the price rise.
"""

from __future__ import annotations

from tenure.generators.block import Block
from tenure.generators.business import Business, Simulated
from tenure.generators.businesses.retail import rates
from tenure.generators.businesses.retail.history import live
from tenure.generators.businesses.retail.rows import rows
from tenure.generators.businesses.retail.tables import KEY, TABLES
from tenure.generators.businesses.retail.truth import truths


def simulate(block: Block) -> Simulated:
    """A block of customers."""
    history = live(block)
    return Simulated(block.keys("C"), rows(block, history), truths(history))


BUSINESS = Business(
    description="an online shop: who orders nothing for 90 days, and how much is sold",
    customers=6_000,
    days=rates.DAYS,
    cuts=rates.CUTS,
    horizon=rates.HORIZON,
    tables=TABLES,
    key=KEY,
    simulate=simulate,
    effects={
        "lapse_rate_per_day": rates.LAPSE_RATE,
        "hazard_ratios": {
            "channel": dict(zip(rates.CHANNELS, rates.CHANNEL_RATIOS.tolist(), strict=True)),
            "newsletter": rates.NEWSLETTER_RATIO,
            "tier": dict(zip(rates.TIERS, rates.TIER_RATIOS.tolist(), strict=True)),
            f"first {rates.NEW_DAYS} days": rates.NEW_RATIO,
            f"{rates.LATE_DAYS} days after a late delivery": rates.LATE_RATIO,
        },
        "days_between_orders": rates.INTERVALS.tolist(),
        "orders_by_month": rates.BY_MONTH.tolist(),
        "price_rise": {
            "day": rates.DAYS.date_of(rates.PRICE_RISE).isoformat(),
            "price_factor": rates.PRICE_FACTOR,
            "hazard_ratio": 1 + rates.RISE_EXCESS,
            "half_life_days": rates.RISE_HALF_LIFE,
            "spared_tier": rates.TIERS[rates.GOLD],
        },
        "offer": rates.OFFERS.effects(rates.DAYS),
    },
)
