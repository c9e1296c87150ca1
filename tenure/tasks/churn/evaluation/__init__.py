"""How good a classification model is, how sure we are of it, what it is worth, and whether it may go live."""

from tenure.tasks.churn.evaluation.campaign import Campaign
from tenure.tasks.churn.evaluation.comparison import ChurnComparison, compare
from tenure.tasks.churn.evaluation.curves import curves
from tenure.tasks.churn.evaluation.measure import measure
from tenure.tasks.churn.evaluation.sample import Scored
from tenure.tasks.churn.evaluation.sample_size import too_small
from tenure.tasks.churn.evaluation.verdict import decide

__all__ = ["Campaign", "ChurnComparison", "Scored", "compare", "curves", "decide", "measure", "too_small"]
