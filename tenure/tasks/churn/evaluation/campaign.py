"""The economics of a retention campaign: of contacting some customers and not others.

Every contacted customer costs an offer. A contacted churner is kept with the offer's success share,
and is then worth ``customer_value``; a churner who is not contacted is lost. Profit is counted
against contacting nobody, which is therefore worth zero (Verbraken, Verbeke & Baesens 2013, "A novel
profit maximizing metric for measuring classification performance of customer churn prediction
models", section 3, with fixed instead of distributed benefits).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.decision import ContactLimit

Number = TypeVar("Number", float, NDArray[np.float64])


@dataclass(frozen=True)
class Campaign:
    """Business values of a contract, and the scale of one period."""

    customer_value: float
    """Worth of one kept customer, in ``currency``, where the contract's segments say nothing else."""
    offer_cost: float
    """Cost of one offer, in ``currency``."""
    offer_success_share: float
    contacts: float
    """Customers that can be contacted in a period."""
    population: float
    """Customers scored in a period."""
    currency: str = "USD"

    @classmethod
    def of(cls, contract: Contract, limit: ContactLimit) -> Campaign:
        """The campaign of a contract, under the limit of contacts of a model's decision."""
        business = contract.business
        return cls(
            customer_value=business.customer_value,
            offer_cost=business.offer_cost,
            offer_success_share=business.offer_success_share,
            contacts=limit.contacts,
            population=limit.population,
            currency=business.currency,
        )

    def part(self, share: float) -> Campaign:
        """What falls on a ``share`` of the customers; the limit of contacts is not split among parts."""
        population = self.population * share
        return replace(self, population=population, contacts=population)

    def profit(self, hit_value: Number, contacted: Number) -> Number:
        """Profit of contacting ``contacted`` customers, when those of them who would leave are worth ``hit_value``."""
        return hit_value * self.offer_success_share - contacted * self.offer_cost

    def period_scale(self, contacted_share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Factor from profit per customer to profit in a period.

        Where the test part holds more customers over the threshold than the limit allows, only the
        allowed share of them is contacted; they are taken to be average ones, which understates
        the profit of contacting the riskiest first.
        """
        wanted = contacted_share * self.population
        return self.population * np.minimum(1.0, self.contacts / np.maximum(wanted, 1e-12))
