"""The days of the software company, what there is to choose from, and its campaigns."""

from __future__ import annotations

from datetime import date

from tenure.generators.business import rolling_cuts
from tenure.generators.calendar import Days
from tenure.generators.offers import Offers

DAYS = Days(date(2024, 5, 1), 914, "America/New_York")
HORIZON = 60
TIMES = (30,)
"""Days within which the truth is known, too."""
GAP = 7
"""Days that an account manager has to act."""
CUTS = rolling_cuts(DAYS, every=70, count=7, horizon=HORIZON, gap=GAP)
SIGN_UPS_END = DAYS.count - 10
BILLING_DAYS = 30
SEASON_PEAK = date(2025, 12, 20)
"""Of cancelling: budgets are made."""
PRICE_RISE = date(2025, 10, 1)

INDUSTRIES = ("software", "retail", "health", "education", "logistics", "agency")
REGIONS = ("north america", "europe", "latin america", "asia")
SIZES = ("1-10", "11-50", "51-200", "201+")
"""Employees."""
CHANNELS = ("self-serve", "sales", "partner")
PLANS = ("starter", "team", "business")

OFFERS = Offers(
    "success manager",
    days=tuple(range(DAYS.number_of(date(2025, 3, 4)), DAYS.count, 98)),
    lasts=90,
    share=0.24,
    hazard_ratio=0.55,
)
