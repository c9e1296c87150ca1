"""The trees of a ``TreeEnsemble`` node: indices inside their arrays, and every node reached once.

ONNX Runtime follows the indices of its nodes by recursion and without looking back: an index outside would read foreign
memory, a cycle would never end, and a chain of a million nodes would overflow the stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.graph.values import DOUBLE, UINT8, Shape, array_of, shown

SIDES = ("true", "false")
MAX_DEPTH = 512
"""Levels of a tree. The families' deepest trees, which grow until their leaves are pure, have fewer than a hundred."""

_EXPECTED = {"aggregate_function": 1, "n_targets": 1, "post_transform": 0}
"""The sum of one target, as it is."""


def tree_shape(features: Shape, attributes: Mapping[str, Any]) -> Shape:
    """The shape of the node's output for features of the shape (rows, width).

    Raises:
        ValueError: the trees are not such as exporters write.
    """
    for name, value in _EXPECTED.items():
        if attributes[name] != value:
            raise ValueError(f"TreeEnsemble has {name} {attributes[name]}")
    if len(features) != 2:
        raise ValueError(f"TreeEnsemble of {shown(features)}")
    splits = _tensor(attributes, "nodes_splits", DOUBLE)
    modes = _tensor(attributes, "nodes_modes", UINT8)
    weights = _tensor(attributes, "leaf_weights", DOUBLE)
    nodes, leaves = len(splits), len(weights)
    if len(modes) != nodes or modes.any():
        raise ValueError("TreeEnsemble: nodes_modes is not one 0 for each node")
    _indices(attributes, "nodes_featureids", nodes, features[1])
    _indices(attributes, "leaf_targetids", leaves, 1)
    roots = _indices(attributes, "tree_roots", None, nodes)
    _check_reached_once(nodes, roots, [_inner_children(attributes, side, nodes, leaves) for side in SIDES])
    return (features[0], 1)


def _inner_children(attributes: Mapping[str, Any], side: str, nodes: int, leaves: int) -> NDArray[np.int64]:
    """Each node's child on one side; -1 for a leaf."""
    is_leaf = _indices(attributes, f"nodes_{side}leafs", nodes, 2) == 1
    child = _indices(attributes, f"nodes_{side}nodeids", nodes, max(nodes, leaves))
    if (child >= np.where(is_leaf, leaves, nodes)).any():
        raise ValueError(f"TreeEnsemble: an index in nodes_{side}nodeids is out of range")
    return np.where(is_leaf, -1, child)


def _check_reached_once(nodes: int, roots: NDArray[np.int64], children: list[NDArray[np.int64]]) -> None:
    reached = np.zeros(nodes, dtype=bool)
    level, count = roots, 0
    for _ in range(MAX_DEPTH):
        count += len(level)
        reached[level] = True
        if count > nodes or not len(level):
            break
        level = np.concatenate([side[level] for side in children])
        level = level[level >= 0]
    if len(level):
        raise ValueError(f"TreeEnsemble: a tree is deeper than {MAX_DEPTH} levels, or has a cycle")
    if count != nodes or not reached.all():
        raise ValueError("TreeEnsemble: a node is in no tree, or in two")


def _tensor(attributes: Mapping[str, Any], name: str, data_type: int) -> NDArray:
    tensor = attributes[name]
    array = array_of(tensor)
    if tensor.data_type != data_type or array.ndim != 1:
        raise ValueError(f"TreeEnsemble: {name} is not a list of its type")
    return array


def _indices(attributes: Mapping[str, Any], name: str, length: int | None, end: int) -> NDArray[np.int64]:
    """A list of numbers from 0 up to, and without, ``end``; ``length`` None: of any length above 0."""
    numbers = attributes[name]
    indices = np.fromiter(numbers, np.int64, len(numbers))
    if not len(indices) or length not in (None, len(indices)):
        raise ValueError(f"TreeEnsemble: {name} has {len(indices)} entries")
    if indices.min() < 0 or indices.max() >= end:
        raise ValueError(f"TreeEnsemble: an index in {name} is out of range")
    return indices
