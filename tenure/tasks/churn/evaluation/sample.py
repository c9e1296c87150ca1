"""Scored rows, grouped into the cells that every metric and every resample is computed from.

A metric here depends on a row only through its score, its label and whether its customer is
contacted. Rows that agree in these three are one cell; resampling rows with replacement is then
drawing the cells' counts from a multinomial, and no resample ever touches single rows again. Where
customers have several rows, each brings its counts of all cells when it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError

CALIBRATION_BINS = 10
"""Equal-width bins of the expected calibration error."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """The predictions of one model for the rows of a table."""

    probability: Floats
    """(rows,) calibrated probability of churn."""
    contacted: Bools
    """(rows,) whether the model's decision is to contact this customer."""

    def __post_init__(self) -> None:
        bad = ~((self.probability >= 0.0) & (self.probability <= 1.0))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{int(bad.sum())} of {bad.size} probabilities are not between 0 and 1;"
                f" the first is {self.probability[row]} at row {row + 1}"
            )
        if self.contacted.shape != self.probability.shape:
            raise DataError(f"{self.contacted.size} decisions for {self.probability.size} probabilities")

    def take(self, rows: Bools | Ints) -> Scored:
        """The same for some of the rows."""
        return Scored(self.probability[rows], self.contacted[rows])


@dataclass(frozen=True)
class Sample:
    """Cells ordered by falling score; groups are runs of cells that share one score."""

    count: Ints
    """(cells,) rows in the cell."""
    cell: Ints
    """(rows,) index of each row's cell."""
    group_start: Ints
    """(groups,) index of each group's first cell."""
    positive: Floats
    """(cells,) 1 where the cell's rows churned."""
    contacted: Floats
    """(cells,) 1 where the cell's customers are contacted."""
    probability: Floats
    """(cells,) mean probability of the cell's rows."""
    squared_error: Floats
    """(cells,) mean squared difference of probability and label."""
    log_error: Floats
    """(cells,) mean negative log likelihood of the label."""
    calibration_bin: Ints
    """(cells,) the calibration bin that all of the cell's rows fall into."""
    value: Floats | None = None
    """(cells,) customer value of the cell's rows, where it is not the campaign's."""

    @property
    def rows(self) -> int:
        return int(self.count.sum())


def calibration_bin(probability: Floats, bins: int = CALIBRATION_BINS) -> Ints:
    """(rows,) index of the equal-width bin of each probability; 1.0 belongs to the last bin."""
    return np.minimum((probability * bins).astype(np.int64), bins - 1)


def log_error(label: NDArray[np.integer], probability: Floats) -> Floats:
    """(rows,) negative log likelihood of each label.

    Clipped as scikit-learn does: a probability of exactly 0 or 1 costs much, and not infinitely much.
    """
    epsilon = np.finfo(np.float64).eps
    likelihood = np.where(label == 1, probability, 1.0 - probability)
    found: Floats = -np.log(np.clip(likelihood, epsilon, 1.0 - epsilon))
    return found


def share_groups(probability: Floats, groups: int) -> Ints:
    """(rows,) group of each row, riskiest first: up to ``groups`` of about equal size, equal probabilities together."""
    order = np.argsort(-probability, kind="stable")
    falling = probability[order]
    found = np.empty(order.size, np.int64)
    found[order] = _shares(np.concatenate(([True], falling[1:] != falling[:-1])), groups)
    return found


def _shares(starts: Bools, groups: int) -> Ints:
    """(rows,) which of ``groups`` equal shares the first row of each run of equal rows lies in."""
    rows = np.arange(starts.size)
    found: Ints = np.maximum.accumulate(np.where(starts, rows, 0)) * groups // starts.size
    return found


def group(
    label: NDArray[np.integer], scored: Scored, max_groups: int | None = None, value: Floats | None = None
) -> Sample:
    """Cells of ``scored`` rows with ``label`` (rows,) in {0, 1}.

    Without ``max_groups`` every distinct probability is a group of its own, and metrics are exact.
    With it, neighbouring probabilities share about that many groups of equal size; fewer distinct
    probabilities than that stay exact. Equal probabilities always share a group. Rows of a cell have
    one customer ``value`` (rows,), where one is given.
    """
    order = np.argsort(-scored.probability, kind="stable")
    probability = scored.probability[order]
    positive = label[order].astype(np.int64)
    contacted = scored.contacted[order].astype(np.int64)
    in_bin = calibration_bin(probability)

    starts = np.concatenate(([True], probability[1:] != probability[:-1]))
    if max_groups is not None and int(starts.sum()) > max_groups:
        share = _shares(starts, max_groups)
        starts = np.concatenate(([True], (share[1:] != share[:-1]) | (in_bin[1:] != in_bin[:-1])))
    group_of_row = np.cumsum(starts) - 1

    worth, kind = (np.array([np.nan]), 0) if value is None else np.unique(value[order], return_inverse=True)
    key = (group_of_row * 4 + contacted * 2 + positive) * worth.size + kind
    kept, cell_of_row, count = np.unique(key, return_inverse=True, return_counts=True)
    kind_of_cell, kept = kept % worth.size, kept // worth.size

    def mean(values: Floats) -> Floats:
        return np.bincount(cell_of_row, weights=values, minlength=kept.size) / count

    group_of_cell = kept // 4
    cell = np.empty(order.size, np.int64)
    cell[order] = cell_of_row
    return Sample(
        count=count.astype(np.int64),
        cell=cell,
        group_start=np.flatnonzero(np.concatenate(([True], group_of_cell[1:] != group_of_cell[:-1]))),
        positive=(kept % 2).astype(np.float64),
        contacted=(kept // 2 % 2).astype(np.float64),
        probability=mean(probability),
        squared_error=mean((probability - positive) ** 2),
        log_error=mean(log_error(positive, probability)),
        calibration_bin=in_bin[np.concatenate(([0], np.flatnonzero(starts[1:]) + 1))][group_of_cell],
        value=None if value is None else worth[kind_of_cell],
    )
