"""The evaluation of a small table: metrics of every repeat of its cross-fitting, averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.bundle import Prediction
from tenure.contract import Contract
from tenure.evaluation.scoring import TestPart
from tenure.features.labels import read_labels
from tenure.stats.bootstrap import Estimate
from tenure.stats.clusters import customers_of
from tenure.stats.ranks import rank_auc


@dataclass(frozen=True)
class Repeat:
    """One division of all rows into folds."""

    order: NDArray[np.int64]
    """The rows, fold by fold; shape (rows,)."""
    predictions: tuple[Prediction, ...]
    """For the rows of each fold, by a model of the others."""


@dataclass(frozen=True)
class Repeats:
    """Predictions for all rows of a small table by models that were not fitted on them, several times over."""

    table: pa.Table
    """Training, validation and test part."""
    repeats: tuple[Repeat, ...]
    folds: int

    def rows(self, contract: Contract, number: int) -> TestPart:
        """All rows, in the order in which a repeat predicts them.

        Raises:
            DataError: a label is invalid.
        """
        table = self.table.take(pa.array(self.repeats[number].order))
        label = read_labels(table, contract, "the table")
        return TestPart(table, label, customers_of(table.column(contract.key_column)), whole=True)

    def describe(self) -> dict[str, Any]:
        """JSON values: how the rows were evaluated."""
        return {"rows": self.table.num_rows, "folds": self.folds, "repeats": len(self.repeats)}


def rank_within_folds(
    measured: Mapping[str, Estimate], label: NDArray[Any], predictions: Sequence[Prediction]
) -> dict[str, Estimate]:
    """The metrics of one repeat, with a ROC-AUC that compares rows of the same fold only.

    Each fold has a model and a calibration of its own: a churner of one fold and a stayer of another are ranked by two
    models, which says less than the shipped model does, and makes the ROC-AUC of all rows too low (Airola et al. 2011,
    "An experimental comparison of cross-validation techniques for estimating the area under the ROC curve"). The
    interval moves with the value.

    Args:
        measured: on the rows of all folds; of a regression, whose metrics do not rank, returned as they are.
        label: (rows,), fold by fold.
        predictions: for the rows of each fold.
    """
    pooled = measured.get("roc_auc")
    if pooled is None or pooled.value is None:
        return dict(measured)
    found, pairs, start = [], [], 0
    for prediction in predictions:
        inside = label[start : start + len(prediction.score)]
        start += len(inside)
        churners = int(inside.sum())
        if 0 < churners < len(inside):
            found.append(rank_auc(inside, prediction.score))
            pairs.append(churners * (len(inside) - churners))
    if not found:
        return dict(measured)
    value = float(np.average(found, weights=pairs))
    return {**measured, "roc_auc": _moved(pooled, value - pooled.value)}


def _moved(estimate: Estimate, by: float) -> Estimate:
    """A share and its interval, moved."""
    ends = (estimate.value, estimate.low, estimate.high)
    return Estimate(*(None if end is None else min(1.0, max(0.0, end + by)) for end in ends))


def average(measured: Sequence[Mapping[str, Estimate]]) -> dict[str, Estimate]:
    """The mean of every metric over repeats, and of the ends of its intervals.

    Each interval is that of one repeat. The mean over repeats varies less than one of them, so the mean interval is
    rather too wide than too narrow.
    """
    found = {}
    for name in measured[0]:
        estimates = [each[name] for each in measured]
        found[name] = Estimate(*(_mean([getattr(one, end) for one in estimates]) for end in ("value", "low", "high")))
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
