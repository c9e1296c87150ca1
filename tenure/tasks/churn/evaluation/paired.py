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
    label = evaluator.test.label
    common = {"samples": evaluator.samples, "seed": evaluator.seed}
    value, customer = evaluator.value, evaluator.test.customer
    compared = compare(label, candidate, champion, evaluator.campaign, value=value, customer=customer, **common)
    found = {name: getattr(compared, name) for name in ("profit_per_day", "brier", "calibration_error")}
    if 0 < label.sum() < label.size:
        # Resamples may begin with scores of which no row was drawn.
        with np.errstate(divide="ignore", invalid="ignore"):
            for name in RANKED:
                found[name] = advantage(
                    label,
                    candidate,
                    champion,
                    evaluator.campaign,
                    metric=name,
                    value=value,
                    customer=customer,
                    **common,
                ).difference
    return found
