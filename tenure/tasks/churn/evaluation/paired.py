"""Differences of the metrics of two models on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tenure.contract.settings import DecisionMetric
from tenure.stats.bootstrap import Estimate
from tenure.tasks.churn.evaluation.advantage import advantage
from tenure.tasks.churn.evaluation.comparison import compare
from tenure.tasks.churn.evaluation.sample import Scored

if TYPE_CHECKING:
    from tenure.tasks.churn.evaluation.evaluator import ChurnEvaluator

RANKED: tuple[DecisionMetric, ...] = ("roc_auc", "average_precision", "log_loss")
"""Metrics that a comparison with the champion has only where one is the decision metric."""


def paired(evaluator: ChurnEvaluator, candidate: Scored, champion: Scored) -> dict[str, Estimate]:
    """By name of the metric; the ranking's only where the rows hold both classes."""
    label, campaign = evaluator.test.label, evaluator.campaign
    samples, seed, value, customer = evaluator.samples, evaluator.seed, evaluator.value, evaluator.test.customer
    compared = compare(label, candidate, champion, campaign, samples=samples, seed=seed, value=value, customer=customer)
    found = {name: getattr(compared, name) for name in ("profit_per_period", "brier", "calibration_error")}
    if not 0 < label.sum() < label.size:
        return found
    # Resamples may begin with scores of which no row was drawn.
    with np.errstate(divide="ignore", invalid="ignore"):
        ranked = {
            name: advantage(
                label,
                candidate,
                champion,
                campaign,
                metric=name,
                samples=samples,
                seed=seed,
                value=value,
                customer=customer,
            )
            for name in RANKED
        }
    return {**found, **{name: one.difference for name, one in ranked.items()}}
