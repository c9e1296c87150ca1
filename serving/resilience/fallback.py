"""Predictions without the model: by the bundle's linear companion, or else by the base rate."""

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


def fallback_prediction(bundle: Bundle, query: Query) -> Predicted:
    """The prediction of the companion, or of the base rate if the companion is missing or fails; without reasons.

    Raises:
        RequestError: a value is invalid by the contract.
    """
    threshold = query.options.threshold
    try:
        prediction = bundle.predict_by_companion(query.columns, threshold=threshold)
    except InputError as error:
        raise RequestError(str(error)) from error
    except Exception as error:  # the model's failure may have a cause in a part that both use
        logs.server.debug("the companion failed; the base rate answers", exc_info=error)
        prediction = None
    if prediction is None or not scores_valid(prediction):
        return Predicted(base_rate_prediction(bundle, query.rows, threshold), BASE_RATE)
    return Predicted(prediction, COMPANION)


def base_rate_prediction(bundle: Bundle, rows: int, threshold: float | None) -> AnyPrediction:
    """The training part's share of churners, or mean value, for every row.

    Decision and band follow the bundle's threshold and bands. Thresholds of segments are not used: the rows' values may
    be the cause of the failure.
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
    # The decision's interval has the model's error; around the mean the values have the label's spread.
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


def scores_valid(prediction: AnyPrediction) -> bool:
    """Whether every row's score is valid: a probability from 0 to 1, or a finite value."""
    score, low, high = (
        (prediction.value, -MAX_VALUE, MAX_VALUE)
        if isinstance(prediction, ValuePrediction)
        else (prediction.probability, 0.0, 1.0)
    )
    if len(score) == 1:  # most requests: no numpy
        return low <= score.item() <= high
    # With a NaN both min and max are NaN, and both comparisons fail.
    return bool(score.min() >= low and score.max() <= high)


def invalid_scores(prediction: AnyPrediction) -> NDArray[np.bool_]:
    """The rows with an invalid score, shape (n,): NaN, a probability outside 0 to 1, or a value not finite."""
    if isinstance(prediction, ValuePrediction):
        return ~np.isfinite(prediction.value)
    probability = prediction.probability
    # NaN fails both comparisons.
    return np.asarray(~((probability >= 0.0) & (probability <= 1.0)))


def replace_rows(prediction: AnyPrediction, invalid: NDArray[np.bool_], fallback: AnyPrediction) -> AnyPrediction:
    """``prediction`` with the rows of ``fallback`` where it is ``invalid``; those rows have no reasons."""
    numbers = ("value", "low", "high") if isinstance(prediction, ValuePrediction) else ("probability",)
    replaced = invalid.tolist()
    changes: dict[str, Any] = {
        name: np.where(invalid, getattr(fallback, name), getattr(prediction, name))
        for name in (*numbers, "decision", "margin")
    }
    for name in ("band", "recommendation"):
        both = zip(replaced, getattr(fallback, name), getattr(prediction, name), strict=True)
        changes[name] = [theirs if hit else ours for hit, theirs, ours in both]
    # Where no reasons were asked for the list is empty.
    changes["reasons"] = [[] if hit else row for hit, row in zip(replaced, prediction.reasons, strict=False)]
    return replace(prediction, **changes)
