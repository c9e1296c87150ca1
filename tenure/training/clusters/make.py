"""Clusters of the customers in the training and validation part, for a bundle and its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.additions.kinds.clusters import Clusters
from tenure.contract import Contract
from tenure.contract.settings import ClusterLimits
from tenure.number_text import percent
from tenure.training.clusters.counting import SMALLEST_SHARE, Counted, count_clusters, nearest
from tenure.training.clusters.scaling import fit_scale
from tenure.training.clusters.words import describe
from tenure.training.families.threads import limited
from tenure.transform import Transform

SMALLEST_TABLE = 500
"""Rows from which on there are clusters, where the contract does not ask for them."""
SAMPLE_ROWS = 5_000
"""Rows that clusters are made from."""
DIGITS = 6
"""Significant digits of centres, limits and weights."""
ZERO = 1e-9
"""A centre this small, as a share of its feature's limits, is 0: what remains is the error of a sum."""


@dataclass(frozen=True)
class MadeClusters:
    """Clusters, or the reason why there are none."""

    additions: tuple[Clusters, ...]
    """For the bundle: one, or none."""
    record: dict[str, Any]
    """For ``train.json``: their number, the silhouettes, and the reason where there are none."""


def make_clusters(contract: Contract, transform: Transform, matrix: NDArray[np.float32]) -> MadeClusters:
    """Divide the rows into clusters by k-means (Lloyd 1982) with seeded restarts, on a sample.

    Rows are compared in the encoded features, on a scale on which source columns count alike (``scaling``); the number
    of clusters is the one with the largest silhouette (``counting``). The largest cluster is the first.

    Args:
        contract: its ``clusters`` says whether, and how many at most.
        transform: that encoded the rows.
        matrix: rows (n, f) of the training and validation part.
    """
    rows = len(matrix)
    wanted = contract.clusters
    if wanted is False:
        return _without("the contract says 'clusters: false'")
    if rows < SMALLEST_TABLE and wanted is None:
        return _without(f"the training and validation part have {rows:,} rows, {SMALLEST_TABLE} are needed")
    most = min((wanted or ClusterLimits()).max, rows // 2)
    random = np.random.default_rng(contract.training.seed)
    sample = matrix if rows <= SAMPLE_ROWS else matrix[np.sort(random.choice(rows, SAMPLE_ROWS, replace=False))]
    scale = fit_scale(sample, transform.features)
    scaled = scale.apply(sample)
    most = min(most, len(np.unique(scaled, axis=0)) - 1)
    if most < 2:
        return _without("the rows do not differ")
    with limited(1):  # so that the sums, and with them the bundle's version, do not depend on the number of cores
        counted = count_clusters(scaled, transform.features, most, contract.training.seed)
    if counted is None:
        return _without(f"every division has a cluster with less than {percent(SMALLEST_SHARE, 0)} of the rows")
    if counted.silhouette < counted.needed:
        return _without(
            f"the best division has a silhouette of {counted.silhouette:.3f}, clusters need {counted.needed:.3f}",
            counted,
        )
    label = nearest(scaled, counted.centres)
    order = np.argsort(-np.bincount(label), kind="stable")
    label = np.argsort(order)[label]
    with np.errstate(divide="ignore", invalid="ignore"):
        centres = np.where(scale.weights > 0.0, counted.centres[order] / scale.weights, 0.0)
    centres[np.abs(centres) < ZERO * np.maximum(np.abs(scale.low), np.abs(scale.high))] = 0.0
    clusters = Clusters(
        centres=_rounded(centres),
        low=_rounded(scale.low),
        high=_rounded(scale.high),
        weights=_rounded(scale.weights),
        shares=tuple((np.bincount(label) / len(label)).round(DIGITS).tolist()),
        descriptions=tuple(describe(contract, transform, sample, label)),
        silhouette=round(counted.silhouette, DIGITS),
    )
    return MadeClusters((clusters,), {"count": int(order.size), "reason": "", **_figures(counted)})


def _without(reason: str, counted: Counted | None = None) -> MadeClusters:
    return MadeClusters((), {"count": 1, "reason": reason, **({} if counted is None else _figures(counted))})


def _figures(counted: Counted) -> dict[str, Any]:
    return {
        "silhouettes": {str(count): round(value, DIGITS) for count, value in counted.silhouettes.items()},
        "needed": round(counted.needed, DIGITS),
    }


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers with ``DIGITS`` significant digits, so that the last bits of a sum make no other bundle."""
    rounded = [float(f"{value:.{DIGITS - 1}e}") + 0.0 for value in values.ravel().tolist()]
    return np.array(rounded).reshape(values.shape)
