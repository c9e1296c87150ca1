"""Segments by the values of a column: which get a calibration and a threshold of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.values import Value
from tenure.decision.by_column import MIN_CUSTOMERS, MIN_OF_EACH_CLASS, Gain, ValueSegment, value_segments
from tenure.decision.calibration import Calibration, Floats
from tenure.decision.plan import Plan, make_plan
from tenure.decision.segment_shifts import Shift, choose_shifts
from tenure.decision.segment_thresholds import is_clear, plan_together, threshold_gains
from tenure.decision.segments import Segment, shifted


@dataclass(frozen=True, eq=False)
class SegmentsBy:
    """Segments by a column, with what was chosen for them."""

    probability: Floats
    """Of the rows, with the calibration of their segment, shape (n,)."""
    plan: Plan
    """Its segments are those with a threshold of their own."""
    free: Plan
    """Without a limit of contacts."""
    own: tuple[Segment, ...]
    """Those with a threshold of their own, in the order of the plans."""
    segments: tuple[Segment, ...]
    """Those with a threshold or a calibration of their own."""
    record: dict[str, Any]
    """For ``expected``: every segment with what its own threshold and calibration gain on rows held out."""


def choose_by_column(
    contract: Contract,
    column: str,
    margin: Floats,
    probability: Floats,
    label: NDArray,
    *,
    calibration: Calibration,
    share: float,
    columns: Mapping[str, Value],
    customer: NDArray[np.int64] | None = None,
) -> SegmentsBy:
    """Find the segments, and give each the calibration and the threshold that are clearly better than the common ones.

    Under the policies ``precision`` and ``recall`` all customers have the common threshold: their targets are those of
    all customers together.

    Args:
        column: ``decision.by``.
        margin, probability, label, columns, customer: as for ``choose_decision``.
        calibration: of all rows.
        share: of the customers that may be contacted.

    Raises:
        DataError: a class has rows of fewer than two customers.
    """
    seed, business = contract.training.seed, contract.business
    found = value_segments(contract, column, columns, label, customer)
    inside = [each.rows for each in found]
    shifts = choose_shifts(
        margin,
        probability,
        label,
        inside,
        method=calibration.method,
        scale=calibration.scale,
        seed=seed,
        customer=customer,
    )
    segments = [replace(each.segment, shift=shift.used) for each, shift in zip(found, shifts, strict=True)]
    calibrated = shifted(calibration.apply(margin, probability), segments, inside)
    gains: list[Gain | None] = [None] * len(found)
    if contract.decision.policy == "profit":
        gains = [*threshold_gains(business, calibrated, label, inside, share, seed=seed, customer=customer)]
    own = [place for place, gain in enumerate(gains) if gain is not None and is_clear(gain, len(found))]
    if own:
        rows = [inside[place] for place in own]
        plan, free = (
            plan_together(contract.decision, business, rows, probability=calibrated, label=label, share=limit)
            for limit in (share, 1.0)
        )
    else:
        plan, free = (make_plan(contract, calibrated, label, [], limit) for limit in (share, 1.0))
    for place, segment in enumerate(segments):
        threshold = plan.segments[own.index(place)].threshold if place in own else plan.rest.threshold
        segments[place] = replace(segment, threshold=threshold)
    return SegmentsBy(
        probability=calibrated,
        plan=plan,
        free=free,
        own=tuple(segments[place] for place in own),
        segments=tuple(each for place, each in enumerate(segments) if place in own or each.shift != 0.0),
        record={
            "column": column,
            "min_customers": MIN_CUSTOMERS,
            "min_of_each_class": MIN_OF_EACH_CLASS,
            "segments": [
                _record(each, segment, shift, gain, own=place in own)
                for place, (each, segment, shift, gain) in enumerate(zip(found, segments, shifts, gains, strict=True))
            ],
        },
    )


def _record(found: ValueSegment, segment: Segment, shift: Shift, gain: Gain | None, *, own: bool) -> dict[str, Any]:
    return {
        "name": segment.name,
        "values": list(segment.values or ()),
        "customers": found.customers,
        "churners": found.churners,
        "threshold": segment.threshold,
        "own_threshold": own,
        "threshold_gain": None if gain is None else gain.to_dict(),
        "shift": segment.shift,
        "own_calibration": segment.shift != 0.0,
        "log_loss_gain": shift.gain.to_dict(),
    }
