"""Why a prediction is what it is: contributions of the source columns that add up to the margin."""

from tenure.explain.arrays import Link
from tenure.explain.disclosure import customers_held, sampled_walks
from tenure.explain.ensemble import EnsembleTerms, combine, log_odds
from tenure.explain.explainer import Explainer, Reason
from tenure.explain.interactions import InteractionTerms
from tenure.explain.model import LEAF, FlatTrees, LinearTerms, Terms, from_arrays
from tenure.explain.neighbours import NeighbourTerms
from tenure.explain.network import NetworkTerms
from tenure.explain.quadratic import QuadraticTerms
from tenure.explain.sampling import background_of

__all__ = [
    "LEAF",
    "EnsembleTerms",
    "Explainer",
    "FlatTrees",
    "InteractionTerms",
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
