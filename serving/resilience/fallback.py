"""What is answered without the model: what the bundle's linear companion says, and where there is none, or it fails
too, what would be said of a customer of whom nothing is known."""

from __future__ import annotations

import sys
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.inference.hooks import BASE_RATE, COMPANION, Predicted
from serving.observation import logs
from serving.v2.errors import RequestError
from serving.v2.query import Query
from tenure.bundle import AnyPrediction, Bundle, Prediction, ValuePrediction
from tenure.decision import Decision, ValueDecision
from tenure.decision.calibration import log_odds
from tenure.errors import InputError

MAX_VALUE = sys.float_info.max


def stand_in(bundle: Bundle, query: Query) -> Predicted:
    """What takes the place of the model's answer, without reasons.

    Raises:
        RequestError: a value is not what the contract says: the companion reads the rows as the model does.
    """
    threshold = query.options.threshold
    try:
        prediction = bundle.predict_by_companion(query.columns, threshold=threshold)
    except InputError as error:
        raise RequestError(str(error)) from error
    except Exception as error:  # what broke the model may have broken what both need
        logs.server.debug("the companion failed; the base rate answers", exc_info=error)
        prediction = None
    if prediction is None or not all_scores(prediction):
        return Predicted(base_rate_prediction(bundle, query.rows, threshold), BASE_RATE)
    return Predicted(prediction, COMPANION)


def base_rate_prediction(bundle: Bundle, rows: int, threshold: float | None) -> AnyPrediction:
    """The training part's share of churners, or mean value, for every row.

    Decided and named by the bundle's own threshold and bands. Segments' thresholds do not count: what the rows hold
    may be what the model failed on.
    """
    decision = bundle.decision
    if isinstance(decision, ValueDecision):
        return _value(bundle.version, decision, rows, threshold)
    return _probability(bundle.version, decision, rows, threshold)


def _probability(version: str, decision: Decision, rows: int, threshold: float | None) -> Prediction:
    probability = np.full(rows, decision.base_rate)
    band = decision.band(probability)
    return Prediction(
        version=version,
        probability=probability,
        decision=probability >= (decision.threshold if threshold is None else threshold),
        band=band,
        recommendation=[decision.recommendations.get(name, "") for name in band],
        margin=log_odds(probability),
        imputed={},
        unknown={},
        out_of_range={},
    )


def _value(version: str, decision: ValueDecision, rows: int, threshold: float | None) -> ValuePrediction:
    value = decision.value(np.full(rows, decision.label_mean))
    # The decision's interval is as narrow as the model is good. Around the mean lie the values as they are spread.
    reach = NormalDist().inv_cdf((1.0 + decision.level) / 2.0) * decision.label_spread
    band = decision.band(value)
    return ValuePrediction(
        version=version,
        value=value,
        low=decision.value(value - reach),
        high=decision.value(value + reach),
        decision=decision.decide(value, threshold),
        band=band,
        recommendation=[decision.recommendations.get(name, "") for name in band],
        margin=value,
        imputed={},
        unknown={},
        out_of_range={},
    )


def all_scores(prediction: AnyPrediction) -> bool:
    """Whether every row's score is one: a probability from 0 to 1, a value that is finite."""
    score, low, high = (
        (prediction.value, -MAX_VALUE, MAX_VALUE)
        if isinstance(prediction, ValuePrediction)
        else (prediction.probability, 0.0, 1.0)
    )
    if len(score) == 1:  # most requests: no numpy
        return low <= score.item() <= high
    # NaN is the smallest and the largest of all, and fails both comparisons.
    return bool(score.min() >= low and score.max() <= high)


def not_a_score(prediction: AnyPrediction) -> NDArray[np.bool_]:
    """Which rows' scores are none, shape (n,): a probability outside of 0 to 1, a value that is not finite, NaN."""
    if isinstance(prediction, ValuePrediction):
        return ~np.isfinite(prediction.value)
    probability = prediction.probability
    # NaN fails both comparisons.
    return np.asarray(~((probability >= 0.0) & (probability <= 1.0)))


def mended(prediction: AnyPrediction, bad: NDArray[np.bool_], stand_in: AnyPrediction) -> AnyPrediction:
    """``prediction`` with the rows of ``stand_in`` where it is ``bad``; those rows have no reasons."""
    numbers = ("value", "low", "high") if isinstance(prediction, ValuePrediction) else ("probability",)
    places = bad.tolist()
    changes: dict[str, Any] = {
        name: np.where(bad, getattr(stand_in, name), getattr(prediction, name))
        for name in (*numbers, "decision", "margin")
    }
    for name in ("band", "recommendation"):
        both = zip(places, getattr(stand_in, name), getattr(prediction, name), strict=True)
        changes[name] = [theirs if hit else ours for hit, theirs, ours in both]
    # Without reasons the list is empty, not one of empty lists.
    changes["reasons"] = [[] if hit else row for hit, row in zip(places, prediction.reasons, strict=False)]
    return replace(prediction, **changes)
