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

NORMAL_REACH = 1.959964
"""Standard errors to each side of a 95 % interval."""

SHARES = frozenset(
    {
        *("roc_auc", "average_precision", "precision", "recall", "f1", "accuracy", "churn_rate", "contacted_share"),
        *("brier", "calibration_error", "coverage", "r2"),
    }
)
"""Metrics of at most 1; so are the gains."""


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


def average(measured: Sequence[Mapping[str, Estimate]], folds: int) -> dict[str, Estimate]:
    """The mean of every metric over repeats, with an interval for the model that is shipped.

    The mean interval of the repeats holds what another draw of the evaluated rows would change. That the models would
    be others, too, is added: the variance between R repeats of F folds, times 1 / R + F / (F - 1). That is the
    corrected variance of resampled estimates, 1 / J + n_test / n_train times the variance between splits, of J = R F
    splits of which F are averaged in a repeat (Nadeau and Bengio 2003, "Inference for the generalization error",
    section 3). Without it intervals of cross-validation are too narrow (Bates, Hastie and Tibshirani 2023).
    """
    found = {}
    for name in measured[0]:
        estimates = [each[name] for each in measured]
        mean = Estimate(*(_mean([getattr(one, end) for one in estimates]) for end in ("value", "low", "high")))
        found[name] = _widened(name, mean, [one.value for one in estimates], folds)
    return found


def _widened(name: str, mean: Estimate, values: Sequence[float | None], folds: int) -> Estimate:
    value, low, high = mean.value, mean.low, mean.high
    if value is None or low is None or high is None or high <= low or len(values) < 2:
        return mean
    error = (high - low) / (2.0 * NORMAL_REACH)
    between = float(np.var(np.array(values, dtype=np.float64), ddof=1))
    added = (1.0 / len(values) + folds / (folds - 1)) * between
    times = np.sqrt(1.0 + added / error**2)
    wide_low, wide_high = float(value - times * (value - low)), float(value + times * (high - value))
    most = 1.0 if name in SHARES or name.startswith("gain_") else np.inf
    return Estimate(value, max(0.0, wide_low) if low >= 0.0 else wide_low, min(most, wide_high))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
