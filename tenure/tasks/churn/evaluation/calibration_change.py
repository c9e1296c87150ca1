"""Probabilities before and after calibration, held against the labels of the test part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Bundle
from tenure.evaluation.scoring import BATCH_ROWS, TestPart
from tenure.stats.bootstrap import Estimate, Floats
from tenure.stats.clusters import customers_of, standard_error
from tenure.stats.wilson import Z_95
from tenure.tasks.churn.decision import ChurnDecision
from tenure.tasks.churn.evaluation.curves import calibration
from tenure.tasks.churn.evaluation.sample import log_error

MAX_ROWS = 50_000
"""Of the test part that are scored anew, the first ones; more would not show in a chart."""

Json = dict[str, Any]


def calibration_change(bundle: Bundle, decision: ChurnDecision, test: TestPart) -> Json:
    """Reliability by ten bins, log loss, Brier score and calibration error, raw and calibrated.

    ``log_loss_change`` is calibrated less raw on the same rows, with a 95 % interval from the rows' differences;
    ``in_training`` the log loss by which the method was chosen.
    """
    label = test.label[:MAX_ROWS]
    customer = None if test.customer is None else customers_of(test.customer[:MAX_ROWS])
    probabilities, calibrations = [], []
    for start in range(0, label.size, BATCH_ROWS):
        batch = test.table.slice(start, min(BATCH_ROWS, label.size - start))
        encoded = bundle.transform.encode({name: batch.column(name) for name in bundle.transform.inputs})
        margin, probability = bundle.model.run(encoded.matrix)
        probabilities.append(probability)
        calibrations.append(decision.calibrate(margin, probability, columns=encoded.values))
    raw, calibrated = np.concatenate(probabilities), np.concatenate(calibrations)
    change = log_error(label, calibrated) - log_error(label, raw)
    mean, half = float(change.mean()), Z_95 * standard_error(change, customer) if label.size > 1 else 0.0
    return {
        "method": decision.calibration.method,
        "rows": int(label.size),
        "raw": _figures(label, raw, customer),
        "calibrated": _figures(label, calibrated, customer),
        "log_loss_change": Estimate(mean, mean - half, mean + half).to_json(),
        "in_training": decision.calibration_log_loss,
    }


def _figures(label: NDArray[np.integer], probability: Floats, customer: NDArray[np.int64] | None) -> Json:
    bins = calibration(label, probability, customer)
    return {
        "bins": bins,
        "log_loss": float(log_error(label, probability).mean()),
        "brier": float(np.mean((probability - label) ** 2)),
        "calibration_error": sum(one["rows"] * abs(one["probability"] - one["rate"]) for one in bins) / label.size,
    }
