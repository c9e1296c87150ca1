"""``clusters.json``: groups of customers who are alike, and the group of a row as an output.

A row belongs to the cluster with the nearest centre. The distance is Euclidean over the encoded features, each limited
to where most rows of training lie and multiplied by a weight, by which every source column counts alike; see
``tenure.training.clusters`` for how they are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.additions.addition import AddedColumn, AddedValues, Addition
from tenure.bundle.additions.numbers import read_numbers
from tenure.contract import Contract
from tenure.transform import Encoded, Transform

COLUMN = "cluster"
MAX_CLUSTERS = 20
MAX_TEXT = 1_000
"""Characters of a description."""

_KEYS = frozenset(("centres", "low", "high", "weights", "shares", "descriptions", "silhouette"))
_LARGEST = 1e38
"""No number of the file is larger, so that no distance overflows."""
_CHUNK = 4_096
"""Rows whose distances are computed at a time."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Clusters(Addition):
    """k clusters of rows with f encoded features, the largest first; they are called "1" to "k"."""

    KIND: ClassVar[str] = "clusters"
    MAX_BYTES: ClassVar[int] = 16 * 1024**2

    centres: Floats
    """Shape (k, f), in the units of the encoded features."""
    low: Floats
    """Shape (f,): smaller values of a feature count as this one."""
    high: Floats
    """Shape (f,): larger values of a feature count as this one."""
    weights: Floats
    """Shape (f,), not negative: what a feature's difference is multiplied by."""
    shares: tuple[float, ...]
    """Share of the rows of training in each cluster."""
    descriptions: tuple[str, ...]
    """What distinguishes each cluster, in words."""
    silhouette: float
    """Mean silhouette of the clusters, from -1 to 1."""

    @cached_property
    def _scaled(self) -> Floats:
        return self.centres * self.weights

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(number) for number in range(1, len(self.centres) + 1))

    @property
    def columns(self) -> tuple[AddedColumn, ...]:
        listed = "; ".join(f"{name}: {text}" for name, text in zip(self.names, self.descriptions, strict=True))
        return (AddedColumn(COLUMN, "text", f"Cluster of customers who are alike. {listed}"),)

    def values(self, encoded: Encoded, scores: Floats) -> dict[str, AddedValues]:  # noqa: ARG002 (the interface)
        names = self.names
        return {COLUMN: [names[place] for place in self.assign(encoded.matrix).tolist()]}

    def assign(self, matrix: NDArray[np.float32]) -> NDArray[np.int64]:
        """The index of the nearest centre for each row, of equals the larger cluster's, shape (rows,).

        Args:
            matrix: encoded rows (rows, f).
        """
        found = np.empty(len(matrix), dtype=np.int64)
        for start in range(0, len(matrix), _CHUNK):
            rows = np.clip(matrix[start : start + _CHUNK].astype(np.float64), self.low, self.high) * self.weights
            # Not by a product of matrices: its last bits depend on the number of rows.
            distances = [np.square(rows - centre).sum(axis=1) for centre in self._scaled]
            found[start : start + _CHUNK] = np.argmin(distances, axis=0)
        return found

    def to_document(self) -> dict[str, Any]:
        return {
            "centres": self.centres.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "weights": self.weights.tolist(),
            "shares": list(self.shares),
            "descriptions": list(self.descriptions),
            "silhouette": self.silhouette,
        }

    @classmethod
    def from_document(cls, document: Any, transform: Transform, contract: Contract) -> Self:  # noqa: ARG003
        if not isinstance(document, dict) or document.keys() != _KEYS:
            raise ValueError(f"not an object with the keys {', '.join(sorted(_KEYS))}")
        width = len(transform.features)
        centres = document["centres"]
        if not isinstance(centres, list) or not 2 <= len(centres) <= MAX_CLUSTERS:
            raise ValueError(f"'centres' is not a list of 2 to {MAX_CLUSTERS} centres")
        count = len(centres)
        low, high, weights = (_numbers(document[name], name, width) for name in ("low", "high", "weights"))
        if (low > high).any():
            raise ValueError("'low' is above 'high'")
        if (weights < 0.0).any():
            raise ValueError("a weight is negative")
        shares = _numbers(document["shares"], "shares", count)
        if (shares < 0.0).any() or (shares > 1.0).any():
            raise ValueError("a share is not between 0 and 1")
        silhouette = float(_numbers([document["silhouette"]], "silhouette", 1)[0])
        if not -1.0 <= silhouette <= 1.0:
            raise ValueError(f"a silhouette of {silhouette}")
        return cls(
            np.array([_numbers(centre, "centres", width) for centre in centres]),
            low,
            high,
            weights,
            tuple(shares.tolist()),
            _texts(document["descriptions"], count),
            silhouette,
        )


def _numbers(value: object, name: str, length: int) -> Floats:
    return read_numbers(value, name, length, _LARGEST)


def _texts(value: object, length: int) -> tuple[str, ...]:
    """A list of so many descriptions, one line each."""
    if not isinstance(value, list) or len(value) != length:
        raise ValueError(f"'descriptions' is not a list of {length} texts")
    for text in value:
        if not isinstance(text, str) or len(text) > MAX_TEXT or not text.isprintable():
            raise ValueError(f"'descriptions': not a line of at most {MAX_TEXT} printable characters")
    return tuple(value)


ADDITION = Clusters
