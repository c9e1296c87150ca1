"""The curves behind the metrics, thinned to what a chart can show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.evaluation.campaign import Campaign
from tenure.evaluation.sample import CALIBRATION_BINS, Floats, Ints, Scored, calibration_bin

POINTS = 160
"""Points kept of a curve."""

Z_95 = 1.959963984540054


def curves(label: NDArray[np.integer], scored: Scored, campaign: Campaign) -> dict[str, Any]:
    """ROC, precision-recall, gain, profit and calibration curves as lists of numbers, and the chosen points.

    ``gain`` and ``profit`` run over the share of customers contacted, riskiest first; ``chosen`` holds
    where the model's own decisions stand on each curve; ``limit`` what contacting only
    ``contacts_per_day`` costs against the best point of the profit curve.
    """
    order = np.argsort(-scored.probability, kind="stable")
    positive = label[order].astype(np.float64)
    probability = scored.probability[order]
    last_of_tie = np.flatnonzero(np.concatenate((probability[1:] != probability[:-1], [True])))
    true = np.concatenate(([0.0], np.cumsum(positive)[last_of_tie]))
    reached = np.concatenate(([0.0], last_of_tie + 1.0))
    false = reached - true
    rows, positives, negatives = reached[-1], true[-1], false[-1]

    share = reached / rows
    profit = campaign.profit(true, reached) / rows * campaign.population
    threshold = np.concatenate(([1.0], probability[last_of_tie]))
    hit = float(np.sum(scored.contacted & (label == 1)))
    contacted = float(np.sum(scored.contacted))
    contacted_share = contacted / rows
    chosen_profit = float(campaign.profit(hit, contacted) / rows * campaign.day_scale(np.array([contacted_share]))[0])
    best = int(np.argmax(profit))

    kept = _thin(share)
    has_both = positives > 0 and negatives > 0
    found: dict[str, Any] = {
        "gain": _points(share[kept], true[kept] / positives) if positives else None,
        "profit": _points(share[kept], profit[kept]),
        "calibration": _calibration(label, scored.probability),
        "histogram": np.histogram(scored.probability, bins=20, range=(0.0, 1.0))[0].tolist(),
        "limit": {
            "contacts_per_day": campaign.contacts_per_day,
            "share": min(1.0, campaign.contacts_per_day / campaign.population),
            "best_share": float(share[best]),
            "best_threshold": float(threshold[best]),
            "best_profit_per_day": float(profit[best]),
            "cost_per_day": max(0.0, float(profit[best]) - chosen_profit),
        },
        "chosen": {
            "share": min(contacted_share, campaign.contacts_per_day / campaign.population),
            "profit_per_day": chosen_profit,
        },
    }
    if has_both:
        kept = _thin(false / negatives, true / positives)
        found["roc"] = _points(false[kept] / negatives, true[kept] / positives)
        found["roc"]["threshold"] = [round(float(value), 6) for value in threshold[kept]]
        kept = _thin(true[1:] / positives) + 1
        found["precision_recall"] = _points(true[kept] / positives, true[kept] / reached[kept])
        found["chosen"] |= {
            "false_positive_rate": (contacted - hit) / negatives,
            "recall": hit / positives,
            "precision": hit / contacted if contacted else None,
        }
    return found


def _thin(*axes: Floats) -> Ints:
    """Indices of about ``POINTS`` points, evenly along the curve, ends always kept."""
    length = np.zeros(axes[0].size)
    for axis in axes:
        length += np.concatenate(([0.0], np.cumsum(np.abs(np.diff(axis)))))
    wanted = np.linspace(length[0], length[-1], POINTS)
    return np.unique(np.concatenate(([0], np.searchsorted(length, wanted), [length.size - 1])).clip(0, length.size - 1))


def _points(x: Floats, y: Floats) -> dict[str, list[float]]:
    return {"x": [round(float(value), 6) for value in x], "y": [round(float(value), 6) for value in y]}


def _calibration(label: NDArray[np.integer], probability: Floats) -> list[dict[str, float]]:
    """Each bin that has rows: its mean probability, and its churn rate with a Wilson interval (Wilson 1927)."""
    in_bin = calibration_bin(probability)
    found = []
    for index in range(CALIBRATION_BINS):
        inside = in_bin == index
        rows = int(inside.sum())
        if rows == 0:
            continue
        rate = float(label[inside].mean())
        centre = (rate + Z_95**2 / (2 * rows)) / (1 + Z_95**2 / rows)
        half = Z_95 / (1 + Z_95**2 / rows) * float(np.sqrt(rate * (1 - rate) / rows + Z_95**2 / (4 * rows**2)))
        found.append(
            {
                "rows": rows,
                "probability": float(probability[inside].mean()),
                "rate": rate,
                "low": max(0.0, centre - half),
                "high": min(1.0, centre + half),
            }
        )
    return found
