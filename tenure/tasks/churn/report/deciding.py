"""Whether the limit of contacts decides whom to contact, or where an offer pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.business_text import per
from tenure.number_text import money, percent

Json = Mapping[str, Any]

SAME_THRESHOLD = 0.005
"""So near to the break-even a threshold is written like it."""


def what_decides(evaluation: Json) -> str:
    """One sentence: the break-even beside the limit of contacts, and which of them the threshold follows from."""
    limit, business = evaluation["curves"]["limit"], evaluation["business"]
    even, share = limit["break_even"], limit["break_even_share"]
    worth = round(share * business["population"])
    pays = f"An offer pays from a probability of {percent(even)} on, which {worth:,} of {business['population']:,} have"
    allowed = f"the limit of {limit['contacts']:,.0f} contacts {per(business)}"
    expected = evaluation["chosen"]["expected"]
    if expected["policy"] != "profit":
        return f"{pays}; but the threshold is chosen for a {expected['policy']} of {percent(expected['target'], 0)}."
    if worth > limit["contacts"]:
        return f"{pays}; {allowed} allows fewer, so it is the limit that decides, not the profit."
    enough = "is no limit for so few customers" if limit["share"] >= 1.0 else "is enough for them"
    return f"{pays}; {allowed} {enough}, so the profit decides{_where(evaluation)}."


def _where(evaluation: Json) -> str:
    """Where the validation rows put the threshold, if that is not the break-even."""
    threshold, even = evaluation["chosen"]["threshold"], evaluation["curves"]["limit"]["break_even"]
    if threshold > 1.0:
        return ": none of them earned an offer's cost on the validation rows"
    if abs(threshold - even) < SAME_THRESHOLD:
        return ""
    return f": on the validation rows most was earned from {percent(threshold)} on"


def cost_of_the_limit(evaluation: Json) -> str | None:
    """What more contacts would earn; None where the limit costs nothing."""
    limit, business = evaluation["curves"]["limit"], evaluation["business"]
    currency = business["currency"]
    if limit["share"] >= 1.0 or limit["cost_per_period"] < 1.0:
        return None
    return (
        f"The limit of {limit['contacts']:,.0f} contacts {per(business)} costs"
        f" {money(limit['cost_per_period'], currency)}: contacting {percent(limit['best_share'], 0)} of the"
        f" customers would earn {money(limit['best_profit_per_period'], currency)}, within the limit"
        f" {money(limit['best_within_limit_per_period'], currency)} is the most."
    )
