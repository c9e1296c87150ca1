"""Features of a panel that identify the customer: a second key, from which a model learns its customers by heart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tenure.checks.leakage.codes import Codes
from tenure.checks.leakage.table import Table
from tenure.checks.result import Check
from tenure.contract.values import Text

NAME = "leakage: identifies the customer"
MIN_CUSTOMERS = 30
SLACK = 0.01
"""Share of the customers that may share a value, or have two: a telephone number changes."""
ADVICE = "Leave the column out (role: ignored): new customers have values that no model has seen."


def check_identity(table: Table, names: Iterable[str], customer: Codes) -> list[Check]:
    """Warns of texts and whole numbers that are the same in all rows of a customer, and others for every customer.

    Args:
        table: rows of the training part.
        names: of the features that are looked at.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``.
    """
    found = list(_identifying(table, names, customer))
    return found or [Check(NAME, "pass", "no leakage found: no feature identifies the customer")]


def _identifying(table: Table, names: Iterable[str], customer: Codes) -> Iterator[Check]:
    for name in names:
        column, codes = table.values[name], table.codes[name]
        there = codes > 0
        if not isinstance(column, Text) and (column[there] % 1.0).any():
            continue
        pairs = len(np.unique(np.stack((customer[there], codes[there])), axis=1).T)
        customers, distinct = len(np.unique(customer[there])), len(np.unique(codes[there]))
        most, least = (1.0 + SLACK) * customers, (1.0 - SLACK) * customers
        if customers >= MIN_CUSTOMERS and pairs <= most and distinct >= least:
            message = f"'{name}' identifies the customer: {distinct:,} values for {customers:,} customers, in all rows"
            yield Check(NAME, "warn", message, name, distinct, customers, ADVICE)
