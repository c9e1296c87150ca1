"""What the sums of money of an evaluation are for, and what they rest on."""

from __future__ import annotations

from typing import Any

from tenure.contract import Contract


def basis(contract: Contract) -> dict[str, Any]:
    """What sums of money and numbers of contacts are for, and which business values the contract does not set.

    ``base`` says who the ``population`` is: ``contract`` (``business.population``), ``last_cut`` (who is eligible
    then), ``customers`` (of a table with several rows each) or ``rows`` of the table.
    """
    if contract.business.population is not None:
        base = "contract"
    elif contract.is_assembled:
        base = "last_cut"
    else:
        base = "rows" if contract.split.by is None else "customers"
    return {
        "period": contract.business.period,
        "base": base,
        "defaults": contract.default_business_values,
    }
