"""Business values as text: the period that sums of money are for, and the values that a contract leaves at their
defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.number_text import money, percent

PERIODS = {
    "campaign": "in one campaign",
    "day": "a day",
    "week": "a week",
    "month": "a month",
    "quarter": "a quarter",
    "year": "a year",
}
"""``business.period`` to how a sum of it is written: ``$1,200 a day``, ``$1,200 in one campaign``."""

BASES = {
    "contract": "the {} customers that the contract names",
    "last_cut": "the {} customers at the last cut",
    "customers": "the {} customers of the table",
    "rows": "the {} customers of the table",
}
"""``base`` of ``business`` in ``evaluation.json`` to who is scored."""

Business = Mapping[str, Any]
"""``business`` of ``evaluation.json``: ``currency``, ``period``, further values, and as ``defaults`` the names of
those that the contract does not set."""


DECISIONS = "decisions whom to contact"


def per(business: Business) -> str:
    """The period, as it stands after a sum: ``a day``, ``in one campaign``."""
    return PERIODS[business["period"]]


def population(business: Business) -> str:
    """Who is scored: ``the 7,043 customers of the table``."""
    return BASES[business["base"]].format(f"{business['population']:,.0f}")


def marked(business: Business) -> str:
    """The period, and whether a sum rests on defaults: ``in one campaign, by default business values``."""
    return per(business) + default_mark(business)


def default_mark(business: Business) -> str:
    """``, by default business values``, or ``partly`` so; empty where the contract sets every value."""
    names = business["defaults"]
    if not names:
        return ""
    return f", by {'' if len(names) == len(_ASSUMED) else 'partly '}default business values"


def assumption(business: Business, what: str | None = None) -> str | None:
    """Two sentences that name the defaults and say how to set them; None where the contract sets every value.

    Args:
        what: several things that rest on the values; by default the sums of money, or the decisions of a task that has
            no sums.
    """
    names = list(business["defaults"])
    if not names:
        return None
    if what is None:
        what = "sums of money" if "customer_value" in business else DECISIONS
    if names == ["contacts"]:
        lead = "The limit of contacts is not set"
    else:
        lead = "No business values are set" if len(names) == len(_ASSUMED) else "Not all business values are set"
    defaults = "a default" if len(names) == 1 else "defaults"
    assumed = _joined([_ASSUMED[name](business) for name in names])
    return (
        f"{lead}: {what} rest on {defaults}, namely that {assumed}. Set {_joined(names)} under 'business' in the"
        f" contract."
    )


def _joined(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


_ASSUMED = {
    "customer_value": lambda b: f"a saved customer is worth {money(b['customer_value'], b['currency'])}",
    "offer_cost": lambda b: f"an offer costs {money(b['offer_cost'], b['currency'])}",
    "offer_success_share": lambda b: (
        f"an offer keeps {percent(b['offer_success_share'], 0)} of the leavers who get one"
    ),
    "contacts": lambda b: f"{b['contacts']:,.0f} customers can be contacted {per(b)}",
}
