"""How good a regression model is, how sure we are of it, and whether it may go live."""

from tenure.evaluation.regression.curves import curves
from tenure.evaluation.regression.measure import Objective, measure, quality
from tenure.evaluation.regression.paired import ValueComparison, compare
from tenure.evaluation.regression.scored import ScoredValues
from tenure.evaluation.regression.slices import too_small
from tenure.evaluation.regression.verdict import decide
from tenure.evaluation.regression.words import compact, quantity

__all__ = [
    "Objective",
    "ScoredValues",
    "ValueComparison",
    "compact",
    "compare",
    "curves",
    "decide",
    "measure",
    "quality",
    "quantity",
    "too_small",
]
