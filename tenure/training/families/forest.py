"""What a fitted forest of probability trees is, however its trees were grown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.explanation.model import LEAF, FlatTrees
from tenure.training.export.trees import TreeNodes, at_most, flatten
from tenure.training.families.family import Floats, Matrix

TREES = 80
"""More trees move the ROC-AUC by less than its noise over folds, and cost time in training and in serving."""


@dataclass(frozen=True)
class ForestModel:
    """A fitted forest of scikit-learn."""

    estimator: Any
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        result: Floats = self.estimator.predict_proba(matrix)[:, 1]
        return result

    def terms(self) -> FlatTrees:
        """The margin is the mean of the trees' shares of churners."""
        trees = [member.tree_ for member in self.estimator.estimators_]
        return flatten((tree_nodes(tree, _shares(tree) / len(trees)) for tree in trees), base=0.0, link="identity")


def _shares(tree: Any) -> Floats:
    """Share of churners in every node."""
    counts = tree.value[:, 0, :]
    shares: Floats = counts[:, 1] / counts.sum(axis=1)
    return shares


def tree_nodes(tree: Any, value: Floats) -> TreeNodes:
    """A tree of scikit-learn with ``value`` in its nodes, shape (nodes,)."""
    return TreeNodes(
        feature=np.where(tree.children_left == LEAF, LEAF, tree.feature),
        threshold=at_most(tree.threshold),
        left=tree.children_left,
        right=tree.children_right,
        value=value,
        cover=tree.weighted_n_node_samples,
    )
