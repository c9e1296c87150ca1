"""Flat trees and linear terms: invalid arrays, and the round trip through arrays."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from tenure.explanation import LEAF, FlatTrees, LinearTerms, from_arrays


@pytest.fixture
def trees() -> FlatTrees:
    """A stump and a lone leaf."""
    return FlatTrees(
        feature=np.array([1, LEAF, LEAF, LEAF]),
        threshold=np.array([0.5, 0.0, 0.0, 0.0]),
        left=np.array([1, LEAF, LEAF, LEAF]),
        right=np.array([2, LEAF, LEAF, LEAF]),
        value=np.array([0.0, 1.0, 2.0, 3.0]),
        cover=np.array([3.0, 1.0, 2.0, 3.0]),
        roots=np.array([0, 3]),
        base=0.5,
        link="identity",
    )


def test_trees_survive_a_file(trees: FlatTrees) -> None:
    file = io.BytesIO()
    np.savez(file, **trees.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        again = from_arrays(dict(stored))
    assert isinstance(again, FlatTrees)
    assert again.link == "identity"
    assert again.base == 0.5
    assert {name: array.tolist() for name, array in again.arrays().items()} == {
        name: array.tolist() for name, array in trees.arrays().items()
    }


def test_linear_terms_survive_arrays() -> None:
    again = from_arrays(LinearTerms(np.array([1.0, 2.0]), -0.5, np.array([0.0, 1.0])).arrays())
    assert isinstance(again, LinearTerms)
    assert (again.weights.tolist(), again.intercept, again.means.tolist()) == ([1.0, 2.0], -0.5, [0.0, 1.0])


def test_arrays_cannot_be_changed(trees: FlatTrees) -> None:
    with pytest.raises(ValueError, match="read-only"):
        trees.value[1] = 9.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left": np.array([0, LEAF, LEAF, LEAF])}, "before its parent"),
        ({"left": np.array([7, LEAF, LEAF, LEAF])}, "past the end"),
        ({"left": np.array([2, LEAF, LEAF, LEAF])}, "no parent, or more than one"),
        ({"left": np.array([3, LEAF, LEAF, LEAF])}, "no parent, or more than one"),
        ({"roots": np.array([0])}, "no parent, or more than one"),
        ({"roots": np.array([0, -1])}, "no parent, or more than one"),
        ({"roots": np.array([], dtype=np.int32)}, "no tree"),
        ({"feature": np.array([-2, LEAF, LEAF, LEAF])}, "below -1"),
        ({"feature": np.array([0.5, -1.0, -1.0, -1.0])}, "'feature' holds float64"),
        ({"value": np.array([0.0, np.nan, 2.0, 3.0])}, "leaf value or the base is not finite"),
        ({"base": np.inf}, "leaf value or the base is not finite"),
        ({"cover": np.array([3.0, -1.0, 2.0, 3.0])}, "cover is negative"),
        ({"threshold": np.array([np.nan, 0.0, 0.0, 0.0])}, "threshold is not a number"),
        ({"value": np.zeros(3)}, r"'value' has shape \(3,\)"),
        ({"value": np.array(["a", "b", "c", "d"])}, "'value' holds"),
        ({"link": "probit"}, "link is 'probit'"),
    ],
)
def test_invalid_trees_are_refused(trees: FlatTrees, change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(trees, **change)


@pytest.mark.parametrize(
    ("weights", "intercept", "means", "message"),
    [
        ([1.0, 2.0], 0.0, [1.0], r"\(2,\) and means \(1,\)"),
        ([], 0.0, [], r"must be"),
        ([[1.0]], 0.0, [[1.0]], r"must be"),
        ([np.inf], 0.0, [0.0], "not finite"),
        ([1.0], np.nan, [0.0], "not finite"),
    ],
)
def test_terms_that_are_not_linear_are_refused(weights: list, intercept: float, means: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinearTerms(np.array(weights, dtype=float), intercept, np.array(means, dtype=float))


def test_other_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="arrays of no known model: mystery"):
        from_arrays({"mystery": np.zeros(1)})
    with pytest.raises(ValueError, match="'intercept' is not one number"):
        from_arrays({"weights": np.ones(1), "means": np.ones(1), "intercept": np.ones(1)})
