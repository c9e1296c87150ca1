"""The days of the video service, what there is to choose from, and its campaigns."""

from __future__ import annotations

from datetime import date

from tenure.generators.business import rolling_cuts
from tenure.generators.calendar import Days
from tenure.generators.offers import Offers

DAYS = Days(date(2025, 3, 1), 610, "Europe/Berlin")
HORIZON = 30
TIMES = (7, 14)
"""Days within which the truth is known, too."""
CUTS = rolling_cuts(DAYS, every=30, count=9, horizon=HORIZON)
SIGN_UPS_END = DAYS.count - 5
BILLING_DAYS = 30
SEASON_PEAK = date(2025, 7, 10)
"""Of cancelling: people are outdoors."""
PRICE_RISE = date(2026, 3, 20)

COUNTRIES = ("DE", "AT", "CH", "NL", "FR")
CHANNELS = ("search", "partner", "discount", "friend")
METHODS = ("card", "debit", "wallet", "prepaid")
PLANS = ("basic", "standard", "premium")

OFFERS = Offers(
    "month half price",
    days=tuple(range(DAYS.number_of(date(2025, 10, 28)), DAYS.count, 60)),
    lasts=45,
    share=0.2,
    hazard_ratio=0.6,
)
