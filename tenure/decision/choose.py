"""Choosing calibration and threshold on the validation part."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.decision.calibration import Floats
from tenure.decision.decision import Decision
from tenure.decision.fit_calibration import choose_calibration
from tenure.decision.profit import ContactLimit, ProfitCurve, best_point, break_even, contact_limit, profit_curve

CURVE_POINTS = 101
"""Points of the profit curve that are kept: one a percent of customers contacted."""


def choose_decision(
    contract: Contract,
    margin: Floats,
    probability: Floats,
    label: NDArray,
    *,
    link: Literal["logit", "identity"],
    base_rate: float,
    table_rows: int,
) -> Decision:
    """Calibrate, then take the threshold with the largest profit under the contact limit.

    Args:
        margin, probability: the exported model's raw outputs on the validation part, shape (n,).
        label: 0 or 1, shape (n,).
        link: of the margin, see ``tenure.decision.choose_calibration``.
        base_rate: share of churners in the training part.
        table_rows: rows accepted for training, validation and test together: the customers scored a day where the
            contract does not say how many they are.

    Raises:
        DataError: if the validation part has fewer than two rows of a class.
    """
    chosen = choose_calibration(margin, probability, label, link=link, seed=contract.training.seed)
    calibrated = chosen.calibration.apply(margin, probability)
    curve = profit_curve(calibrated, label, contract.business)
    limit = contact_limit(contract.business, table_rows)
    point = best_point(curve, limit.share)
    return Decision(
        calibration=chosen.calibration,
        threshold=float(curve.threshold[point]),
        bands=dict(contract.decision.bands),
        recommendations=dict(contract.decision.recommendations),
        base_rate=base_rate,
        limit=limit,
        expected=_expected(curve, point, limit) | {"break_even_probability": break_even(contract.business)},
        profit_curve=_picture(curve, limit),
        calibration_log_loss=chosen.log_loss,
    )


def _expected(curve: ProfitCurve, point: int, limit: ContactLimit) -> dict[str, Any]:
    """What the chosen point, and the best one without a limit, would bring a day."""
    a_day = limit.population / curve.rows
    free = best_point(curve, 1.0)
    contacted, churners = int(curve.contacted[point]), int(curve.churners[point])
    return {
        "rows": curve.rows,
        "contacted_share": contacted / curve.rows,
        "contacts_per_day": contacted * a_day,
        "profit_per_day": float(curve.profit[point]) * a_day,
        "unlimited_contacts_per_day": int(curve.contacted[free]) * a_day,
        "unlimited_profit_per_day": float(curve.profit[free]) * a_day,
        "limit_cost_per_day": float(curve.profit[free] - curve.profit[point]) * a_day,
        "precision": churners / contacted if contacted else None,
        "recall": churners / int(curve.churners[-1]) if curve.churners[-1] else None,
    }


def _picture(curve: ProfitCurve, limit: ContactLimit) -> tuple[dict[str, float], ...]:
    steps = np.linspace(0, curve.rows, CURVE_POINTS)
    points = np.unique(np.searchsorted(curve.contacted, steps, side="right") - 1)
    return tuple(
        {
            "contacted_share": float(curve.contacted[point] / curve.rows),
            "threshold": float(curve.threshold[point]),
            "profit_per_day": float(curve.profit[point] * limit.population / curve.rows),
        }
        for point in points.tolist()
    )
