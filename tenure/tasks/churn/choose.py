"""Choosing the calibration and the threshold of a classification on the rows held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.values import Value
from tenure.decision.bands import probability_bands
from tenure.decision.calibration import Floats
from tenure.decision.fit_calibration import choose_calibration
from tenure.decision.plan import Plan, by_worth, make_plan
from tenure.decision.profit import NOBODY, ContactLimit, ProfitCurve, break_even, contact_limit, profit_curve
from tenure.decision.segments import Segment, customer_values, described, members
from tenure.tasks.churn.choose_by_column import choose_by_column
from tenure.tasks.churn.decision import ChurnDecision

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
    customers: int,
    columns: Mapping[str, Value] | None = None,
    customer: NDArray[np.int64] | None = None,
) -> ChurnDecision:
    """Calibrate, then choose the threshold, and those of segments, by the contract's policies under the contact limit.

    With ``decision.by`` calibration, too, is by segment where that is clearly better; see ``choose_by_column``.

    Args:
        margin, probability: the models' raw outputs on the rows held out, shape (n,).
        label: 0 or 1, shape (n,).
        link: of the margin, see ``tenure.decision.choose_calibration``.
        base_rate: share of churners in the training part.
        customers: in the training, validation and test part together: scored where the contract does not say how
            many are.
        columns: inputs and derived features of the rows, by name; needed where the contract has segments.
        customer: of ``tenure.stats.clusters.customers_of``, shape (n,).

    Raises:
        DataError: if they have fewer than two rows of a class, or no customer of a segment.
    """
    seed = contract.training.seed
    chosen = choose_calibration(margin, probability, label, link=link, seed=seed, customer=customer)
    calibrated = chosen.calibration.apply(margin, probability)
    limit = contact_limit(contract.business, customers)
    by = None
    if contract.decision.by is None:
        planned = [described(contract, name, segment, NOBODY) for name, segment in contract.decision.segments.items()]
        inside = members(planned, columns or {})
        plan, free = (make_plan(contract, calibrated, label, inside, share) for share in (limit.share, 1.0))
        segments = tuple(
            replace(segment, threshold=cut.threshold) for segment, cut in zip(planned, plan.segments, strict=True)
        )
    else:
        by = choose_by_column(
            contract,
            contract.decision.by,
            margin,
            probability,
            label,
            calibration=chosen.calibration,
            share=limit.share,
            columns=columns or {},
            customer=customer,
        )
        calibrated, plan, free, segments = by.probability, by.plan, by.free, by.segments
    value = customer_values(segments, columns or {}, contract.business.customer_value)
    curve = profit_curve(by_worth(calibrated, value, contract.business), label, contract.business, value)
    bands = probability_bands(contract.decision, [cut.threshold for cut in plan.cuts], calibrated)
    return ChurnDecision(
        calibration=chosen.calibration,
        threshold=plan.rest.threshold,
        segments=segments,
        bands=bands,
        recommendations={name: words for name, words in contract.decision.recommendations.items() if name in bands},
        base_rate=base_rate,
        limit=limit,
        expected=_expected(contract, plan, free, limit, segments if by is None else by.own)
        | ({} if by is None else {"by": by.record}),
        profit_curve=_picture(curve, limit),
        calibration_log_loss=chosen.log_loss,
    )


def _expected(
    contract: Contract, plan: Plan, free: Plan, limit: ContactLimit, segments: Sequence[Segment]
) -> dict[str, Any]:
    """What the chosen cuts, and those without a limit, would bring in a period."""
    rows = sum(cut.rows for cut in plan.cuts)
    scale = limit.population / rows
    contacted, hit, profit = (sum(getattr(cut, name) for cut in plan.cuts) for name in ("contacted", "hit", "profit"))
    free_contacted, free_profit = (sum(getattr(cut, name) for cut in free.cuts) for name in ("contacted", "profit"))
    churners = sum(cut.churners for cut in plan.cuts)
    return {
        "policy": contract.decision.policy,
        "target": contract.decision.target,
        "target_met": plan.rest.met,
        "rows": rows,
        "contacted_share": contacted / rows,
        "contacts_per_period": contacted * scale,
        "profit_per_period": profit * scale,
        "unlimited_contacts_per_period": free_contacted * scale,
        "unlimited_profit_per_period": free_profit * scale,
        "limit_cost_per_period": (free_profit - profit) * scale,
        "precision": hit / contacted if contacted else None,
        "recall": hit / churners if churners else None,
        "break_even_probability": break_even(contract.business),
        "segments": {segment.name: cut.to_dict() for segment, cut in zip(segments, plan.segments, strict=True)},
    }


def _picture(curve: ProfitCurve, limit: ContactLimit) -> tuple[dict[str, float], ...]:
    steps = np.linspace(0, curve.rows, CURVE_POINTS)
    points = np.unique(np.searchsorted(curve.contacted, steps, side="right") - 1)
    return tuple(
        {
            "contacted_share": float(curve.contacted[point] / curve.rows),
            "threshold": float(curve.threshold[point]),
            "profit_per_period": float(curve.profit[point] * limit.population / curve.rows),
        }
        for point in points.tolist()
    )
