"""Explanations of predictions: contributions of the source columns, which add up to the margin."""

from tenure.explanation.arrays import Link
from tenure.explanation.disclosure import customers_held, sampled_walks
from tenure.explanation.ensemble import EnsembleTerms, combine, log_odds
from tenure.explanation.explainer import Explainer, Reason
from tenure.explanation.interactions import InteractionTerms
from tenure.explanation.kernel import KernelTerms
from tenure.explanation.model import LEAF, FlatTrees, LinearTerms, Terms, from_arrays
from tenure.explanation.neighbours import NeighbourTerms
from tenure.explanation.network import NetworkTerms
from tenure.explanation.quadratic import QuadraticTerms
from tenure.explanation.sampling import background_of

__all__ = [
    "LEAF",
    "EnsembleTerms",
    "Explainer",
    "FlatTrees",
    "InteractionTerms",
    "KernelTerms",
    "LinearTerms",
    "Link",
    "NeighbourTerms",
    "NetworkTerms",
    "QuadraticTerms",
    "Reason",
    "Terms",
    "background_of",
    "combine",
    "customers_held",
    "from_arrays",
    "log_odds",
    "sampled_walks",
]
