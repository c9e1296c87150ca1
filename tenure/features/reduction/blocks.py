"""The columns of the encoded matrix that are made from one input or derived feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tenure.transform import Feature

Matrix = NDArray[np.float32]
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Block:
    """The encoded columns of one source, for some rows."""

    name: str
    """Of the input or derived feature."""
    kinds: tuple[str, ...]
    """Of its features."""
    columns: Matrix
    """Shape (n, width)."""
    places: slice
    """Where the columns stand in the matrix."""

    @property
    def is_one_hot(self) -> bool:
        return "category" in self.kinds or "unknown" in self.kinds

    @cached_property
    def is_constant(self) -> bool:
        """Whether all rows are equal."""
        return bool((self.columns == self.columns[0]).all())

    @cached_property
    def codes(self) -> Codes | None:
        """Which value each row has, shape (n,): of a one-hot block, and of a number with two values; None of others."""
        if self.is_one_hot:
            return np.argmax(self.columns, axis=1)
        numbers = self.columns[:, 0]
        low, high = numbers.min(), numbers.max()
        if len(self.kinds) > 1 or not ((numbers == low) | (numbers == high)).all():
            return None
        return (numbers == high).astype(np.intp)

    @cached_property
    def standardized(self) -> Floats:
        """Columns of mean 0 and standard deviation 1, constant ones 0; shape (n, width)."""
        wide = self.columns.astype(np.float64)
        away = wide - wide.mean(axis=0)
        varies = self.columns.min(axis=0) < self.columns.max(axis=0)
        return np.where(varies, away / np.where(varies, away.std(axis=0), 1.0), 0.0)


def blocks_of(features: Sequence[Feature], matrix: Matrix) -> list[Block]:
    """One block for each source of features, in order; ``matrix`` shape (n, features)."""
    found: list[Block] = []
    start = 0
    while start < len(features):
        name, stop = features[start].source, start
        while stop < len(features) and features[stop].source == name:
            stop += 1
        kinds = tuple(feature.kind for feature in features[start:stop])
        found.append(Block(name, kinds, matrix[:, start:stop], slice(start, stop)))
        start = stop
    return found
