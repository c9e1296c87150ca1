"""Why a prediction is what it is: exact contributions of the source columns to the margin."""

from tenure.explain.explainer import Explainer, Reason
from tenure.explain.model import LEAF, FlatTrees, LinearTerms, Link, Terms, from_arrays

__all__ = ["LEAF", "Explainer", "FlatTrees", "LinearTerms", "Link", "Reason", "Terms", "from_arrays"]
