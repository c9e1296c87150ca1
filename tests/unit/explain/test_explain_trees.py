"""Exact TreeSHAP against the definition of the Shapley value, and against xgboost's own."""

from __future__ import annotations

import json
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.explanation import LEAF, Explainer, FlatTrees
from tenure.explanation.trees import TreeExplainer


def random_trees(
    rng: np.random.Generator, trees: int, depth: int, features: int, zero_covers: bool = False
) -> FlatTrees:
    """Trees with uneven branches, features repeated on paths, thresholds on the grid that rows are drawn from."""
    columns: dict[str, list] = {name: [] for name in ("feature", "threshold", "left", "right", "value", "cover")}

    def grow(level: int, cover: float) -> int:
        node = len(columns["feature"])
        for name, value in zip(columns, (LEAF, 0.0, LEAF, LEAF, float(rng.normal()), cover), strict=True):
            columns[name].append(value)
        if level < depth and (level == 0 or rng.random() < 0.8):
            share = 0.0 if zero_covers and rng.random() < 0.2 else float(rng.uniform(0.05, 0.95))
            columns["feature"][node] = int(rng.integers(features))
            columns["threshold"][node] = float(rng.integers(-2, 3))
            columns["left"][node] = grow(level + 1, cover * share)
            columns["right"][node] = grow(level + 1, cover * (1 - share))
        return node

    roots = [grow(0, 100.0) for _ in range(trees)]
    return FlatTrees(**{name: np.array(values) for name, values in columns.items()}, roots=np.array(roots), base=0.25)


def margin(trees: FlatTrees, row: np.ndarray) -> float:
    return trees.base + sum(expectation(trees, int(root), row, set(range(len(row)))) for root in trees.roots)


def expectation(trees: FlatTrees, node: int, row: np.ndarray, known: set[int]) -> float:
    """Lundberg et al. 2020, algorithm 1: splits on unknown features are averaged by cover."""
    if trees.feature[node] == LEAF:
        return float(trees.value[node])
    left, right = int(trees.left[node]), int(trees.right[node])
    if int(trees.feature[node]) in known:
        goes_left = row[trees.feature[node]] <= trees.threshold[node]
        return expectation(trees, left if goes_left else right, row, known)
    total = trees.cover[left] + trees.cover[right]
    share = trees.cover[left] / total if total > 0 else 0.5
    return share * expectation(trees, left, row, known) + (1 - share) * expectation(trees, right, row, known)


def shapley(trees: FlatTrees, row: np.ndarray) -> np.ndarray:
    """The definition: a feature's mean contribution over all orders in which features become known."""
    features = len(row)
    phi = np.zeros(features)
    for feature in range(features):
        others = [other for other in range(features) if other != feature]
        for size in range(features):
            weight = factorial(size) * factorial(features - size - 1) / factorial(features)
            for known in combinations(others, size):
                for root in trees.roots:
                    with_it = expectation(trees, int(root), row, {*known, feature})
                    phi[feature] += weight * (with_it - expectation(trees, int(root), row, set(known)))
    return phi


@settings(max_examples=examples(40))
@given(seed=st.integers(0, 2**32 - 1), depth=st.integers(1, 6), features=st.integers(1, 5), zero_covers=st.booleans())
def test_contributions_are_the_shapley_values(seed: int, depth: int, features: int, zero_covers: bool) -> None:
    rng = np.random.default_rng(seed)
    trees = random_trees(rng, trees=2, depth=depth, features=features, zero_covers=zero_covers)
    explainer = TreeExplainer(trees)
    row = rng.integers(-3, 4, size=features).astype(np.float32)

    contributions = explainer.contributions(row)

    # Single precision: 1e-6 of the largest leaf.
    within = 1e-6 * float(np.abs(trees.value).max(initial=1.0))
    np.testing.assert_allclose(contributions, shapley(trees, row), atol=within)
    assert explainer.expected + contributions.sum() == pytest.approx(margin(trees, row), abs=within)


def test_a_value_on_the_threshold_goes_left() -> None:
    trees = FlatTrees(
        feature=np.array([0, LEAF, LEAF]),
        threshold=np.array([1.0, 0.0, 0.0]),
        left=np.array([1, LEAF, LEAF]),
        right=np.array([2, LEAF, LEAF]),
        value=np.array([0.0, -1.0, 3.0]),
        cover=np.array([4.0, 1.0, 3.0]),
        roots=np.array([0]),
        base=0.0,
    )
    explainer = TreeExplainer(trees)
    assert explainer.expected == pytest.approx(2.0)
    assert explainer.contributions(np.array([1.0], dtype=np.float32)) == pytest.approx([-3.0])
    assert explainer.contributions(np.array([1.0000001], dtype=np.float32)) == pytest.approx([1.0])


def test_trees_that_are_one_leaf_explain_nothing() -> None:
    leaf = np.array([LEAF, LEAF])
    trees = FlatTrees(leaf, np.zeros(2), leaf, leaf, np.array([0.5, 0.25]), np.ones(2), np.array([0, 1]), base=1.0)
    explainer = TreeExplainer(trees)
    assert explainer.expected == pytest.approx(1.75)
    assert explainer.contributions(np.zeros(3, dtype=np.float32)).tolist() == [0.0, 0.0, 0.0]


def test_the_same_as_xgboost(xgboost_trees: tuple) -> None:
    import xgboost

    booster, trees, matrix = xgboost_trees
    theirs = booster.predict(xgboost.DMatrix(matrix), pred_contribs=True)
    margins = booster.predict(xgboost.DMatrix(matrix), output_margin=True)
    explainer = Explainer(trees, [f"column {index}" for index in range(matrix.shape[1])])

    ours = explainer.contributions(matrix)

    assert np.abs(ours - theirs[:, :-1]).max() < 1e-5
    assert np.abs(explainer.expected - theirs[:, -1]).max() < 1e-5
    assert np.abs(ours.sum(axis=1) + explainer.expected - margins).max() < 1e-4


@pytest.fixture(scope="module")
def xgboost_trees() -> tuple:
    """A booster of 60 trees of depth 6, the same as flat trees, and rows."""
    import xgboost

    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(1500, 12)).astype(np.float32)
    matrix[:, 6:] = matrix[:, 6:] > 0
    label = matrix[:, 0] + matrix[:, 1] * matrix[:, 2] + matrix[:, 7] + rng.normal(size=1500) > 0.5
    settings = {"max_depth": 6, "eta": 0.2, "objective": "binary:logistic", "base_score": 0.5, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(matrix, label=label), num_boost_round=60)
    document = json.loads(booster.save_raw("json").decode())
    return booster, flat(document["learner"]["gradient_booster"]["model"]["trees"]), matrix[:200]


def flat(trees: list[dict]) -> FlatTrees:
    parts: dict[str, list[np.ndarray]] = {}
    roots, offset = [], 0
    for tree in trees:
        left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
        leaf = left < 0
        condition = np.array(tree["split_conditions"], dtype=np.float32)
        columns = {
            "feature": np.where(leaf, LEAF, tree["split_indices"]),
            "threshold": np.nextafter(condition, np.float32(-np.inf)),
            "left": np.where(leaf, LEAF, left + offset),
            "right": np.where(leaf, LEAF, right + offset),
            "value": np.where(leaf, condition, 0.0),
            "cover": np.array(tree["sum_hessian"]),
        }
        for name, column in columns.items():
            parts.setdefault(name, []).append(column)
        roots.append(offset)
        offset += len(left)
    return FlatTrees(**{name: np.concatenate(part) for name, part in parts.items()}, roots=np.array(roots), base=0.0)
