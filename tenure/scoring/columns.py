"""What a model predicts, as columns of a table."""

from __future__ import annotations

import numpy as np

from tenure.bundle import Bundle, Prediction, ValuePrediction
from tenure.contract.settings import Task
from tenure.decision import ValueDecision

LISTS: dict[Task, str] = {"classification": "high-risk.csv", "regression": "highest-value.csv"}
"""File with the customers whose scores are highest."""
SPREADS = 4.0
"""Standard deviations of the label from its mean to the ends of a regression's histogram."""


def prediction_columns(prediction: Prediction | ValuePrediction) -> dict[str, np.ndarray]:
    """The predicted numbers by column name, shape (rows,) each."""
    if isinstance(prediction, ValuePrediction):
        return {"value": prediction.value, "value_low": prediction.low, "value_high": prediction.high}
    return {"probability": prediction.probability}


def score_column(model: Bundle) -> str:
    """The column that customers are ranked by."""
    return "value" if isinstance(model.decision, ValueDecision) else "probability"


def histogram_limits(model: Bundle) -> tuple[float, float]:
    """Ends of the histogram of scores: 0 and 1, or the likely range of the label of a regression."""
    decision = model.decision
    if not isinstance(decision, ValueDecision):
        return 0.0, 1.0
    reach = SPREADS * (decision.label_spread or 1.0)
    low, high = decision.value(np.array([decision.label_mean - reach, decision.label_mean + reach])).tolist()
    return (low, high) if low < high else (low - 1.0, high + 1.0)
