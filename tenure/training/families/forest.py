"""What a fitted forest is, however its trees were grown: of probabilities, or of means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.model import LEAF, FlatTrees
from tenure.training.export.trees import TreeNodes, at_most, flatten
from tenure.training.families.family import Floats, Matrix, Parameter, Rows
from tenure.training.families.standardize import LabelScaling

TREES = 80
"""More trees move the ROC-AUC by less than its noise over folds, and cost time in training and in serving."""

LEAVES = 1_500
"""About the most of a tree: on a large table a leaf has more rows than the search asks for, or a forest of 80 trees
would take more than 10 MiB."""


def leaf_rows(wanted: Parameter, rows: Rows) -> int:
    """Least rows of a leaf, where the search asks for ``wanted``."""
    return max(int(wanted), -(-len(rows.label) // LEAVES))


@dataclass(frozen=True)
class ForestModel:
    """A fitted forest of scikit-learn, or a tree as a forest of one."""

    estimator: Any
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        result: Floats = self.estimator.predict_proba(matrix)[:, 1]
        return result

    def terms(self) -> FlatTrees:
        """The margin is the mean of the trees' shares of churners."""
        trees = _trees(self.estimator)
        return flatten((tree_nodes(tree, _shares(tree) / len(trees)) for tree in trees), base=0.0, link="identity")


@dataclass(frozen=True)
class MeanForestModel:
    """A fitted forest of scikit-learn, or a tree as a forest of one, that predicts a mean."""

    estimator: Any
    label: LabelScaling
    """The trees are fitted to the scaled label: scikit-learn takes a variance for a difference of squares, which far
    from zero has no digits left."""
    rounds: None = None

    def predict(self, matrix: Matrix) -> Floats:
        return self.label.restore(self.estimator.predict(matrix))

    def terms(self) -> FlatTrees:
        """The margin is the mean of the trees' means."""
        trees = _trees(self.estimator)
        share = self.label.spread / len(trees)
        nodes = (tree_nodes(tree, tree.value[:, 0, 0] * share) for tree in trees)
        return flatten(nodes, base=self.label.mean, link="value")


def _trees(estimator: Any) -> list[Any]:
    return [member.tree_ for member in getattr(estimator, "estimators_", [estimator])]


def _shares(tree: Any) -> Floats:
    """Share of churners in every node."""
    counts = tree.value[:, 0, :]
    shares: Floats = counts[:, 1] / counts.sum(axis=1)
    return shares


def tree_nodes(tree: Any, value: Floats, cover: NDArray | None = None) -> TreeNodes:
    """A tree of scikit-learn with ``value`` in its nodes, shape (nodes,); ``cover`` in place of its own, if given."""
    return TreeNodes(
        feature=np.where(tree.children_left == LEAF, LEAF, tree.feature),
        threshold=at_most(tree.threshold),
        left=tree.children_left,
        right=tree.children_right,
        value=value,
        cover=tree.weighted_n_node_samples if cover is None else cover,
    )


def rows_reaching(tree: Any, matrix: Matrix) -> Floats:
    """How many of the rows reach every node of a tree of scikit-learn, shape (nodes,).

    The cover of trees that were fitted to rows drawn or weighted by boosting, which are not those of the table.
    """
    count: Floats = np.bincount(tree.apply(matrix), minlength=tree.node_count).astype(np.float64)
    for node in range(tree.node_count - 1, -1, -1):
        if tree.children_left[node] != LEAF:
            # Children come after their parent.
            count[node] = count[tree.children_left[node]] + count[tree.children_right[node]]
    return count
