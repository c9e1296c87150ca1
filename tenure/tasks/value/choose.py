"""Choosing interval, bands and threshold of a regression on the rows held out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.decision.bands import value_bands
from tenure.decision.calibration import Floats
from tenure.decision.half_width import adaptive_half_width
from tenure.decision.profit import ContactLimit, contact_limit
from tenure.tasks.value.decision import ValueDecision


def choose_decision(
    contract: Contract, margin: Floats, label: NDArray, *, training_label: NDArray, customers: int
) -> ValueDecision:
    """Measure the interval, then set the bands, and the threshold under the contact limit.

    Args:
        margin: the models' outputs on the rows held out, shape (n,).
        label: true values, shape (n,).
        training_label: of the training part.
        customers: in the training, validation and test part together: scored where the contract does not say how
            many are.

    Raises:
        DataError: if they have too few rows for the interval.
    """
    settings = contract.decision
    value = within_bounds(contract, margin)
    limit = contact_limit(contract.business, customers)
    threshold = top_threshold(value, limit.share) if settings.at_least is None else settings.at_least
    bands = value_bands(settings, threshold, value)
    return ValueDecision(
        level=settings.interval,
        half_width=adaptive_half_width(value, np.abs(value - label), settings.interval),
        bounds=label_bounds(contract),
        threshold=threshold,
        bands=bands,
        recommendations={name: words for name, words in settings.recommendations.items() if name in bands},
        label_mean=float(np.mean(training_label)),
        label_spread=float(np.std(training_label)),
        limit=limit,
        expected=_expected(value >= threshold, label, limit),
    )


def within_bounds(contract: Contract, margin: Floats) -> Floats:
    """A model's outputs held to the values that the label can have, any shape."""
    bounds = label_bounds(contract)
    return margin if bounds == (None, None) else np.clip(margin, *bounds)


def label_bounds(contract: Contract) -> tuple[float | None, float | None]:
    """The values that the contract lets the label have: its column's range; a count, or a sum of what is never
    negative, is at least 0."""
    if contract.label_column is not None:
        return contract.columns[contract.label_column].range or (None, None)
    if contract.predicted_column is not None:
        low, _ = contract.predicted_column.range or (None, None)
        return (0.0 if low is not None and low >= 0.0 else None), None
    return 0.0, None


def top_threshold(value: Floats, share: float) -> float:
    """The smallest value from which on at most ``share`` of the rows are; equal values are in together or not at all.

    Where there is room for all rows it is the smallest value; where there is room for none, just above the largest.
    """
    room = math.floor(share * len(value) + 1e-9)
    ordered = np.sort(value)[::-1]
    if room >= len(value):
        return float(ordered[-1])
    first_out = ordered[room]
    inside = ordered[ordered > first_out]
    return float(inside[-1]) if len(inside) else float(np.nextafter(ordered[0], np.inf))


def _expected(contacted: NDArray[np.bool_], label: NDArray, limit: ContactLimit) -> dict[str, Any]:
    """What the threshold does to the rows held out, and in a period."""
    total = float(np.sum(label))
    inside = float(np.sum(label[contacted]))
    return {
        "rows": len(label),
        "contacted_share": float(contacted.mean()),
        "contacts_per_period": float(contacted.mean()) * limit.population,
        "mean_value": float(np.mean(label)),
        "mean_value_contacted": inside / int(contacted.sum()) if contacted.any() else None,
        "value_share_contacted": inside / total if total > 0.0 and (label >= 0).all() else None,
    }
