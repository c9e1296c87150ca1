"""A forest of a large table does not grow with it."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.training.families import Rows, get
from tenure.training.families.forest import LEAVES, leaf_rows

FORESTS = ("random_forest", "extra_trees", "random_forest_regression", "extra_trees_regression")


def test_few_rows_are_left_to_the_search() -> None:
    rows = Rows(np.zeros((LEAVES * 3, 1), dtype=np.float32), np.zeros(LEAVES * 3))
    assert [leaf_rows(wanted, rows) for wanted in (2, 3, 4)] == [3, 3, 4]


@pytest.mark.parametrize("name", FORESTS)
def test_a_tree_has_at_most_so_many_leaves(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.training.families.forest.LEAVES", 20)
    random = np.random.default_rng(0)
    matrix = random.normal(size=(2_000, 5)).astype(np.float32)
    label = random.normal(size=2_000) if name.endswith("regression") else (matrix[:, 0] > 0).astype(np.int8)
    family = get(name)
    trees = family.fit(Rows(matrix, label), dict(family.default), seed=1, threads=1).terms()
    leaves = np.add.reduceat(trees.feature == -1, trees.roots)  # type: ignore[union-attr]
    assert leaves.max() <= 20
