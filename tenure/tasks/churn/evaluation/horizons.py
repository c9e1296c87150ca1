"""How well the probabilities within shorter times than the horizon hold on the test part."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenure.bundle import Bundle
from tenure.bundle.additions.kinds.horizons import Horizons
from tenure.contract.horizon_times import column_name
from tenure.contract.schema import PART_COLUMN
from tenure.evaluation.scoring import TestPart, predict
from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.measure import measure
from tenure.tasks.churn.evaluation.sample import Scored
from tenure.tasks.churn.evaluation.sample_size import too_small

METRICS = ("roc_auc", "log_loss", "brier", "calibration_error")

Json = dict[str, Any]


def record_horizons(bundle: Bundle, test: TestPart, campaign: Campaign, *, samples: int, seed: int) -> list[Json]:
    """For each of the label's times the share of customers to whom it happened, the mean probability, and metrics.

    Args:
        bundle: the candidate.
        test: the test part, which the candidate has not seen.
        campaign: see ``measure``, as ``samples`` and ``seed``.

    Returns:
        One entry a time, ascending; none where the bundle has no probabilities within times.
    """
    horizons = next((addition for addition in bundle.additions if isinstance(addition, Horizons)), None)
    if horizons is None:
        return []
    label = horizons.label
    found = list(predict(bundle, test.table, additions=True))
    decision = np.concatenate([prediction.decision for prediction in found])
    part = test.table.column(PART_COLUMN).to_numpy()
    records = []
    for number, time in enumerate(label.times, start=1):
        name = column_name(label.kind, time)
        probability = np.concatenate([(prediction.added or {})[name] for prediction in found], dtype=np.float64)
        happened = (part > 0) & (part <= number)
        true = (happened != (label.kind == "no_event")).astype(np.int8)
        small = too_small(true, test.customer)
        metrics = {}
        if small is None:
            scored = Scored(probability, decision)
            measured = measure(true, scored, campaign, samples=samples, seed=seed, customer=test.customer)
            metrics = {metric: measured[metric].to_json() for metric in METRICS}
        records.append(
            {
                "output": name,
                "time": str(time),
                "rate": float(true.mean()),
                "mean_probability": float(probability.mean()),
                "too_small": small,
                "metrics": metrics,
            }
        )
    return records
