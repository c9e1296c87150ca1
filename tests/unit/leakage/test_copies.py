"""Customers under several keys."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.checks.leakage import Table
from tenure.checks.leakage.copies import check_copies
from tenure.checks.result import Check

ROWS = 2_000
RAND = np.random.default_rng(5)
LABEL = (RAND.random(ROWS) < 0.2).astype(np.int8)


def customers() -> dict[str, np.ndarray]:
    return {"usage": RAND.normal(size=ROWS), "spend": RAND.integers(0, 900, ROWS) + 0.0}


def with_copies(
    values: dict[str, np.ndarray], label: np.ndarray, count: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    order = RAND.permutation(np.r_[np.arange(len(label)), RAND.integers(0, len(label), count)])
    return {name: column[order] for name, column in values.items()}, label[order]


def copies(values: dict[str, np.ndarray], label: np.ndarray) -> Check:
    return check_copies(Table(values, label, {}, None), values)


@pytest.mark.parametrize(("count", "level"), [(0, "pass"), (20, "pass"), (200, "warn"), (1_000, "warn")])
def test_copies_are_counted(count: int, level: str) -> None:
    check = copies(*with_copies(customers(), LABEL, count))
    assert (check.level, check.observed) == (level, count)


def test_the_message_has_count_and_share() -> None:
    check = copies(*with_copies(customers(), LABEL, 200))
    assert check.message == "200 of 2,200 training rows (9.09 %) repeat another in everything but the key"
    assert check.advice is not None


@pytest.mark.parametrize("strength", [0.0, 2.0])
def test_different_customers_with_equal_features_are_no_copies(strength: float) -> None:
    plan, region = RAND.integers(0, 4, ROWS) + 0.0, RAND.integers(0, 9, ROWS) + 0.0
    left = (RAND.random(ROWS) < 1 / (1 + np.exp(1.5 - strength * (plan - 1.5)))).astype(np.int8)
    assert copies({"plan": plan, "region": region}, left).level == "pass"


def test_missing_values_and_numbers_of_a_regression() -> None:
    values = customers() | {"calls": np.where(RAND.random(ROWS) < 0.3, np.nan, RAND.normal(size=ROWS))}
    spend = np.where(RAND.random(ROWS) < 0.5, 0.0, RAND.gamma(2.0, 50.0, ROWS))
    assert copies(*with_copies(values, spend, 300)).level == "warn"
    assert copies(values, spend).level == "pass"
