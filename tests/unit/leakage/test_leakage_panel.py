"""The leakage check of a panel: what only one customer has is no leak, and a second key is named."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.checks.leakage.auc import alone
from tenure.checks.leakage.identity import NAME, check_identity
from tenure.checks.leakage.orders import orders
from tenure.checks.leakage.rank_r2 import rank_r2
from tenure.checks.leakage.table import Table
from tenure.contract.values import Text, Value

CUSTOMERS, MONTHS = 200, 6
CUSTOMER = np.repeat(np.arange(CUSTOMERS), MONTHS)
MONTH = np.tile(np.arange(MONTHS), CUSTOMERS)


def words(codes: np.ndarray) -> Text:
    names, places = np.unique(codes, return_inverse=True)
    return Text(places.astype(np.int32), tuple(f"v{name}" for name in names))


def test_a_value_that_only_one_customer_has_explains_nothing() -> None:
    random = np.random.default_rng(1)
    label = (random.random(CUSTOMERS) < 0.4).astype(np.int8)[CUSTOMER]
    mail = words(CUSTOMER)
    assert alone(mail, label) > 0.98
    assert alone(mail, label, CUSTOMER) < 0.6
    amount = random.gamma(2.0, 50.0, CUSTOMERS)[CUSTOMER]
    assert rank_r2(mail, amount) > 0.95
    assert rank_r2(mail, amount, CUSTOMER) < 0.1


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (words(CUSTOMER), True),
        (CUSTOMER * 7.0 + 10_000.0, True),
        (words(np.where((CUSTOMER == 3) & (MONTH > 2), 999, CUSTOMER)), True),  # a telephone number that changed
        (words(CUSTOMER % 20), False),
        (CUSTOMER + 20.5, False),  # a price, not a number of anything
        (CUSTOMER + MONTH * 1.0, False),
        (words(CUSTOMER * MONTHS + MONTH), False),
        (np.full(CUSTOMERS * MONTHS, np.nan), False),
    ],
    ids=["mail", "account number", "one changed", "city", "price", "months", "session", "missing"],
)
def test_what_identifies_the_customer_is_named(values: Value, named: bool) -> None:
    (check,) = check_identity(Table({"value": values}, np.zeros(len(CUSTOMER)), {}, None), ["value"], CUSTOMER)
    assert (check.name, check.level) == (NAME, "warn" if named else "pass")
    if named:
        assert (
            check.message == f"'value' identifies the customer: {check.observed} values for 200 customers, in all rows"
        )


def test_an_order_of_customers_counts_each_of_them_once() -> None:
    customers, months = 60, 24
    customer = np.repeat(np.arange(customers), months)
    # Of 60 customers, more of the last half left: ROC-AUC 0.64, two standard deviations from chance.
    left = np.isin(np.arange(customers), [*range(0, 30, 3), *range(30, 60, 3), *range(31, 60, 3)]).astype(np.int8)
    order = {"order of the key 'id'": customer.astype(float)}
    by_row = Table({}, left[customer], order, None)
    by_customer = Table({}, left[customer], order, None, customer)
    assert [finding.kind for finding in orders(by_row)] == ["order of the rows"]
    assert list(orders(by_customer.one_a_customer)) == []
