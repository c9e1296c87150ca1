"""From a library's trees to ``FlatTrees``: thresholds that split float32 values alike, nodes in one set of arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenure.explanation.arrays import Link
from tenure.explanation.model import LEAF, FlatTrees


class TreeNodes(NamedTuple):
    """One tree as its library holds it: node 0 is the root, other nodes in any order, some perhaps unused."""

    feature: NDArray
    """Shape (nodes,): column compared, ``LEAF`` in a leaf."""
    threshold: NDArray[np.float32]
    """Shape (nodes,): left if and only if ``x <= threshold``."""
    left: NDArray
    right: NDArray
    value: NDArray
    """Shape (nodes,): read in leaves, all scaling included."""
    cover: NDArray


def at_most(threshold: ArrayLike) -> NDArray[np.float32]:
    """The float32 ``t`` with ``x <= t`` exactly where ``x <= threshold``, for every float32 ``x``; any shape.

    It is the largest float32 that is not above the float64 threshold.
    """
    exact = np.asarray(threshold, dtype=np.float64)
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32)
    return np.where(rounded > exact, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def below(threshold: ArrayLike) -> NDArray[np.float32]:
    """The float32 ``t`` with ``x <= t`` exactly where ``x < threshold``, for every float32 ``x``; any shape."""
    return np.nextafter(np.asarray(threshold, dtype=np.float32), np.float32(-np.inf))


def flatten(trees: Iterable[TreeNodes], base: float, link: Link) -> FlatTrees:
    """All trees in one set of arrays, each in preorder, unused nodes left out."""
    columns: dict[str, list[NDArray]] = {name: [] for name in TreeNodes._fields}
    roots: list[int] = []
    start = 0
    for tree in trees:
        order = _preorder(tree)
        position = np.full(len(tree.feature), LEAF, dtype=np.int64)
        position[order] = np.arange(start, start + len(order))
        leaf = tree.feature[order] == LEAF
        for name, array in zip(TreeNodes._fields, tree, strict=True):
            columns[name].append(array[order])
        for name in ("left", "right"):
            children = columns[name][-1]
            columns[name][-1] = np.where(leaf, LEAF, position[np.where(leaf, 0, children)])
        roots.append(start)
        start += len(order)
    joined = {name: np.concatenate(arrays) for name, arrays in columns.items()}
    return FlatTrees(**joined, roots=np.array(roots, dtype=np.int32), base=base, link=link)


def _preorder(tree: TreeNodes) -> NDArray[np.int64]:
    feature, left, right = tree.feature.tolist(), tree.left.tolist(), tree.right.tolist()
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if feature[node] != LEAF:
            waiting += (right[node], left[node])
    return np.array(order, dtype=np.int64)
