"""What contacting customers earns, and the threshold that earns most under the contact limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import Business

Floats = NDArray[np.float64]

NOBODY = 2.0
"""A threshold that no probability reaches: no customer is worth an offer."""


@dataclass(frozen=True)
class ProfitCurve:
    """Profit of contacting the riskiest customers first.

    Points stand only where the probability changes: customers with equal probability are contacted together or not
    at all. The first point contacts nobody.
    """

    contacted: NDArray[np.int64]
    """Customers contacted, shape (points,), ascending from 0."""
    churners: NDArray[np.int64]
    """Churners among them, shape (points,)."""
    profit: Floats
    """Profit over the rows of the curve, in the contract's currency, shape (points,)."""
    threshold: Floats
    """Smallest probability contacted, shape (points,); half way to the next lower one, so that noise far below
    the gap between two customers does not move the cut."""
    rows: int


@dataclass(frozen=True)
class ContactLimit:
    """How many of the customers scored in a period may be contacted.

    Raises:
        ValueError: if there is not one contact, or not one customer.
    """

    contacts: int
    population: int
    """Customers scored in a period."""

    def __post_init__(self) -> None:
        if self.contacts < 1 or self.population < 1:
            raise ValueError(f"{self.contacts} contacts among {self.population} customers are no limit")

    @property
    def share(self) -> float:
        """Largest share of the scored customers that may be contacted; at most 1."""
        return min(1.0, self.contacts / self.population)

    def to_dict(self) -> dict[str, float]:
        return {"contacts": self.contacts, "population": self.population, "share": self.share}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> ContactLimit:
        """Read what ``to_dict`` wrote; the share follows from the rest.

        Raises:
            ValueError, TypeError, KeyError: if it is something else.
        """
        # Bundles from before there were periods name the limit after a day.
        contacts = document["contacts"] if "contacts" in document else document["contacts_per_day"]
        return cls(int(contacts), int(document["population"]))


def contact_limit(business: Business, customers: int) -> ContactLimit:
    """The contract's limit; without ``business.population`` the table's ``customers`` are those scored."""
    return ContactLimit(business.contact_limit, business.population or customers)


def profit_curve(probability: Floats, label: NDArray, business: Business, value: Floats | None = None) -> ProfitCurve:
    """Profit after each customer, riskiest first.

    A contacted churner brings ``offer_success_share * customer_value - offer_cost``, any other contacted customer
    costs ``offer_cost``: the two-outcome case of the profit in Verbraken, Verbeke and Baesens 2013 (equation 4),
    with the offer as the only cost.

    Args:
        probability, label: shape (rows,); label 0 or 1.
        value: customer values, shape (rows,), where they are not all the contract's; ``probability`` is then any
            score by which customers are ranked, and the curve's thresholds are of that score.
    """
    order = np.argsort(-probability, kind="stable")
    p, y = probability[order], np.asarray(label)[order].astype(np.int64)
    last_of_group = np.flatnonzero(np.append(p[1:] != p[:-1], True))
    contacted = np.append(0, last_of_group + 1)
    churners = np.append(0, np.cumsum(y)[last_of_group])
    upper, lower = p[last_of_group], np.append(p[last_of_group[:-1] + 1], 0.0)
    middle = 0.5 * (upper + lower)
    threshold = np.where(middle > lower, middle, upper)
    threshold[-1] = 0.0
    if value is None:
        hit_value = churners * business.customer_value
    else:
        hit_value = np.append(0.0, np.cumsum(y * value[order])[last_of_group])
    profit = hit_value * business.offer_success_share - contacted * business.offer_cost
    return ProfitCurve(contacted, churners, profit, np.append(NOBODY, threshold), len(p))


def best_point(curve: ProfitCurve, share: float) -> int:
    """Index of the most profitable point of ``curve`` with at most ``share`` of the rows contacted.

    Of equally profitable points the one with the fewest contacts. Point 0, which contacts nobody, always qualifies.
    """
    allowed = np.searchsorted(curve.contacted, np.floor(share * curve.rows + 1e-9), side="right")
    return int(np.argmax(curve.profit[:allowed]))


class Offer(Protocol):
    """What an offer costs and brings: the contract's ``business``, or an evaluation's campaign."""

    @property
    def offer_cost(self) -> float: ...

    @property
    def offer_success_share(self) -> float: ...

    @property
    def customer_value(self) -> float: ...


def break_even(offer: Offer, customer_value: float | None = None) -> float:
    """Probability above which an offer pays on average: cost / (success * value) (Elkan 2001, section 2).

    Args:
        customer_value: of the customers in question, where it is not everybody's.
    """
    value = offer.customer_value if customer_value is None else customer_value
    return offer.offer_cost / (offer.offer_success_share * value)
