"""The curves of a classification, with as many points as a chart shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.decision.profit import break_even
from tenure.stats.clusters import customers_within, effective_rows
from tenure.stats.wilson import wilson
from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.sample import CALIBRATION_BINS, Floats, Ints, Scored, calibration_bin

POINTS = 160
"""Points kept of a curve."""


def curves(
    label: NDArray[np.integer],
    scored: Scored,
    campaign: Campaign,
    value: Floats | None = None,
    customer: Ints | None = None,
) -> dict[str, Any]:
    """ROC, precision-recall, gain, profit and calibration curves as lists of numbers, and the chosen points.

    ``gain`` and ``profit`` run over the share of customers contacted, riskiest first; ``chosen`` holds
    where the model's own decisions stand on each curve.

    Args:
        value: (rows,) customer values, where they are not the campaign's; the profit curve then contacts first whom
            it is worth most to contact, by probability times value.
        customer: (rows,) of ``tenure.stats.clusters.customers_of``.
    """
    true, reached, probability = _steps(scored.probability, label == 1)
    false = reached - true
    rows, positives, negatives = reached[-1], true[-1], false[-1]
    hit, contacted = float(np.sum(scored.contacted & (label == 1))), float(np.sum(scored.contacted))
    share = reached / rows
    kept = _thin(share)
    profit, limit, chosen = _profit(label, scored, campaign, value)
    found: dict[str, Any] = {
        "gain": _points(share[kept], true[kept] / positives) if positives else None,
        "profit": profit,
        "calibration": calibration(label, scored.probability, customer),
        "histogram": np.histogram(scored.probability, bins=20, range=(0.0, 1.0))[0].tolist(),
        "limit": limit,
        "chosen": chosen,
    }
    if positives > 0 and negatives > 0:
        threshold = np.concatenate(([1.0], probability))
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


def _steps(score: Floats, weight: NDArray) -> tuple[Floats, Floats, Floats]:
    """What contacting customers by falling ``score`` (rows,) reaches, customers with one score together.

    Returns:
        ``weight`` (rows,) reached and rows reached, (scores + 1,) from 0 on, and the distinct scores, (scores,).
    """
    order = np.argsort(-score, kind="stable")
    falling = score[order]
    last_of_tie = np.flatnonzero(np.concatenate((falling[1:] != falling[:-1], [True])))
    weighed = np.concatenate(([0.0], np.cumsum(weight[order].astype(np.float64))[last_of_tie]))
    return weighed, np.concatenate(([0.0], last_of_tie + 1.0)), falling[last_of_tie]


def _profit(
    label: NDArray[np.integer], scored: Scored, campaign: Campaign, value: Floats | None
) -> tuple[dict[str, list[float]], dict[str, float], dict[str, float]]:
    """The profit curve; what the limit costs; where the decisions stand, and what they earn less than they could.

    The limit's cost and the policy's are separate: the limit costs what lies between the curve's best point and its
    best within the limit; what lies between that one and the decisions is the policy's (a precision or a recall may
    be wanted for other reasons than profit), and that of a threshold chosen on other rows.
    """
    worth = np.full(label.size, campaign.customer_value) if value is None else value
    churner_worth = worth * (label == 1)
    hit_value, reached, _ = _steps(scored.probability * worth, churner_worth)
    rows = reached[-1]
    profit = campaign.profit(hit_value, reached) / rows * campaign.population
    limit_share = min(1.0, campaign.contacts / campaign.population)
    best = int(np.argmax(profit))
    # Past the limit the curve goes on; a campaign cannot. Part of a tied group may be contacted.
    allowed = int(np.searchsorted(reached, limit_share * rows + 1e-9, side="right"))
    within = max(float(profit[:allowed].max()), float(np.interp(limit_share * rows, reached, profit)))

    pays = campaign.profit(scored.probability * worth, np.ones(label.size)) >= 0.0

    contacted = float(np.sum(scored.contacted))
    scale = campaign.period_scale(np.array([contacted / rows]))[0]
    earned = float(campaign.profit(float(churner_worth[scored.contacted].sum()), contacted) / rows * scale)
    kept = _thin(reached / rows)
    return (
        _points(reached[kept] / rows, profit[kept]),
        {
            "contacts": campaign.contacts,
            "share": limit_share,
            "break_even": break_even(campaign),
            "break_even_share": float(np.mean(pays)),
            "best_share": float(reached[best] / rows),
            "best_profit_per_period": float(profit[best]),
            "best_within_limit_per_period": within,
            "cost_per_period": float(profit[best]) - within,
        },
        {
            "share": min(contacted / rows, limit_share),
            "profit_per_period": earned,
            "less_than_best_per_period": within - earned,
        },
    )


def _thin(*axes: Floats) -> Ints:
    """Indices of about ``POINTS`` points, evenly along the curve, ends always kept."""
    length = np.zeros(axes[0].size)
    for axis in axes:
        length += np.concatenate(([0.0], np.cumsum(np.abs(np.diff(axis)))))
    wanted = np.linspace(length[0], length[-1], POINTS)
    return np.unique(np.concatenate(([0], np.searchsorted(length, wanted), [length.size - 1])).clip(0, length.size - 1))


def _points(x: Floats, y: Floats) -> dict[str, list[float]]:
    return {"x": [round(float(value), 6) for value in x], "y": [round(float(value), 6) for value in y]}


def calibration(label: NDArray[np.integer], probability: Floats, customer: Ints | None) -> list[dict[str, float]]:
    """Each bin that has rows: its mean probability, and its churn rate with a Wilson interval (Wilson 1927).

    Where customers have several rows, the interval is that of the effective number of rows (Korn and Graubard 1998,
    "Confidence intervals for proportions with small expected number of positive counts estimated from survey data").
    """
    in_bin = calibration_bin(probability)
    found = []
    for index in range(CALIBRATION_BINS):
        inside = in_bin == index
        rows = int(inside.sum())
        if rows == 0:
            continue
        rate = float(label[inside].mean())
        low, high = wilson(rate, effective_rows(label[inside] == 1, customers_within(customer, inside)))
        found.append(
            {
                "rows": rows,
                "probability": float(probability[inside].mean()),
                "rate": rate,
                "low": low,
                "high": high,
            }
        )
    return found
