"""What is answered without the model: the share of customers who left when it was trained."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Bundle, Prediction
from tenure.decision.calibration import log_odds

T = TypeVar("T")


def fallback_prediction(bundle: Bundle, rows: int, threshold: float | None) -> Prediction:
    """The bundle's base rate for every row, decided and named by the bundle's own thresholds and bands.

    Segments' thresholds do not count: what the rows hold may be what the model failed on.
    """
    decision = bundle.decision
    probability = np.full(rows, decision.base_rate)
    band = decision.band(probability)
    return Prediction(
        version=bundle.version,
        probability=probability,
        decision=probability >= (decision.threshold if threshold is None else threshold),
        band=band,
        recommendation=[decision.recommendations.get(name, "") for name in band],
        margin=log_odds(probability),
        imputed={},
        unknown={},
        out_of_range={},
        reasons=[],
    )


def no_probability(prediction: Prediction) -> NDArray[np.bool_]:
    """Which rows' probabilities are none, shape (n,): NaN, infinite, below 0 or above 1."""
    probability = prediction.probability
    # NaN fails both comparisons.
    return np.asarray(~((probability >= 0.0) & (probability <= 1.0)))


def mended(prediction: Prediction, bad: NDArray[np.bool_], stand_in: Prediction) -> Prediction:
    """``prediction`` with the rows of ``stand_in`` where it is ``bad``; those rows have no reasons."""
    return replace(
        prediction,
        probability=np.where(bad, stand_in.probability, prediction.probability),
        decision=np.where(bad, stand_in.decision, prediction.decision),
        margin=np.where(bad, stand_in.margin, prediction.margin),
        band=_chosen(bad, stand_in.band, prediction.band),
        recommendation=_chosen(bad, stand_in.recommendation, prediction.recommendation),
        reasons=[[] if hit else row for hit, row in zip(bad.tolist(), prediction.reasons, strict=False)],
    )


def _chosen(bad: NDArray[np.bool_], theirs: list[T], ours: list[T]) -> list[T]:
    return [there if hit else here for hit, there, here in zip(bad.tolist(), theirs, ours, strict=True)]
