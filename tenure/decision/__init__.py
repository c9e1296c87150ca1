"""What is done about a probability: calibration, threshold by profit, bands; and about a value. Needs numpy only."""

from tenure.decision.calibration import Calibration
from tenure.decision.choose import choose_decision
from tenure.decision.choose_value import choose_value_decision, within_bounds
from tenure.decision.decision import Decision
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
from tenure.decision.value import ValueDecision

__all__ = [
    "NOBODY",
    "Calibration",
    "CalibrationChoice",
    "ContactLimit",
    "Decision",
    "HalfWidth",
    "ProfitCurve",
    "Segment",
    "ValueDecision",
    "adaptive_half_width",
    "best_point",
    "break_even",
    "choose_calibration",
    "choose_decision",
    "choose_value_decision",
    "conformal_half_width",
    "contact_limit",
    "customer_values",
    "profit_curve",
    "within_bounds",
]
