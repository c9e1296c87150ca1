"""Features of a panel that identify the customer: a second key, from which a model learns its customers by heart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tenure.checks.leakage.codes import Codes, coded
from tenure.checks.result import Check
from tenure.contract.values import Text, Value

NAME = "leakage: identifies the customer"
MIN_CUSTOMERS = 30
SLACK = 0.01
"""Share of the customers that may share a value, or have two: a telephone number changes."""
ADVICE = "Leave the column out (role: ignored): new customers have values that no model has seen."


def check_identity(values: Mapping[str, Value], customer: Codes) -> list[Check]:
    """Warns of texts and whole numbers that are the same in all rows of a customer, and others for every customer.

    Args:
        values: features by name, (rows,) each.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``.
    """
    found = list(_identifying(values, customer))
    return found or [Check(NAME, "pass", "no leakage found: no feature identifies the customer")]


def _identifying(values: Mapping[str, Value], customer: Codes) -> Iterator[Check]:
    for name, column in values.items():
        codes = coded(column)
        there = codes > 0
        if not isinstance(column, Text) and (column[there] % 1.0).any():
            continue
        pairs = len(np.unique(np.stack((customer[there], codes[there])), axis=1).T)
        customers, distinct = len(np.unique(customer[there])), len(np.unique(codes[there]))
        most, least = (1.0 + SLACK) * customers, (1.0 - SLACK) * customers
        if customers >= MIN_CUSTOMERS and pairs <= most and distinct >= least:
            message = f"'{name}' identifies the customer: {distinct:,} values for {customers:,} customers, in all rows"
            yield Check(NAME, "warn", message, name, distinct, customers, ADVICE)
