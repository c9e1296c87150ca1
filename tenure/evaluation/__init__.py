"""How good a model is, how sure we are of it, what it is worth, and whether it may go live."""

from tenure.evaluation.campaign import Campaign
from tenure.evaluation.curves import curves
from tenure.evaluation.importance import Importance, permutation_importance
from tenure.evaluation.measure import measure
from tenure.evaluation.paired import Comparison, compare
from tenure.evaluation.reason import Reason
from tenure.evaluation.sample import Scored
from tenure.evaluation.slices import Slice, cut, too_small
from tenure.evaluation.verdict import Challenge, Verdict, decide
from tenure.stats.bootstrap import Estimate

__all__ = [
    "Campaign",
    "Challenge",
    "Comparison",
    "Estimate",
    "Importance",
    "Reason",
    "Scored",
    "Slice",
    "Verdict",
    "compare",
    "curves",
    "cut",
    "decide",
    "measure",
    "permutation_importance",
    "too_small",
]
