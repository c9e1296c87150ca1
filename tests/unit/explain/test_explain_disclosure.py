"""Facts for a model card, counted from a bundle's arrays."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.explanation import EnsembleTerms, customers_held, sampled_walks
from tenure.training.families import Rows, get


@pytest.fixture(scope="module")
def terms() -> dict:
    random = np.random.default_rng(1)
    matrix = random.normal(size=(2_600, 4)).astype(np.float32)
    label = (matrix[:, 0] + random.normal(size=len(matrix)) > 0.5).astype(np.int8)
    rows = Rows(matrix, label)
    names = ("logistic_regression", "naive_bayes", "qda", "mlp", "k_nearest_neighbours", "kernel_svm")
    return {name: get(name).fit(rows, get(name).default, seed=1, threads=1).terms() for name in names}


def test_neighbours_hold_their_rows_and_networks_a_background(terms: dict) -> None:
    held = {name: customers_held(found) for name, found in terms.items()}
    support = held.pop("kernel_svm")
    assert held == {"logistic_regression": 0, "naive_bayes": 0, "qda": 0, "mlp": 16, "k_nearest_neighbours": 2_016}
    assert support == len(terms["kernel_svm"].coefficients) + 16 > 1_000
    assert {name: sampled_walks(found) for name, found in terms.items()} == {
        "logistic_regression": 0,
        "naive_bayes": 0,
        "qda": 0,
        "mlp": 32,
        "k_nearest_neighbours": 32,
        "kernel_svm": 32,
    }


def test_an_ensemble_holds_what_its_members_hold(terms: dict) -> None:
    def of(*names: str) -> EnsembleTerms:
        return EnsembleTerms(tuple(terms[name] for name in names), np.ones(len(names)), 0.0)

    assert customers_held(of("mlp", "k_nearest_neighbours", "naive_bayes")) == 2_032
    assert sampled_walks(of("logistic_regression", "mlp")) == 32
    assert customers_held(of("logistic_regression", "naive_bayes")) == 0
    assert sampled_walks(of("logistic_regression", "naive_bayes")) == 0
