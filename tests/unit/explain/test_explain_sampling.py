"""Sampled Shapley values against those over all orders, and cases in which they are exact."""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from property_profiles import examples

from tenure.explanation import Explainer, NetworkTerms, background_of
from tenure.explanation.sampling import BACKGROUND_ROWS, SamplingExplainer

FEATURES = 6
COLUMNS = ["a", "b", "b", "c", "d", "d"]
VALUES = hnp.arrays(np.float32, (FEATURES,), elements=st.floats(-4, 4, width=32))


def network(seed: int = 0, hidden: int = 5, background: int = 8) -> NetworkTerms:
    random = np.random.default_rng(seed)
    return NetworkTerms(
        (random.normal(size=(FEATURES, hidden)), random.normal(size=(hidden, 1))),
        (random.normal(size=hidden), random.normal(size=1)),
        random.normal(size=(background, FEATURES)).astype(np.float32),
    )


def by_all_orders(model: NetworkTerms, row: np.ndarray, column_of: np.ndarray) -> np.ndarray:
    """The definition: the mean step of each column over every order and every background row."""
    columns = int(column_of.max()) + 1
    total = np.zeros(columns)
    for start in model.background:
        for order in permutations(range(columns)):
            at = start.copy()
            for column in order:
                before = model.margin(at[None])[0]
                at[column_of == column] = row[column_of == column]
                total[column] += model.margin(at[None])[0] - before
    return total / factorial(columns) / len(model.background)


@settings(max_examples=examples(40))
@given(VALUES, st.integers(0, 20))
def test_they_add_up_whatever_the_row(row: np.ndarray, seed: int) -> None:
    terms = network(seed)
    explainer = Explainer(terms, COLUMNS)
    assert explainer.contributions(row[None])[0].sum() + explainer.expected == pytest.approx(
        terms.margin(row[None])[0], abs=1e-9
    )


def test_they_are_near_those_of_all_orders() -> None:
    terms, column_of = network(background=BACKGROUND_ROWS), np.array([0, 1, 1, 2, 3, 3])
    rows = np.random.default_rng(9).normal(size=(12, FEATURES)).astype(np.float32)
    exact = np.array([by_all_orders(terms, row, column_of) for row in rows])
    sampled = Explainer(terms, COLUMNS).contributions(rows)
    assert np.abs(sampled - exact).mean() < 0.1 * np.abs(exact).mean()


def test_a_sum_over_columns_is_divided_exactly() -> None:
    """With a single affine layer all orders give the same contributions."""
    random = np.random.default_rng(3)
    background = random.normal(size=(4, FEATURES)).astype(np.float32)
    weights = random.normal(size=(FEATURES, 1))
    explainer = SamplingExplainer(NetworkTerms((weights,), (np.array([0.3]),), background), np.arange(FEATURES))
    row = random.normal(size=FEATURES).astype(np.float32)
    expected = weights[:, 0] * (row - background.mean(axis=0, dtype=np.float64))
    np.testing.assert_allclose(explainer.contributions(row), expected, atol=1e-6)


def test_a_column_that_the_model_does_not_read_contributes_nothing() -> None:
    terms = network()
    weights = terms.weights[0].copy()
    weights[3] = 0.0
    blind = NetworkTerms((weights, terms.weights[1]), terms.biases, terms.background)
    row = np.ones((1, FEATURES), dtype=np.float32)
    assert Explainer(blind, COLUMNS).contributions(row)[0][2] == pytest.approx(0.0, abs=1e-12)


def test_a_model_of_one_column() -> None:
    explainer = Explainer(network(), ["only"] * FEATURES)
    row = np.ones((1, FEATURES), dtype=np.float32)
    assert explainer.contributions(row)[0] == pytest.approx(network().margin(row) - explainer.expected)


def test_the_background_is_spread_over_the_margin() -> None:
    matrix = np.arange(1000, dtype=np.float32)[:, None]
    chosen = background_of(matrix, matrix[:, 0].astype(np.float64))
    assert len(chosen) == BACKGROUND_ROWS
    assert chosen.mean() == pytest.approx(matrix.mean(), abs=1.0)
    assert len(background_of(matrix[:3], np.zeros(3))) == 3
