"""From a model's output to a decision: calibration, intervals, profit, thresholds and segments. Needs numpy only."""

from tenure.decision.calibration import Calibration
from tenure.decision.fit_calibration import CalibrationChoice, choose_calibration
from tenure.decision.half_width import HalfWidth, adaptive_half_width, conformal_half_width
from tenure.decision.profit import (
    NOBODY,
    ContactLimit,
    ProfitCurve,
    best_point,
    break_even,
    contact_limit,
    profit_curve,
)
from tenure.decision.segments import Segment, customer_values

__all__ = [
    "NOBODY",
    "Calibration",
    "CalibrationChoice",
    "ContactLimit",
    "HalfWidth",
    "ProfitCurve",
    "Segment",
    "adaptive_half_width",
    "best_point",
    "break_even",
    "choose_calibration",
    "conformal_half_width",
    "contact_limit",
    "customer_values",
    "profit_curve",
]
