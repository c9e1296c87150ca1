"""How good a model is, how sure we are of it, and whether it may go live; whatever its task measures."""

from tenure.evaluation.against import Challenge
from tenure.evaluation.importance import Importance, permutation_importance
from tenure.evaluation.reason import Reason
from tenure.evaluation.slices import Slice, cut
from tenure.evaluation.verdict import Verdict, decide
from tenure.stats.bootstrap import Estimate

__all__ = [
    "Challenge",
    "Estimate",
    "Importance",
    "Reason",
    "Slice",
    "Verdict",
    "cut",
    "decide",
    "permutation_importance",
]
