"""Tenure less another method, on the same test rows: in a split, over the splits of a table, over tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import DecisionMetric
from tenure.tasks.churn.evaluation import Campaign, Scored
from tenure.tasks.churn.evaluation.advantage import LESS_IS_BETTER, advantage
from tenure.tasks.churn.evaluation.sample import log_error

METRICS: dict[DecisionMetric, str] = {
    "log_loss": "log loss",
    "average_precision": "average precision",
    "roc_auc": "ROC-AUC",
    "brier": "Brier",
}
RESAMPLES, SEED = 1_000, 7
FEWEST_SPLITS = 3
"""With fewer, the spread between splits says too little."""
NORMAL_95 = 1.96

Floats = NDArray[np.float64]
Labels = NDArray[np.integer]
Customers = NDArray[np.int64] | None


@dataclass(frozen=True)
class Difference:
    """Tenure less the other, in one metric."""

    value: float
    error: float
    """Standard error."""

    @property
    def low(self) -> float:
        return self.value - NORMAL_95 * self.error

    @property
    def high(self) -> float:
        return self.value + NORMAL_95 * self.error


def is_worse(metric: DecisionMetric, difference: Difference) -> bool:
    """Whether Tenure is behind by more than the standard error."""
    loss = difference.value if metric in LESS_IS_BETTER else -difference.value
    return loss > difference.error


def measure(metric: DecisionMetric, label: Labels, probability: Floats) -> float:
    """The metric on rows with ``label`` and ``probability``, (rows,) each."""
    if metric == "log_loss":
        return float(log_error(label, probability).mean())
    if metric == "brier":
        return float(((probability - label) ** 2).mean())
    from sklearn.metrics import average_precision_score, roc_auc_score

    return float((roc_auc_score if metric == "roc_auc" else average_precision_score)(label, probability))


def difference(metric: DecisionMetric, label: Labels, ours: Floats, theirs: Floats, customer: Customers) -> Difference:
    """On the test rows of one split; the error by the paired bootstrap, of customers where they have several rows."""
    nobody = Campaign(customer_value=1, offer_cost=0, offer_success_share=1, contacts=1, population=1)
    sides = (Scored(said, said >= 0.5) for said in (ours, theirs))
    with np.errstate(invalid="ignore"):  # of a resample that draws none of the riskiest rows
        found = advantage(label, *sides, nobody, samples=RESAMPLES, seed=SEED, metric=metric, customer=customer)
    return Difference(float(found.difference.value), float(found.gains.std(ddof=1)))


def over_splits(found: Sequence[Difference], test_share: float) -> Difference:
    """The mean over splits of a table.

    The splits share rows, so their spread is too small: from three splits on the error is that of Nadeau & Bengio
    (2003, "Inference for the generalization error", section 5). Below, it is the mean error within a split, as if
    the splits had the same test rows.

    Args:
        found: of each split.
        test_share: test rows for each row to learn from.
    """
    values = np.array([each.value for each in found])
    if len(found) < FEWEST_SPLITS:
        return Difference(float(values.mean()), float(np.mean([each.error for each in found])))
    error = math.sqrt((1.0 / len(found) + test_share) * float(values.var(ddof=1)))
    return Difference(float(values.mean()), error)


def over_tables(found: Sequence[Difference]) -> Difference:
    """The mean over these tables: the error says how well it is known, not what another table would say."""
    errors = np.array([each.error for each in found])
    return Difference(float(np.mean([each.value for each in found])), float(np.sqrt((errors**2).sum()) / len(found)))
