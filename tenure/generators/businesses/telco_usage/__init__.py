"""A telephone company: the known telco table with plans, calls and monthly bills, and who cancels in 30 days.

Customers are content or annoyed, which shows in their calls and bills. The hazard of cancelling is a product over the
mood, the contract and its term, the first months, the charge and the price rise.
"""

from __future__ import annotations

from tenure.generators.block import Block
from tenure.generators.business import Business, Simulated
from tenure.generators.businesses.telco_usage import rates
from tenure.generators.businesses.telco_usage.history import live
from tenure.generators.businesses.telco_usage.people import CHECK_RATIO, INTERNET, SUPPORT_RATIO, TROUBLE_RATIOS
from tenure.generators.businesses.telco_usage.rows import rows
from tenure.generators.businesses.telco_usage.tables import KEY, TABLES
from tenure.generators.businesses.telco_usage.truth import truths


def simulate(block: Block) -> Simulated:
    """A block of customers."""
    history = live(block)
    return Simulated(block.keys("T"), rows(block, history), truths(history))


BUSINESS = Business(
    description="a telephone company with calls and monthly usage: who cancels in the 30 days after a week",
    customers=7_000,
    days=rates.DAYS,
    cuts=rates.CUTS,
    horizon=rates.HORIZON,
    gap=rates.GAP,
    tables=TABLES,
    key=KEY,
    simulate=simulate,
    effects={
        "cancel_rate_per_day": {"content": rates.CANCEL_RATES[0], "annoyed": rates.CANCEL_RATES[1]},
        "trouble_rate_per_day": rates.TROUBLE_RATE,
        "recovery_rate_per_day": rates.RECOVERY_RATE,
        "hazard_ratios": {
            "contract": dict(zip(rates.CONTRACTS, rates.CONTRACT_RATIOS.tolist(), strict=True)),
            f"{rates.RENEWAL_DAYS} days after the end of a term": rates.RENEWAL_RATIO,
            f"first {rates.NEW_DAYS} days": rates.NEW_RATIO,
            "SeniorCitizen": rates.SENIOR_RATIO,
            f"first monthly charge above {rates.EXPENSIVE_CHARGE:g}": rates.EXPENSIVE_RATIO,
            "other first monthly charges": rates.CHEAP_RATIO,
        },
        "trouble_ratios": {
            "InternetService": dict(zip(INTERNET.tolist(), TROUBLE_RATIOS.tolist(), strict=True)),
            "TechSupport": SUPPORT_RATIO,
            "Electronic check": CHECK_RATIO,
        },
        "price_rise": {
            "day": rates.DAYS.date_of(rates.PRICE_RISE).isoformat(),
            "price_factor": rates.PRICE_FACTOR,
            "trouble_ratio": 1 + rates.RISE_TROUBLE_EXCESS,
            "half_life_days": rates.RISE_HALF_LIFE,
            "hazard_ratio": rates.RISE_CANCEL_RATIO,
            "hazard_ratio_days": rates.RISE_CANCEL_DAYS,
            "contracts": rates.CONTRACTS[0],
        },
        "offer": {**rates.OFFERS.effects(rates.DAYS), "recovery_ratio": rates.OFFER_RECOVERY_RATIO},
    },
)
