"""How many clusters there are: by the mean silhouette (Rousseeuw 1987), compared with columns that are independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.transform import Feature

SMALLEST_SILHOUETTE = 0.10
"""Of clusters that are shown. Tables of customers have many columns of mixed types; 0.2 is much for one."""

ABOVE_INDEPENDENT = 0.05
"""As much more than the silhouette of the same columns, each shuffled by itself, must the clusters' be: k-means finds
clusters in any table, and what remains without any relation between columns says nothing about customers."""

SMALLEST_SHARE = 0.02
"""Of the rows in each cluster. A smaller one is a group of outliers, and its centre would tell of single customers."""

SILHOUETTE_ROWS = 1_500
RESTARTS = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """The clusters found, by the number that has the largest silhouette."""

    centres: Floats
    """Shape (k, f), scaled."""
    silhouettes: dict[int, float]
    """By number of clusters, of those in which no cluster is too small."""
    independent: float
    """Silhouette of as many clusters where the columns are independent."""

    @property
    def silhouette(self) -> float:
        return max(self.silhouettes.values())

    @property
    def needed(self) -> float:
        """The smallest silhouette of clusters that are shown."""
        return max(SMALLEST_SILHOUETTE, self.independent + ABOVE_INDEPENDENT)


def count_clusters(rows: Floats, features: Sequence[Feature], most: int, seed: int) -> Counted | None:
    """Fit k-means for 2 to ``most`` clusters, and choose the number with the largest silhouette, of equals the smaller.

    Args:
        rows: (n, f), scaled.
        features: f, which say what is of one column.
        most: largest number of clusters.
        seed: of the restarts.

    Returns:
        The clusters; None if one of them would be too small, whatever their number.
    """
    random = np.random.default_rng(seed)
    places = np.sort(random.permutation(len(rows))[:SILHOUETTE_ROWS])
    distances = _distances(rows[places])
    found, silhouettes = {}, {}
    for count in range(2, most + 1):
        centres = _fit(rows, count, seed)
        label = nearest(rows, centres)
        if np.bincount(label, minlength=count).min() < SMALLEST_SHARE * len(rows):
            continue
        found[count], silhouettes[count] = centres, _silhouette(distances, label[places])
    if not found:
        return None
    best = max(silhouettes, key=lambda count: (silhouettes[count], -count))
    shuffled = _shuffled(rows, features, random)
    independent = _silhouette(_distances(shuffled[places]), nearest(shuffled[places], _fit(shuffled, best, seed)))
    return Counted(found[best], silhouettes, independent)


def nearest(rows: Floats, centres: Floats) -> NDArray[np.int64]:
    """Index of the nearest centre for each row, shape (n,)."""
    squares: Floats = np.square(centres).sum(axis=1) - 2.0 * rows @ centres.T
    return squares.argmin(axis=1)


def _fit(rows: Floats, count: int, seed: int) -> Floats:
    from sklearn.cluster import KMeans

    centres: Floats = KMeans(count, n_init=RESTARTS, random_state=seed).fit(rows).cluster_centers_
    return centres


def _distances(rows: Floats) -> Floats:
    """Euclidean, shape (n, n)."""
    squares = np.square(rows).sum(axis=1)
    distances: Floats = np.sqrt(np.maximum(squares[:, None] + squares - 2.0 * rows @ rows.T, 0.0))
    np.fill_diagonal(distances, 0.0)
    return distances


def _silhouette(distances: Floats, label: NDArray[np.int64]) -> float:
    """The mean over rows of (b - a) / max(a, b): a, the mean distance to the other rows of their cluster; b, that to
    the rows of the nearest other cluster; 0 for a row that is alone. -1 if there is one cluster only."""
    present, label = np.unique(label, return_inverse=True)
    if len(present) < 2:
        return -1.0
    member = (label[:, None] == np.arange(len(present))).astype(np.float64)
    sizes = member.sum(axis=0)
    sums = distances @ member
    own = member.astype(bool)
    inside = sums[own] / np.maximum(sizes[label] - 1.0, 1.0)
    means = np.where(own, np.inf, sums / sizes)
    outside = means.min(axis=1)
    larger = np.maximum(inside, outside)
    values = np.where((sizes[label] > 1.0) & (larger > 0.0), (outside - inside) / np.maximum(larger, 1e-300), 0.0)
    return float(values.mean())


def _shuffled(rows: Floats, features: Sequence[Feature], random: np.random.Generator) -> Floats:
    """The rows with every source column shuffled by itself."""
    shuffled = np.empty_like(rows)
    for source in dict.fromkeys(feature.source for feature in features):
        own = [place for place, feature in enumerate(features) if feature.source == source]
        shuffled[:, own] = rows[random.permutation(len(rows))][:, own]
    return shuffled
