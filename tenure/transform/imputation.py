"""Missing numbers filled in by what else is known of the row: k nearest neighbours and chained equations.

Both are fitted state in plain numbers; a row's values depend on nothing but the row and the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.values import Floats

Mask = NDArray[np.bool_]

MAX_NEIGHBOURS, MAX_DONORS, MAX_ROUNDS = 50, 1_000, 20
"""Limits of a state that is read."""


@dataclass(frozen=True)
class Neighbours:
    """Means of the nearest donors: rows of the training part that are kept with the transform.

    Troyanskaya et al. 2001, "Missing value estimation methods for DNA microarrays". Distances are Euclidean over the
    predictors that row and donor both have, on scales of one standard deviation, enlarged by the share of predictors
    that are missing in either (as scikit-learn's ``nan_euclidean_distances``). Of equally near donors the first count.
    """

    targets: tuple[str, ...]
    """The numbers that are filled in."""
    predictors: tuple[str, ...]
    """The numbers that distances are computed from."""
    scales: tuple[float, ...]
    """Standard deviation of each predictor."""
    donors: tuple[tuple[float | None, ...], ...]
    """Rows: the value of each predictor, None where it is missing."""
    values: tuple[tuple[float | None, ...], ...]
    """Of each donor the value of each target."""
    count: int
    """How many donors a mean is of."""

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        width = len(self.predictors)
        donors = _matrix(self.donors, width)
        return donors, np.array(self.scales).reshape(1, width), _matrix(self.values, len(self.targets))

    def fill(self, known: Floats, missing: Mask, filled: Floats, place: Mapping[str, int]) -> None:
        """Write the missing targets into ``filled``; where no donor has anything in common with a row it stays.

        Args:
            known: shape (numbers, rows), NaN where missing.
            missing: the same, as a mask.
            filled: the same, medians where missing; changed.
            place: row of each number in these arrays, by name.
        """
        donors, scales, values = self._arrays
        read = [place[name] for name in self.predictors]
        targets = [place[name] for name in self.targets]
        for row in np.flatnonzero(missing[targets].any(axis=0)).tolist():
            order = self._order(known[read, row], donors, scales)
            for index, target in enumerate(targets):
                if missing[target, row]:
                    having = values[order, index]
                    nearest = having[~np.isnan(having)][: self.count]
                    if len(nearest):
                        filled[target, row] = nearest.mean()

    @staticmethod
    def _order(row: Floats, donors: Floats, scales: Floats) -> NDArray[np.intp]:
        """Donors by distance from a row, those without a common predictor left out."""
        with np.errstate(over="ignore"):
            away = ((donors - row) / scales) ** 2
        both = ~np.isnan(away)
        common = both.sum(axis=1)
        total = np.where(both, away, 0.0).sum(axis=1)
        distance = np.where(common > 0, total / np.maximum(common, 1), np.inf)
        order = np.argsort(distance, kind="stable")
        return order[common[order] > 0]


@dataclass(frozen=True)
class Equation:
    """How one number is computed from all others."""

    intercept: float
    weights: tuple[float, ...]
    """Of each number of the chain, 0 of the one that is computed."""


@dataclass(frozen=True)
class Chained:
    """Chained equations: each number by a ridge regression on all others, in rounds.

    Van Buuren and Groothuis-Oudshoorn 2011, "mice", without draws. Starting from medians, the missing targets are
    computed one after another; the next round starts from these values. A computed value is held within the range of
    the training part.
    """

    targets: tuple[str, ...]
    """The numbers that are computed, in this order."""
    predictors: tuple[str, ...]
    """The numbers that they are computed from; a target need not be one of them."""
    low: tuple[float, ...]
    """Smallest value of each target in the training part."""
    high: tuple[float, ...]
    rounds: tuple[tuple[Equation, ...], ...]
    """The equations of each round, one a target."""

    @cached_property
    def _weights(self) -> Floats:
        """Shape (rounds, targets, predictors)."""
        return np.array([[equation.weights for equation in each] for each in self.rounds], dtype=np.float64)

    def fill(self, known: Floats, missing: Mask, filled: Floats, place: Mapping[str, int]) -> None:
        """Write the missing targets into ``filled``; arguments as of ``Neighbours.fill``."""
        del known  # equations read medians where a predictor is missing
        read, targets = [place[name] for name in self.predictors], [place[name] for name in self.targets]
        rows = np.flatnonzero(missing[targets].any(axis=0))
        if not len(rows):
            return
        own = {name: index for index, name in enumerate(self.predictors)}
        holes = missing[targets][:, rows]
        some = [(index, np.flatnonzero(holes[index])) for index in np.flatnonzero(holes.any(axis=1)).tolist()]
        # Rows of a C-contiguous array: sums over the last axis are the same for a row alone and among others.
        current = np.ascontiguousarray(filled[read][:, rows].T)
        with np.errstate(over="ignore", invalid="ignore"):
            for equations, weights in zip(self.rounds, self._weights, strict=True):
                for index, gaps in some:
                    value = equations[index].intercept + (current[gaps] * weights[index]).sum(axis=1)
                    # What overflows to both infinities stays as it is.
                    value = np.where(np.isnan(value), filled[targets[index], rows[gaps]], value)
                    value = np.minimum(np.maximum(value, self.low[index]), self.high[index])
                    filled[targets[index], rows[gaps]] = value
                    if self.targets[index] in own:
                        current[gaps, own[self.targets[index]]] = value


Imputer = Neighbours | Chained


def rows_held(imputers: Sequence[Imputer]) -> int:
    """Rows of the training part, without keys, that imputers hold."""
    return sum(len(imputer.donors) for imputer in imputers if isinstance(imputer, Neighbours))


def _matrix(rows: tuple[tuple[float | None, ...], ...], width: int) -> Floats:
    found: Any = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    return found
