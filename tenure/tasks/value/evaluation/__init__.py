"""How good a regression model is, how sure we are of it, and whether it may go live."""

from tenure.tasks.value.evaluation.comparison import ValueComparison, compare
from tenure.tasks.value.evaluation.curves import curves
from tenure.tasks.value.evaluation.measure import Objective, measure, quality
from tenure.tasks.value.evaluation.sample import ScoredValues
from tenure.tasks.value.evaluation.sample_size import too_small
from tenure.tasks.value.evaluation.verdict import decide

__all__ = [
    "Objective",
    "ScoredValues",
    "ValueComparison",
    "compare",
    "curves",
    "decide",
    "measure",
    "quality",
    "too_small",
]
