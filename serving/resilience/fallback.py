"""Predictions without the model: by the bundle's linear companion, or else by the base rate."""

from __future__ import annotations

from serving.inference.hooks import BASE_RATE, COMPANION, Predicted
from serving.observation import logs
from serving.v2.errors import RequestError
from serving.v2.query import Query
from tenure.bundle import Bundle
from tenure.errors import InputError


def fallback_prediction(bundle: Bundle, query: Query) -> Predicted:
    """The prediction of the companion, or of the base rate if the companion is missing or fails; without reasons.

    Raises:
        RequestError: a value is invalid by the contract.
    """
    threshold = query.options.threshold
    additions = query.options.additions
    try:
        prediction = bundle.predict_by_companion(query.columns, threshold=threshold, additions=additions)
    except InputError as error:
        raise RequestError(str(error)) from error
    except Exception as error:  # the model's failure may have a cause in a part that both use
        logs.server.debug("the companion failed; the base rate answers", exc_info=error)
        prediction = None
    if prediction is None or not prediction.is_valid():
        base_rate = bundle.decision.predict_without_model(bundle.version, query.rows, threshold)
        return Predicted(base_rate, BASE_RATE)
    return Predicted(prediction, COMPANION)
