"""Exact Shapley values of tree ensembles (path-dependent TreeSHAP), as a few sweeps over plain arrays.

For one leaf with value ``v``, let a path feature ``i`` have the share ``z_i`` of the training rows that its
splits let through, and ``o_i`` = 1 if this row's value passes them, else 0. The multilinear extension of the game
(Owen 1972, "Multilinear extensions of games") gives the Shapley value of TreeSHAP's game (Lundberg et al. 2020) as

    phi_i = v (o_i - z_i) ∫_0^1 Π_{j≠i} f_j(t) dt        with  f_j(t) = z_j (1 - t) + o_j t

The integrand is a polynomial of degree d - 1 for d distinct features on the path: Gauss-Legendre quadrature with
⌈d/2⌉ points is exact. At one point t, with the path product P = Π f_j, a leaf's term is (o_i - z_i) / f_i · v P. So
the sum over leaves needs two sweeps over the nodes, not a walk for each leaf (as in Linear TreeSHAP, Yu et al. 2022):
P downwards, the sums S of ``v P`` over the leaves below upwards; a node whose incoming edge splits on feature i adds

    [ (o - z) / f  -  (o' - z') / f' ] · S

to phi_i, where primes mark the nearest node above that was also entered through a split on i (none: o' = z' = f' = 1).

Sweeps run in single precision, several points at a time. Each number is a product, a sum of terms of one sign, or a
difference of a few, so the error is about 1e-7 of a tree's largest leaf.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.model import LEAF, FlatTrees

_SMALLEST_SHARE = 1e-9
"""Replaces a share of zero (a branch that no training row took), so that f is never zero."""

_PACKED: dict[int, type[np.generic]] = {1: np.float32, 2: np.complex64, 4: np.complex128}
"""Types of one, two or four single-precision numbers, to move a node's numbers for that many points as one."""


class TreeExplainer:
    """Contributions to the margin of a tree ensemble.

    Nodes are kept level by level over all trees: the left children of the level above, then its right children.
    """

    def __init__(self, trees: FlatTrees) -> None:
        levels = _levels(trees)
        order = np.concatenate(levels)
        self._starts: list[int] = np.cumsum([0, *map(len, levels)]).tolist()
        self._parents = [np.flatnonzero(trees.feature[level] != LEAF) for level in levels]
        """For every level, the indices of its nodes that have children."""
        self._value = np.where(trees.feature[order] == LEAF, trees.value[order], 0.0)
        reached, longest = self._read_edges(trees, levels)
        points, weights = np.polynomial.legendre.leggauss(max(1, -(-longest // 2)))
        tables = [self._table(float(t + 1) / 2, float(w) / 2) for t, w in zip(points, weights, strict=True)]
        widest = max(_PACKED)
        self._batches = [_Batch(tables[first : first + widest], self._value) for first in range(0, len(tables), widest)]
        self._places = np.arange(self._starts[-1])
        # The sum over leaves, each weighted by its share of the training rows.
        self.expected = trees.base + float(reached @ self._value)
        """Mean margin over the training rows, by cover: the baseline of the contributions."""

    def _read_edges(self, trees: FlatTrees, levels: list[NDArray[np.int64]]) -> tuple[NDArray[np.float64], int]:
        """Find for every node the interval that its path allows for the feature of its incoming edge.

        Returns:
            Every node's share of all rows, and the largest number of distinct features on a path.
        """
        count = self._starts[-1]
        # The last place, after all nodes, means "no such split above": a share of 1 that every row passes.
        self._share = np.ones(count + 1)
        low, high = np.full(count + 1, -np.inf, np.float32), np.full(count + 1, np.inf, np.float32)
        feature, above = np.zeros(count, np.int64), np.full(count, count)
        parent, distinct = np.full(count, count), np.zeros(count, np.int64)
        reached = np.ones(count + 1)
        for depth, inner in enumerate(self._parents[:-1], start=1):
            place = slice(self._starts[depth], self._starts[depth + 1])
            splits = levels[depth - 1][inner]
            feature[place] = np.tile(trees.feature[splits], 2)
            parent[place] = np.tile(inner + self._starts[depth - 1], 2)
            above[place] = nearest = _nearest_above(feature, parent, place, depth)
            distinct[place] = distinct[parent[place]] + (nearest == count)
            cover = trees.cover[levels[depth]].reshape(2, -1)
            total = cover.sum(axis=0)
            step = np.where(total > 0, cover / np.where(total > 0, total, 1.0), 0.5).ravel()
            reached[place] = reached[parent[place]] * step
            self._share[place] = np.maximum(self._share[nearest] * step, _SMALLEST_SHARE)
            low[place], high[place] = low[nearest], high[nearest]
            left, right = slice(place.start, place.start + len(inner)), slice(place.start + len(inner), place.stop)
            high[left] = np.minimum(high[left], trees.threshold[splits])
            low[right] = np.maximum(low[right], trees.threshold[splits])
        self._feature, self._above = feature, above
        self._low, self._high = low[:-1], high[:-1]
        return reached[:-1], int(distinct.max(initial=0))

    def _table(self, point: float, weight: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For one quadrature point, f / f' and weight · [(o - z) / f - (o' - z') / f'], shape (3 · nodes,) each.

        Concatenated for three cases: a row passes neither the node's split nor the nearest one above on the same
        feature, only the one above, or both. A row that passes the node's passes the one above too.
        """
        share, above = self._share, self._above
        failed, passed = share * (1.0 - point), share * (1.0 - point) + point
        change_failed, change_passed = -share / failed, (1.0 - share) / passed
        ratio = [failed[:-1] / failed[above], failed[:-1] / passed[above], passed[:-1] / passed[above]]
        change = [
            change_failed[:-1] - change_failed[above],
            change_failed[:-1] - change_passed[above],
            change_passed[:-1] - change_passed[above],
        ]
        return np.concatenate(ratio), weight * np.concatenate(change)

    def contributions(self, row: NDArray[np.float32]) -> NDArray[np.float64]:
        """Contribution of every feature of one row, shape (features,); their sum is ``margin - expected``."""
        nodes = len(self._value)
        value = row.take(self._feature)
        passes = np.ones(nodes + 1, dtype=np.bool_)
        np.logical_and(value > self._low, value <= self._high, out=passes[:-1])
        case = passes[:-1].astype(np.intp)
        case += passes.take(self._above)
        case *= nodes
        case += self._places
        total = np.zeros(nodes, np.float32)
        for batch in self._batches:
            sums = self._leaf_sums(batch, batch.ratio.take(case))
            sums *= batch.change.take(case).view(np.float32).reshape(sums.shape)
            total += sums @ batch.ones
        return np.bincount(self._feature, weights=total, minlength=len(row)).astype(np.float64, copy=False)

    def _leaf_sums(self, batch: _Batch, ratio: NDArray[Any]) -> NDArray[np.float32]:
        """For every node and point, the sum over the leaves below it of value times the product of ratios above.

        Shape (nodes, points); overwrites ``ratio``, which is packed.
        """
        width = len(batch.ones)
        total = ratio.view(np.float32).reshape(-1, width)
        above = ratio[: self._starts[1]]
        for depth, inner in enumerate(self._parents[:-1], start=1):
            level = slice(self._starts[depth], self._starts[depth + 1])
            both_children = total[level].reshape(2, -1, width)
            both_children *= above.take(inner).view(np.float32).reshape(-1, width)
            above = ratio[level]
        total *= batch.value
        for depth in range(len(self._parents) - 1, 0, -1):
            left, right = total[self._starts[depth] : self._starts[depth + 1]].reshape(2, -1, width)
            parents = ratio[self._starts[depth - 1] : self._starts[depth]]
            parents[self._parents[depth - 1]] = (left + right).reshape(-1).view(ratio.dtype)
        return total


class _Batch:
    """The tables of one, two or four quadrature points, the same for every row."""

    def __init__(
        self, tables: list[tuple[NDArray[np.float64], NDArray[np.float64]]], value: NDArray[np.float64]
    ) -> None:
        width = next(width for width in _PACKED if width >= len(tables))
        # Padding points have weight 0.
        tables = tables + [(tables[0][0], np.zeros_like(tables[0][1]))] * (width - len(tables))
        self.ratio, self.change = (
            np.stack(parts, axis=1, dtype=np.float32).reshape(-1).view(_PACKED[width])
            for parts in zip(*tables, strict=True)
        )
        """Both packed, shape (3 · nodes,)."""
        self.value = np.repeat(value[:, None].astype(np.float32), width, axis=1)
        """Shape (nodes, points); repeated, since broadcasting takes several times as long."""
        self.ones = np.ones(width, np.float32)


def _levels(trees: FlatTrees) -> list[NDArray[np.int64]]:
    """Node indices level by level over all trees: the left children of the level above, then its right children."""
    levels = [trees.roots.astype(np.int64)]
    while True:
        inner = levels[-1][trees.feature[levels[-1]] != LEAF]
        if not len(inner):
            return levels
        levels.append(np.concatenate([trees.left[inner], trees.right[inner]]).astype(np.int64))


def _nearest_above(
    feature: NDArray[np.int64], parent: NDArray[np.int64], place: slice, depth: int
) -> NDArray[np.int64]:
    """For every node at ``place``, the nearest one above it that was entered through a split on the same feature."""
    none = len(feature)
    found = np.full(place.stop - place.start, none)
    ancestor = parent[place]
    for _ in range(depth - 1):
        same = (found == none) & (feature[ancestor] == feature[place])
        found[same] = ancestor[same]
        ancestor = parent[ancestor]
    return found
