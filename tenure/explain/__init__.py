"""Why a prediction is what it is: exact contributions of the source columns to the margin."""

from tenure.explain.model import LEAF, FlatTrees, LinearTerms, Link, Terms, from_arrays

__all__ = ["LEAF", "FlatTrees", "LinearTerms", "Link", "Terms", "from_arrays"]
