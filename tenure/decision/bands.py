"""Bands of a score that agree with the decision to contact, and those of a contract that do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenure.contract.settings import DEFAULT_BANDS, Decision
from tenure.decision.profit import Floats

LOW, MEDIUM, HIGH = DEFAULT_BANDS


def probability_bands(settings: Decision, thresholds: Sequence[float], probability: Floats) -> dict[str, float]:
    """Band name to the smallest probability in it, ascending from 0: the contract's, or bands made of the thresholds.

    Without bands in the contract nobody of the lowest band is contacted, and everybody of the highest is. ``medium``
    begins at the smallest threshold; ``high`` at the largest, or where the riskier half of those from there on begins,
    so that with one threshold ``low`` is left alone and the other two are contacted. A band without room is left out.

    Args:
        thresholds: of the decision and its segments; above 1 nobody is contacted.
        probability: calibrated, of the rows that the thresholds were chosen on, shape (rows,).
    """
    if "bands" in settings.model_fields_set:
        return dict(settings.bands)
    first, last = min(thresholds), max(thresholds)
    bands = {LOW: 0.0} if first > 0.0 else {}
    if first <= 1.0:
        bands[MEDIUM] = first
    if last <= 1.0:
        riskiest = probability[probability >= last]
        high = max(last, float(np.median(riskiest))) if riskiest.size else last
        if high <= first:
            del bands[MEDIUM]
        bands[HIGH] = high
    return bands


def value_bands(settings: Decision, threshold: float, value: Floats) -> dict[str, float]:
    """As ``probability_bands``, of predicted values, shape (rows,), of which the lowest band has all below the second.

    ``high`` is contacted, and those left alone are halved into ``low`` and ``medium``. Where everybody is contacted
    there are two halves, ``medium`` and ``high``.
    """
    if settings.bands:
        return dict(settings.bands)
    start = float(value.min())
    left_alone = value[value < threshold]
    if not left_alone.size:
        edges = [(MEDIUM, start), (HIGH, float(np.median(value)))]
    else:
        edges = [(LOW, start), (MEDIUM, float(np.median(left_alone))), (HIGH, threshold)]
    bands: dict[str, float] = {}
    for name, edge in edges:
        if not bands or edge > max(bands.values()):
            bands[name] = edge
    return bands


def divided_bands(band: Sequence[str], contacted: NDArray[np.bool_]) -> list[str]:
    """The bands of which some customers are contacted and others are not, in order of their names.

    Args:
        band: of every customer, (rows,), as ``contacted``.
    """
    names = np.array(band)
    return sorted(set(names[contacted].tolist()) & set(names[~contacted].tolist()))
